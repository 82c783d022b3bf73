// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Why a JSON Web Token does not admit its bearer. The words go to whoever presented it, so they say nothing about other
/// tokens or keys.
public enum TokenFault: Error, Equatable, Sendable, CustomStringConvertible {
    case malformed(String)
    /// `alg` is none of the issuer's, or does not fit the key.
    case algorithm
    case unknownIssuer
    /// The issuer has no such key, or several where the token names none.
    case unknownKey
    case signature
    case audience
    case expired
    case notYetValid
    /// It lives longer than the issuer's tokens may.
    case lifetime
    /// It is good, and no Key or RoleBinding is for what it claims.
    case noKey
    /// The issuer's keys are not here, or too old to be relied on.
    case unavailable

    public var description: String {
        switch self {
        case .malformed(let what): "The token is malformed: \(what)."
        case .algorithm: "The token's algorithm is not allowed for its issuer."
        case .unknownIssuer: "The token's issuer is not one of this gateway's."
        case .unknownKey: "The token's issuer has no such key."
        case .signature: "The token's signature does not match."
        case .audience: "The token is for another audience."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet. Are both clocks right?"
        case .lifetime: "The token lives longer than this issuer's tokens may."
        case .noKey: "The token is good, but nobody here is for what it claims."
        case .unavailable: "The keys of the token's issuer are not available."
        }
    }
}
