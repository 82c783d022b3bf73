// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("Marks of origin")
struct SignatureMarkTests {
    static let origins: [SignatureOrigin] = [
        .anthropic, .google, .vertex, SignatureOrigin(.openAI, endpoint: "one"),
        SignatureOrigin(.bedrock, endpoint: ""),
        SignatureOrigin(.other, scope: 1), SignatureOrigin(.other, scope: .max),
    ]
    private static let signatures = [
        "", "c2ln", "EqQB+/==", "gAAAAAB_-x=", "redacted_thinking:ZGF0YQ==", "a.b.c", "~!#'",
    ]

    private let arena = ByteArena()

    private func json(_ text: String) -> JSONString { JSONString(arena.copy(text), hasEscapes: text.contains("\\")) }

    private func read(_ text: String) -> (origin: SignatureOrigin?, signature: String)? {
        SignatureMark(json(text), arena).map { ($0.origin, $0.signature.text) }
    }

    @Test("what is marked is read as it was, on every wire", arguments: origins, ChatWire.allCases)
    func roundTrip(_ origin: SignatureOrigin, _ wire: ChatWire) throws {
        for signature in Self.signatures {
            let text = SignatureMark.written(json(signature), of: origin, for: wire, arena).text
            let found = try #require(read(text))
            #expect(found.origin == origin && found.signature == signature)
            #expect(text.hasPrefix(wire == .generateContent ? "aXNvYmFyLTEu" : "isobar-1."))
        }
    }

    @Test("on Google's wire a mark survives clients that decode it and write the alphabet for URLs", arguments: origins)
    func google(_ origin: SignatureOrigin) throws {
        for signature in Self.signatures {
            let text = SignatureMark.written(json(signature), of: origin, for: .generateContent, arena).text
            let bytes = try #require(Base64.decode(text))
            let again = String(decoding: Base64.encode(bytes, .url), as: UTF8.self)
            let found = try #require(read(again))
            #expect(found.origin == origin && found.signature == signature)
        }
    }

    @Test("an escaped slash is a slash; a text without a mark has none")
    func unmarked() {
        #expect(read(#"isobar-1.anthropic.a\/b"#)?.signature == "a/b")
        for text in ["", "c2ln", "isobar-1", "isobar-2.anthropic.s", "ISOBAR-1.anthropic.s", " isobar-1.anthropic.s"] {
            #expect(read(text) == nil)
        }
    }

    @Test(
        "a mark that we would not have written is nobody's",
        arguments: [
            "isobar-1.", "isobar-1.anthropic", "isobar-1.nobody.s", "isobar-1.openai-1.s", "isobar-1.openai-0000000g.s",
            "isobar-1.openai-00000000.s", "isobar-1.Anthropic.s", "isobar-1.anthropic.isobar-1.google.s",
            "isobar-1.anthropic.aXNvYmFyLTEuZ29vZ2xlLnM=", #"isobar-1.anthropic.a\"b"#, #"isobar-1.anthropic.a\\b"#,
            "isobar-1.anthropic.a b", #"isobar-1.anthropic.\u0000"#, "isobar-1.anthropic.é", "aXNvYmFyLTEu",
            "aXNvYmFyLTEu*", "aXNvYmFyLTEuYW50aHJvcGljLiIsImEiOiI=",
        ])
    func nobodys(_ text: String) throws {
        let found = try #require(read(text))
        #expect(found.origin == nil && found.signature.isEmpty)
    }

    @Test("what is no signature is not carried, only whose it would be", arguments: [#"a\"b"#, "a b", "é", #"a\n"#])
    func unsafe(_ text: String) throws {
        let found = try #require(
            read(SignatureMark.written(json(text), of: .google, for: .chatCompletions, arena).text))
        #expect(found.origin == .google && found.signature.isEmpty)
    }

    @Test("an endpoint's own origin is the same wherever its name is, and no other's")
    func scopes() {
        #expect(SignatureOrigin(.openAI, endpoint: "a") == SignatureOrigin(.openAI, endpoint: "a"))
        #expect(SignatureOrigin(.openAI, endpoint: "a") != SignatureOrigin(.openAI, endpoint: "b"))
        #expect(SignatureOrigin(.openAI, endpoint: "a") != SignatureOrigin(.other, endpoint: "a"))
        #expect(SignatureOrigin(.openAI, endpoint: "").scope != 0)
    }
}
