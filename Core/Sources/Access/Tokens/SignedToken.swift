// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// A JSON Web Token in compact form (RFC 7519, RFC 7515 §7.1), taken apart and not believed yet.
///
/// Keys that a token brings or points to (`jwk`, `jku`, `x5c`, `x5u`) are not looked at.
public struct SignedToken: Sendable {
    /// Bytes of a whole token, and of its header as JSON.
    public static let bytesMax = 16 << 10
    public static let headerBytesMax = 4 << 10

    public var algorithm: TokenAlgorithm
    public var keyID: String?
    public var payload: [UInt8]
    /// The signature is over so many bytes from the token's first.
    public var signedCount: Int
    public var signature: [UInt8]

    /// Whether it may be a token rather than a key: an encoded `{`, and dots.
    public static func isOutlined(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 16 && bytes[0] == UInt8(ascii: "e") && bytes.contains(dot)
    }

    public init(parsing bytes: UnsafeRawBufferPointer) throws(TokenFault) {
        guard bytes.count <= Self.bytesMax else { throw .malformed("it is longer than \(Self.bytesMax) bytes") }
        let parts = bytes.split(separator: Self.dot, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("it has \(parts.count) parts instead of three") }
        let header = try Self.object(Self.decoded(parts[0], "header", Self.headerBytesMax), "header")
        algorithm = try Self.algorithm(header)
        keyID = try Self.keyID(header)
        payload = try Self.decoded(parts[1], "payload", Self.bytesMax)
        signature = try Self.decoded(parts[2], "signature", Self.bytesMax)
        signedCount = parts[0].count + 1 + parts[1].count
    }

    private static let dot = UInt8(ascii: ".")

    /// What it says: an object without two members of one name.
    public func claims() throws(TokenFault) -> JSONValue { try Self.object(payload, "payload") }

    private static func decoded(
        _ part: UnsafeRawBufferPointer.SubSequence, _ name: String, _ bytesMax: Int
    ) throws(TokenFault) -> [UInt8] {
        guard let bytes = Base64.decodeURL(UnsafeRawBufferPointer(rebasing: part)), !bytes.isEmpty,
            bytes.count <= bytesMax
        else { throw .malformed("its \(name) is no base64url of 1 to \(bytesMax) bytes") }
        return bytes
    }

    private static func object(_ bytes: [UInt8], _ name: String) throws(TokenFault) -> JSONValue {
        guard let value = try? JSONValue(parsing: bytes), let members = value.members else {
            throw .malformed("its \(name) is no JSON object")
        }
        guard Set(members.map(\.0)).count == members.count else {
            throw .malformed("its \(name) has two members of one name")
        }
        return value
    }

    private static func algorithm(_ header: JSONValue) throws(TokenFault) -> TokenAlgorithm {
        // Extensions that must be understood (RFC 7515 §4.1.11), and of which we understand none.
        guard header["crit"] == nil, header["b64"] == nil else { throw .malformed("its header has extensions") }
        let isNested = header["cty"]?.stringValue.map { $0.uppercased() == "JWT" } ?? (header["cty"] != nil)
        guard !isNested else { throw .malformed("it holds another token") }
        if let type = header["typ"] {
            guard let type = type.stringValue?.lowercased(), types.contains(type) else {
                throw .malformed("its type is not JWT")
            }
        }
        guard let text = header["alg"]?.stringValue else { throw .malformed("it has no algorithm") }
        guard let algorithm = TokenAlgorithm(rawValue: text) else { throw .algorithm }
        return algorithm
    }

    /// RFC 7519 §5.1, RFC 9068 §2.1, with and without their prefix.
    private static let types: Set<String> = [
        "jwt", "at+jwt", "jose", "application/jwt", "application/at+jwt", "application/jose",
    ]

    private static func keyID(_ header: JSONValue) throws(TokenFault) -> String? {
        guard let value = header["kid"] else { return nil }
        guard let text = value.stringValue, text.utf8.count <= 1_024 else { throw .malformed("its key id is no text") }
        return text
    }
}
