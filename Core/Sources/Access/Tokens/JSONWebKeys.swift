// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A public key that an issuer signs with (RFC 7517).
public struct JSONWebKey: Equatable, Sendable {
    public enum Curve: String, CaseIterable, Sendable {
        case p256 = "P-256"
        case p384 = "P-384"
        case p521 = "P-521"

        /// Of one coordinate, and of each half of a signature.
        public var byteCount: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }
    }

    /// Numbers are big-endian.
    public enum Material: Equatable, Sendable {
        case rsa(modulus: [UInt8], exponent: [UInt8])
        case elliptic(Curve, x: [UInt8], y: [UInt8])
        case ed25519([UInt8])
    }

    public var id: String?
    /// The only one that it signs with; `nil`: every one that its material can do.
    public var algorithm: TokenAlgorithm?
    public var material: Material

    public func signs(with algorithm: TokenAlgorithm) -> Bool {
        guard self.algorithm == nil || self.algorithm == algorithm else { return false }
        return switch (material, algorithm) {
        case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512): true
        case (.elliptic(.p256, _, _), .es256), (.elliptic(.p384, _, _), .es384), (.elliptic(.p521, _, _), .es512): true
        case (.ed25519, .edDSA): true
        default: false
        }
    }
}

/// The keys of an issuer.
public struct JSONWebKeySet: Equatable, Sendable {
    /// Why a set is not believed at all.
    public struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
        public var description: String
        public init(_ description: String) { self.description = description }
    }

    public static let bytesMax = 1 << 20
    public static let keysMax = 100
    /// Shorter ones can be factored; longer ones cost whoever verifies.
    static let modulusBits = 2_048...8_192

    /// Those that sign. Others (for encryption, of kinds unknown here) are left out: sets are shared with their users.
    public var keys: [JSONWebKey]

    public init(parsing bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.bytesMax else { throw Fault("it is longer than \(Self.bytesMax) bytes") }
        guard let list = (try? JSONValue(parsing: bytes))?["keys"]?.arrayValue else {
            throw Fault("it is no JSON object with a list `keys`")
        }
        guard list.count <= Self.keysMax else { throw Fault("it has more than \(Self.keysMax) keys") }
        // A private or a shared key here is everybody's by now.
        for value in list where value["d"] != nil || value["k"] != nil || value["kty"]?.stringValue == "oct" {
            throw Fault("it has a private or shared key")
        }
        keys = []
        for value in list {
            if let key = try Self.key(value) { keys.append(key) }
        }
        let ids = keys.compactMap(\.id)
        guard Set(ids).count == ids.count else { throw Fault("two keys have one id") }
    }

    private static func key(_ value: JSONValue) throws(Fault) -> JSONWebKey? {
        if let use = value["use"], use.stringValue != "sig" { return nil }
        if let operations = value["key_ops"] {
            guard operations.arrayValue?.contains(where: { $0.stringValue == "verify" }) == true else { return nil }
        }
        var algorithm: TokenAlgorithm?
        if let name = value["alg"] {
            guard let known = name.stringValue.flatMap({ TokenAlgorithm(rawValue: $0) }) else { return nil }
            algorithm = known
        }
        guard let material = try material(value) else { return nil }
        let key = JSONWebKey(id: value["kid"]?.stringValue, algorithm: algorithm, material: material)
        return algorithm.map { key.signs(with: $0) } ?? true ? key : nil
    }

    private static func material(_ value: JSONValue) throws(Fault) -> JSONWebKey.Material? {
        switch value["kty"]?.stringValue {
        case "RSA":
            let modulus = try number(value, "n").drop { $0 == 0 }
            let exponent = try number(value, "e").drop { $0 == 0 }
            return try rsa(Array(modulus), Array(exponent))
        case "EC":
            guard let curve = value["crv"]?.stringValue.flatMap({ JSONWebKey.Curve(rawValue: $0) }) else { return nil }
            let (x, y) = (try number(value, "x"), try number(value, "y"))
            guard x.count == curve.byteCount, y.count == curve.byteCount else {
                throw Fault("a key's coordinates do not have the length of its curve")
            }
            return .elliptic(curve, x: x, y: y)
        case "OKP":
            guard value["crv"]?.stringValue == "Ed25519" else { return nil }
            let x = try number(value, "x")
            guard x.count == 32 else { throw Fault("an Ed25519 key does not have 32 bytes") }
            return .ed25519(x)
        default: return nil
        }
    }

    private static func rsa(_ modulus: [UInt8], _ exponent: [UInt8]) throws(Fault) -> JSONWebKey.Material {
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard modulusBits.contains(bits) else { throw Fault("an RSA key has \(bits) bits; allowed: 2048 to 8192") }
        // 1 would accept everything. Beyond 2³² verifying becomes dear.
        guard exponent.count <= 4, let last = exponent.last, last & 1 == 1, exponent != [1] else {
            throw Fault("an RSA key's exponent is even, 1, or larger than 32 bits")
        }
        guard !ROCA.isSuspect(modulus) else {
            throw Fault("an RSA key was made by hardware whose keys can be factored (CVE-2017-15361)")
        }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    private static func number(_ value: JSONValue, _ name: String) throws(Fault) -> [UInt8] {
        guard let text = value[name]?.stringValue, let bytes = Base64.decodeURL(text), !bytes.isEmpty else {
            throw Fault("a key's `\(name)` is no base64url")
        }
        return bytes
    }
}
