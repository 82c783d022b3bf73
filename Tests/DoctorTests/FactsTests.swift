// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Doctor

@Suite("What is shown of an answer holds neither secrets nor its text")
struct FactsTests {
    private static let key = "sk-proj-abcdefghijklmnop"

    @Test(
        "a key that an error repeats, whole or in part, is not shown",
        arguments: [
            "Incorrect API key provided: sk-proj-abcdefghijklmnop.", "Incorrect key sk-proj-abc***mnop",
            "key=abcdefghij bad", "\u{1B}[31mghijklmnop", "(klmnop)",
        ])
    func repeatedKeys(_ message: String) {
        let body =
            "{\"error\":{\"message\":\"\(message.replacing("\u{1B}", with: "\\u001b"))\",\"code\":\"\(Self.key)\",\"type\":\"x\"},\"model\":\"\(Self.key)\"}"
        let found = facts(
            401, body, headers: ["server": "srv \(Self.key)"], hiding: ["Authorization: Bearer \(Self.key)"])
        let all = "\(found)"
        for start in 0...(Self.key.count - 6) {
            #expect(!all.contains(Self.key.dropFirst(start).prefix(6)), "\(all)")
        }
        #expect(found.message?.contains("…") == true)
        #expect(!all.contains("\u{1B}"))
        #expect(found.codes == ["x"] && found.model == nil)
    }

    @Test("the header's name and scheme are no secret")
    func ordinaryWords() {
        let found = facts(
            401, "{\"error\":{\"message\":\"Authorization: Bearer expected\"}}",
            hiding: ["Authorization: Bearer \(Self.key)"])
        #expect(found.message == "Authorization: Bearer expected")
    }

    @Test("keys in other headers and parts of signatures are hidden too")
    func otherHeaders() {
        let lines = [
            "api-key: 0123456789abcdef",
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/2026/x, SignedHeaders=host, Signature=feedc0ffee",
        ]
        let found = facts(
            403, "{\"message\":\"no 456789 and AKIDEXAMPLE and feedc0ffee but AWS4-HMAC-SHA256 fine\"}", hiding: lines)
        #expect(found.message == "no … and … and … but AWS4-HMAC-SHA256 fine")
    }

    @Test("of an answer that is no error nothing but the model's name is kept")
    func answersText() {
        let body =
            "{\"model\":\"demo\",\"choices\":[{\"message\":{\"content\":\"the answer's text\"}}],\"message\":\"text too\"}"
        let found = facts(200, body)
        #expect(found.message == nil && found.codes.isEmpty && found.model == "demo")
        #expect(!"\(found)".contains("text"))
    }

    @Test(
        "only what looks like a name is taken for one",
        arguments: [
            ("rate_limit_exceeded", ["rate_limit_exceeded"]), ("a b", []), ("", []), ("x\\u001b[1m", []),
            ("com.amazon#ThrottlingException:http://i", ["ThrottlingException"]),
            (String(repeating: "a", count: 64), [String(repeating: "a", count: 64)]),
            (String(repeating: "a", count: 65), []),
        ])
    func names(_ code: String, _ codes: [String]) {
        #expect(facts(400, "{\"error\":{\"message\":\"m\",\"code\":\"\(code)\"}}").codes == codes)
    }

    @Test("long words of others are cut, control characters become spaces")
    func longWords() {
        let quoted = SafeText(hiding: []).quote(String(repeating: "word\n", count: 200))
        #expect(quoted.unicodeScalars.count == SafeText.scalarsMax + 1 && quoted.hasSuffix("…"))
        #expect(SafeText(hiding: []).quote("a\u{0}b\u{202E}c\td") == "a b c d")
    }

    @Test(
        "the kind of credential is told by its header",
        arguments: [
            (nil, .none), ("Authorization: Bearer x", .bearer), ("authorization: bearer x", .bearer),
            ("Authorization: AWS4-HMAC-SHA256 x", .signature), ("api-key: x", .apiKey), ("x-api-key: x", .xAPIKey),
            ("x-goog-api-key: x", .googleKey), ("Authorization: Basic x", .other),
        ] as [(String?, Observation.CredentialKind)])
    func credentialKinds(_ line: String?, _ kind: Observation.CredentialKind) {
        #expect(Observation.CredentialKind(line: line.map { Secret(Array($0.utf8)) }) == kind)
    }
}
