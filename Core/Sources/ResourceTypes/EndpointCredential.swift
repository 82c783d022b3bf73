// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What identifies us at an endpoint.
public enum EndpointCredential: Hashable, Sendable {
    /// The same key in every request.
    case key(KeyHeader, SecretReference)
    /// A signature of every request (AWS Signature Version 4), e.g. for `service` `bedrock`.
    case awsSignature(AWSIdentity, service: String)
    /// `Authorization: Bearer` with a token of Microsoft Entra.
    case entraToken(EntraIdentity)
    /// `Authorization: Bearer` with an access token of Google.
    case googleToken(GoogleIdentity)

    /// Credentials an endpoint may have: when one is refused the next one is used.
    public static let perEndpointMax = 8
    public static let awsServiceDefault = "bedrock"

    /// Who has to be asked for a key or token; `nil`: nobody.
    public var identity: CloudIdentity? {
        switch self {
        case .key: nil
        case .awsSignature(let identity, _): .aws(identity)
        case .entraToken(let identity): .entra(identity)
        case .googleToken(let identity): .google(identity)
        }
    }

    /// Secrets that the configuration points at, with the name of the field.
    public var secretReferences: [(field: String, reference: SecretReference)] {
        if case .key(_, let secret) = self { return [("secret", secret)] }
        return identity?.secretReferences ?? []
    }
}

/// The header an endpoint wants its key in.
public enum KeyHeader: String, CaseIterable, Hashable, Sendable {
    /// `Authorization: Bearer KEY`
    case bearer
    /// `api-key: KEY` (Azure OpenAI)
    case apiKey = "api-key"
    /// `x-api-key: KEY` (Anthropic)
    case xAPIKey = "x-api-key"
    /// `x-goog-api-key: KEY` (Gemini)
    case xGoogAPIKey = "x-goog-api-key"
}
