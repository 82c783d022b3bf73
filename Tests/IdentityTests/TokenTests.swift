// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import CoreTestSupport
import ResourceTypes
import Synchronization
import Testing
import WireFormats

@testable import Identity

/// A test of Wycheproof's: keys, a token, and whether it is to be believed.
private struct Vector: Sendable, CustomStringConvertible {
    var group: String
    var comment: String
    var keys: [UInt8]
    var token: String
    var isValid: Bool
    var description: String { "\(group): \(comment)" }

    /// - Parameter isSet: whether the group has a set of keys rather than one.
    static func all(_ file: String, isSet: Bool) throws -> [Vector] {
        let document = try JSONValue(parsing: Vectors.bytes("wycheproof/\(file)"))
        return (document["testGroups"]?.arrayValue ?? []).flatMap { group in
            let key = group["public"] ?? group["private"] ?? .null
            let set = isSet ? key : .object([("keys", .array([key]))])
            return (group["tests"]?.arrayValue ?? []).map { test in
                Vector(
                    group: group["comment"]?.stringValue ?? "", comment: test["comment"]?.stringValue ?? "",
                    keys: set.bytes, token: test["jws"]?.stringValue ?? "", isValid: test["result"]?.stringValue == "valid")
            }
        }
    }

    /// Shared secrets are not for issuers: such sets and tokens are refused whole.
    var isSymmetric: Bool { String(decoding: keys, as: UTF8.self).contains("\"oct\"") }

    var isBelieved: Bool {
        guard let set = try? JSONWebKeySet(parsing: keys) else { return false }
        let held = IssuerKeys()
        held.put(set, of: "issuer", reliedOnUntil: .max)
        return Array(token.utf8).withUnsafeBytes { bytes in
            guard let parsed = try? SignedToken(parsing: bytes),
                let key = try? held.find(parsed, of: "issuer", at: 0).key
            else { return false }
            let signed = UnsafeRawBufferPointer(rebasing: bytes[..<parsed.signedCount])
            return key.verifies(signed, parsed.signature, with: parsed.algorithm)
        }
    }
}

@Suite("Tokens and the keys of their issuers")
struct TokenTests {
    @Test("Wycheproof's JSON Web Signatures and Keys", .enabled(if: Vectors.areThere("wycheproof")))
    func wycheproof() throws {
        let vectors = try Vector.all("json_web_signature_test.json", isSet: false)
            + Vector.all("json_web_key_test.json", isSet: true)
        #expect(vectors.count == 226)
        var believed = 0
        for vector in vectors {
            #expect(vector.isBelieved == (vector.isValid && !vector.isSymmetric), "\(vector)")
            if vector.isBelieved { believed += 1 }
        }
        #expect(believed == 3, "ES256, RS256 and a key of RS256: all others are wrong, or made with a shared secret")
    }

    // A key pair of RFC 8037, appendix A, and its token, whose payload is a text.
    private static let ed25519 = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    private static let ed25519Token =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

    private func set(_ keys: String...) -> [UInt8] { Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8) }

    @Test("Ed25519 as RFC 8037 signs it; no other byte")
    func ed25519() {
        var vector = Vector(group: "", comment: "", keys: set(Self.ed25519), token: Self.ed25519Token, isValid: true)
        #expect(vector.isBelieved)
        for index in Self.ed25519Token.utf8.indices.map({ Self.ed25519Token.utf8.distance(from: Self.ed25519Token.startIndex, to: $0) }) {
            var bytes = Array(Self.ed25519Token.utf8)
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            vector.token = String(decoding: bytes, as: UTF8.self)
            #expect(!vector.isBelieved, "byte \(index)")
        }
    }

    @Test("sets that are not believed, and keys that are left out")
    func sets() throws {
        let other = #"{"kty":"OKP","crv":"Ed25519","kid":"b","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        let faults = [
            "{}", "[]", "{\"keys\":{}}", "{\"keys\":[\(other),\(other)]}", #"{"keys":[{"kty":"oct","k":"AA"}]}"#,
            #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#,
            "{\"keys\":[\(Self.ed25519.dropLast()),\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}]}",
            #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, #"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#,
        ]
        for text in faults { #expect(throws: JSONWebKeySet.Fault.self) { try JSONWebKeySet(parsing: Array(text.utf8)) } }
        let left = [
            #"{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}"#, #"{"kty":"AKP","pub":"AA"}"#, "{}", "7",
            #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, "{\"alg\":\"RS256\",\(Self.ed25519.dropFirst())",
            "{\"key_ops\":[\"sign\"],\(Self.ed25519.dropFirst())", "{\"use\":1,\(Self.ed25519.dropFirst())",
        ]
        for text in left { #expect(try JSONWebKeySet(parsing: set(text)).keys.isEmpty, "\(text)") }
        let many = Array(repeating: "{}", count: 101)
        #expect(throws: JSONWebKeySet.Fault.self) {
            try JSONWebKeySet(parsing: Array("{\"keys\":[\(many.joined(separator: ","))]}".utf8))
        }
    }

    @Test("which key a token means: by id, or the only one that fits; else it is unknown, and asked for once a second")
    func choice() throws {
        func find(_ keys: [UInt8], _ header: String, at now: Int64 = 0) throws -> (TokenFault?, missed: Int) {
            let held = IssuerKeys()
            let missed = Atomic(0)
            try held.put(JSONWebKeySet(parsing: keys), of: "issuer", reliedOnUntil: 100)
            held.onMissedKey { _ in missed.add(1, ordering: .relaxed) }
            let text = String(decoding: Base64.encode(Array(header.utf8), .url), as: UTF8.self) + ".e30.c2ln"
            let token = try Array(text.utf8).withUnsafeBytes { try SignedToken(parsing: $0) }
            do throws(TokenFault) {
                _ = try held.find(token, of: "issuer", at: now)
                return (nil, missed.load(ordering: .relaxed))
            } catch { return (error, missed.load(ordering: .relaxed)) }
        }
        let (a, b) = ("{\"kid\":\"a\",\(Self.ed25519.dropFirst())", "{\"kid\":\"b\",\(Self.ed25519.dropFirst())")
        let named = try find(set(a, b), #"{"alg":"EdDSA","kid":"b"}"#)
        #expect(named == (nil, 0))
        let only = try find(set(a), #"{"alg":"EdDSA"}"#)
        #expect(only == (nil, 0))
        let several = try find(set(a, b), #"{"alg":"EdDSA"}"#)
        #expect(several == (.unknownKey, 1))
        let other = try find(set(a, b), #"{"alg":"EdDSA","kid":"c"}"#)
        #expect(other == (.unknownKey, 1))
        let swapped = try find(set(a, b), #"{"alg":"RS256","kid":"a"}"#)
        #expect(swapped == (.algorithm, 0))
        let held = IssuerKeys()
        let asked = Atomic(0)
        try held.put(JSONWebKeySet(parsing: set(a)), of: "issuer", reliedOnUntil: 100)
        held.onMissedKey { _ in asked.add(1, ordering: .relaxed) }
        let stranger = try Array("eyJhbGciOiJFZERTQSIsImtpZCI6ImMifQ.e30.c2ln".utf8).withUnsafeBytes {
            try SignedToken(parsing: $0)
        }
        for second in [1, 1, 1, 2, 2] as [Int64] { _ = try? held.find(stranger, of: "issuer", at: second) }
        #expect(asked.load(ordering: .relaxed) == 2, "once a second, whatever strangers send")
        let stale = try find(set(a), #"{"alg":"EdDSA","kid":"a"}"#, at: 100)
        #expect(stale == (.unavailable, 0))
    }
}
