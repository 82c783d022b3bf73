// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
internal import COpenSSL
public import ResourceTypes
internal import WireFormats

/// Whose a presented token is: verified once, then known by the digest of the whole token for a while.
/// - Cost: a known one, SHA-256 over its bytes and a look-up, about 1 µs; a new one, its parsing and a signature.
/// - Threading: confined to its loop.
public final class TokenTable {
    private struct Known {
        var match: KeyMatch
        /// The match may end later, but not without another look at it.
        var until: Int64
    }

    private typealias Name = SIMD4<UInt64>

    private let rules: [TokenRules]
    private let keys: IssuerKeys
    private var known: [Name: Known] = [:]
    private var version = -1

    /// Tokens known at one time; at more all are forgotten.
    static let knownMax = 4_096
    /// How long one is known at most.
    static let knownSeconds: Int64 = 300

    /// - Parameters:
    ///   - bearers: a match's key is a position in them.
    ///   - keys: of the issuers.
    public init(_ issuers: [TokenIssuer], bearers: [TokenBearer], keys: IssuerKeys) {
        rules = TokenRules.of(issuers, bearers: bearers)
        self.keys = keys
    }

    /// - Returns: `nil` for what is no token, or where no issuer is declared.
    public func find(
        _ presented: UnsafeRawBufferPointer, at unixSeconds: Int64
    ) throws(TokenFault) -> KeyMatch? {
        guard !rules.isEmpty, SignedToken.isOutlined(presented) else { return nil }
        guard presented.count <= SignedToken.bytesMax else {
            throw .malformed("it is longer than \(SignedToken.bytesMax) bytes")
        }
        forgetAfterChange()
        let name = Self.name(of: presented)
        if let entry = known[name], entry.until > unixSeconds { return entry.match }
        let entry = try verified(presented, at: unixSeconds)
        if known.count >= Self.knownMax { known.removeAll(keepingCapacity: true) }
        known[name] = entry
        return entry.match
    }

    /// A key that is gone must not admit anybody any more.
    private func forgetAfterChange() {
        let current = keys.version
        guard current != version else { return }
        known.removeAll(keepingCapacity: true)
        version = current
    }

    private func verified(_ bytes: UnsafeRawBufferPointer, at unixSeconds: Int64) throws(TokenFault) -> Known {
        let token = try SignedToken(parsing: bytes)
        let claims = try token.claims()
        guard let issuer = claims["iss"]?.stringValue, let rules = rules.first(where: { $0.issuer == issuer })
        else { throw .unknownIssuer }
        guard rules.algorithms.contains(token.algorithm) else { throw .algorithm }
        let (key, reliedOnUntil) = try keys.find(token, of: issuer, at: unixSeconds)
        let signed = UnsafeRawBufferPointer(rebasing: bytes[..<token.signedCount])
        guard key.verifies(signed, token.signature, with: token.algorithm) else { throw .signature }
        let (index, expires) = try rules.verdict(on: claims, at: unixSeconds)
        let match = KeyMatch(key: KeyID(index), expiresAtUnixSeconds: expires)
        return Known(match: match, until: min(expires, reliedOnUntil, unixSeconds + Self.knownSeconds))
    }

    private static func name(of bytes: UnsafeRawBufferPointer) -> Name {
        var digest = Name()
        withUnsafeMutableBytes(of: &digest) {
            isobar_sha256(bytes.baseAddress, bytes.count, $0.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return digest
    }
}
