// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

// Properties: a token that is taken apart can be put together again to the same bytes, so that no two texts are one token;
// a set of keys that is accepted has only keys that sign; and no claims admit anybody but for the audience, before the end.
//
// The first byte chooses the reader.

@main enum FuzzTokens {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    switch choice {
    case UInt8(ascii: "t"): checkToken(bytes)
    case UInt8(ascii: "h"): checkHeader(bytes)
    case UInt8(ascii: "k"): checkKeys(bytes)
    default: checkClaims(bytes)
    }
    return 0
}

private func checkToken(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
        guard let token = try? SignedToken(parsing: bytes) else { return }
        let signed = Array(bytes[..<token.signedCount])
        let again = signed + [UInt8(ascii: ".")] + Base64.encode(token.signature, .url)
        Fuzz.check(again.elementsEqual(bytes), "a signature has one spelling")
        let payload = Array(signed.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[1])
        Fuzz.check(Base64.encode(token.payload, .url) == payload, "a payload has one spelling")
        _ = try? token.claims()
    }
}

/// Nobody finds base64url by chance: the input is the header itself.
private func checkHeader(_ bytes: [UInt8]) { checkToken(Base64.encode(bytes, .url) + Array(".e30.c2ln".utf8)) }

private func checkKeys(_ bytes: [UInt8]) {
    guard let set = try? JSONWebKeySet(parsing: bytes) else { return }
    let ids = set.keys.compactMap(\.id)
    Fuzz.check(Set(ids).count == ids.count && set.keys.count <= JSONWebKeySet.keysMax, "ids are unique")
    for key in set.keys {
        Fuzz.check(TokenAlgorithm.allCases.contains { key.signs(with: $0) }, "a key signs")
        Fuzz.check(key.algorithm.map { key.signs(with: $0) } ?? true, "with the algorithm that it states")
    }
}

private let rules = TokenRules(
    name: "i", issuer: "i", audiences: ["a"], algorithms: [.rs256], lifetimeSecondsMax: 1_000,
    matches: [.init(claims: [ClaimTest(name: "g.r", values: ["1"])], key: 0, expiresAtUnixSeconds: nil)])

private func checkClaims(_ bytes: [UInt8]) {
    guard let claims = try? JSONValue(parsing: bytes), claims.members != nil else { return }
    guard let verdict = try? rules.verdict(on: claims, at: 5_000) else { return }
    Fuzz.check((5_001...6_061).contains(verdict.expiresAtUnixSeconds), "an end that comes, and soon")
    let audience = claims["aud"]
    let isForUs = audience?.stringValue == "a" || audience?.arrayValue?.contains { $0.stringValue == "a" } ?? false
    Fuzz.check(isForUs, "for the audience")
}
