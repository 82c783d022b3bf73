// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Somebody whose signed tokens (OpenID Connect, or JSON Web Tokens of a platform) say who is asking.
public struct TokenIssuer: Hashable, Sendable {
    public var name: String
    /// As tokens name it in `iss`, letter by letter; below it is the discovery document.
    public var issuer: String
    /// A token must be for one of these.
    public var audiences: [String]
    /// Names as in RFC 7518.
    public var algorithms: [String]
    /// From `iat`, or from now where a token has none, to `exp`.
    public var lifetimeMax: TimeSpan
    /// How long keys are relied on when the issuer does not answer.
    public var keysAgeMax: TimeSpan
    /// A file with the keys, where the issuer cannot be reached; else they are fetched.
    public var keysFile: String?
    public var certificateAuthorityFile: String?
    public init(
        name: String, issuer: String, audiences: [String], algorithms: [String], lifetimeMax: TimeSpan,
        keysAgeMax: TimeSpan, keysFile: String? = nil, certificateAuthorityFile: String? = nil
    ) {
        self.name = name
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.lifetimeMax = lifetimeMax
        self.keysAgeMax = keysAgeMax
        self.keysFile = keysFile
        self.certificateAuthorityFile = certificateAuthorityFile
    }
}

/// Which tokens of an issuer stand for a Key: those that claim all of this.
public struct TokenMatch: Hashable, Sendable {
    public var issuer: String
    public var claims: [ClaimTest]
    public init(issuer: String, claims: [ClaimTest]) {
        self.issuer = issuer
        self.claims = claims
    }
}

/// A claim is, or lists, one of some values.
public struct ClaimTest: Hashable, Sendable {
    /// The claim's name, or names from outer to inner joined by dots.
    public var name: String
    public var values: [String]
    public init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }
}
