// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
public import WireFormats

/// What an issuer's tokens have to say, and whose they are then.
public struct TokenRules: Sendable {
    /// Name of the `TokenIssuer`.
    public var name: String
    public var issuer: String
    public var audiences: Set<String>
    public var algorithms: Set<TokenAlgorithm>
    public var lifetimeSecondsMax: Int64
    /// Which claims stand for which key, in the order in which they are tried.
    public var matches: [Match]

    public struct Match: Sendable {
        public var claims: [ClaimTest]
        /// Position among the bearers.
        public var key: Int
        /// The key's own end, Unix seconds.
        public var expiresAtUnixSeconds: Int64?
        public init(claims: [ClaimTest], key: Int, expiresAtUnixSeconds: Int64?) {
            self.claims = claims
            self.key = key
            self.expiresAtUnixSeconds = expiresAtUnixSeconds
        }
    }

    public init(
        name: String, issuer: String, audiences: Set<String>, algorithms: Set<TokenAlgorithm>, lifetimeSecondsMax: Int64,
        matches: [Match]
    ) {
        self.name = name
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.lifetimeSecondsMax = lifetimeSecondsMax
        self.matches = matches
    }

    /// - Parameter bearers: a token stands for a position in them; the first whose claims hold.
    public static func of(_ issuers: [TokenIssuer], bearers: [TokenBearer]) -> [TokenRules] {
        issuers.map { issuer in
            let matches = bearers.enumerated().flatMap { position, bearer in
                bearer.tokens.filter { $0.issuer == issuer.name }.map {
                    Match(claims: $0.claims, key: position, expiresAtUnixSeconds: bearer.expiresAtUnixSeconds)
                }
            }
            return TokenRules(
                name: issuer.name, issuer: issuer.issuer, audiences: Set(issuer.audiences),
                algorithms: Set(issuer.algorithms.compactMap { TokenAlgorithm(rawValue: $0) }),
                lifetimeSecondsMax: issuer.lifetimeMax.nanoseconds / 1_000_000_000, matches: matches)
        }
    }

    /// How far clocks may be apart.
    public static let leewaySeconds: Int64 = 60
    static let subjectBytesMax = 255

    /// - Parameter claims: of a token whose signature is good, and whose `iss` is `issuer`.
    /// - Returns: the key that it stands for, and the Unix second from which on it does not any more.
    public func verdict(on claims: JSONValue, at now: Int64) throws(TokenFault) -> (key: Int, expiresAtUnixSeconds: Int64)
    {
        guard isForUs(claims["aud"]) else { throw .audience }
        guard let subject = claims["sub"]?.stringValue, (1...Self.subjectBytesMax).contains(subject.utf8.count) else {
            throw .malformed("it has no subject of at most \(Self.subjectBytesMax) bytes")
        }
        guard let expires = try Self.date(claims, "exp") else { throw .malformed("it does not say when it expires") }
        guard now < expires + Self.leewaySeconds else { throw .expired }
        let issued = try Self.date(claims, "iat")
        let begins = max(try Self.date(claims, "nbf") ?? 0, issued ?? 0)
        guard now >= begins - Self.leewaySeconds else { throw .notYetValid }
        guard expires - (issued ?? now) <= lifetimeSecondsMax else { throw .lifetime }
        guard let match = matches.first(where: { $0.claims.allSatisfy { $0.holds(in: claims) } }) else { throw .noKey }
        return (match.key, min(expires + Self.leewaySeconds, match.expiresAtUnixSeconds ?? .max))
    }

    private func isForUs(_ audience: JSONValue?) -> Bool {
        if let one = audience?.stringValue { return audiences.contains(one) }
        return audience?.arrayValue?.contains { $0.stringValue.map(audiences.contains) ?? false } ?? false
    }

    /// Seconds since 1970, possibly with a fraction (RFC 7519 §2), which is dropped.
    private static func date(_ claims: JSONValue, _ name: String) throws(TokenFault) -> Int64? {
        guard let value = claims[name] else { return nil }
        guard let seconds = value.doubleValue, seconds.isFinite, (0...Double(InternetDate.unixSecondsMax)).contains(seconds) else {
            throw .malformed("its `\(name)` is no time")
        }
        return Int64(seconds)
    }
}

/// Somebody whom tokens may stand for.
public struct TokenBearer: Sendable {
    public var tokens: [TokenMatch]
    /// Its own end, Unix seconds.
    public var expiresAtUnixSeconds: Int64?
    public init(tokens: [TokenMatch], expiresAtUnixSeconds: Int64?) {
        self.tokens = tokens
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
    }
}

extension ClaimTest {
    /// Unknown claims, and claims that are objects, are no value at all.
    public func holds(in claims: JSONValue) -> Bool {
        guard let value = claims[name] ?? Self.inner(claims, name) else { return false }
        if let list = value.arrayValue { return list.contains { $0.claimText.map(values.contains) ?? false } }
        return value.claimText.map(values.contains) ?? false
    }

    private static func inner(_ claims: JSONValue, _ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(claims as JSONValue?) { $0?[String($1)] }
    }
}

extension JSONValue {
    fileprivate var claimText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
