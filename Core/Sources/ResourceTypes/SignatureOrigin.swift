// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Whose a signature or sealed thinking is: who alone can check it or open it.
///
/// Platforms that take one another's are one origin. Sources, read 2026-11:
/// - Anthropic: "signature values are compatible across platforms" (Claude API, Bedrock, Google Cloud; "Extended
///   thinking"). What another account or model cannot read is left out by the API itself ("Preserved thinking").
/// - OpenAI: `encrypted_content` is bound to the organisation, on Azure to the resource that made it; so each endpoint
///   is an origin of its own.
/// - Google: nothing promises that AI Studio and Vertex AI take one another's, so they are two.
/// - Bedrock's other models and compatible servers: nothing is promised at all; each model of an endpoint for itself.
public struct SignatureOrigin: Hashable, BitwiseCopyable, Sendable {
    public enum Family: UInt8, CaseIterable, BitwiseCopyable, Sendable {
        case anthropic, google, vertex, openAI, bedrock, other
    }

    public var family: Family
    /// Hash of the endpoint that alone takes it; 0: the whole family does, or nobody knows which endpoint.
    public var scope: UInt32

    public init(_ family: Family, scope: UInt32 = 0) {
        self.family = family
        self.scope = scope
    }

    /// - Parameter endpoint: a name of its own; the same in every process that has the same configuration.
    public init(_ family: Family, endpoint: String) {
        // FNV-1a of 32 bits (Fowler, Noll, Vo).
        var hash: UInt32 = 0x811C_9DC5
        for byte in endpoint.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        self.init(family, scope: max(hash, 1))
    }

    public static var anthropic: SignatureOrigin { SignatureOrigin(.anthropic) }
    public static var google: SignatureOrigin { SignatureOrigin(.google) }
    public static var vertex: SignatureOrigin { SignatureOrigin(.vertex) }
}
