// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("Converse: turns")
struct ConverseTurnTests {
    private func written(_ build: (Conversation) -> Void) throws -> ConverseWritten {
        let conversation = Conversation()
        build(conversation)
        return try ConverseWritten(conversation)
    }

    @Test("neighbours of one role become one message, also across a turn that says nothing")
    func merging() throws {
        let written = try written { conversation in
            conversation.add(.user, [.text("a")])
            conversation.add(.user, [.text(""), .text("b")])
            conversation.add(.assistant, [.text(" ")])
            conversation.add(.user, [.text("c")])
            conversation.add(.assistant, [.text("d")])
            conversation.add(.assistant, [Part(.refusal, "e")])
            conversation.add(.user, [])
        }
        #expect(
            try written["messages"]
                == Bedrock.json(
                    #"""
                    [{"role":"user","content":[{"text":"a"},{"text":"b"},{"text":"c"}]},
                     {"role":"assistant","content":[{"text":"d"},{"text":"e"}]}]
                    """#))
    }

    private static let escaped: StaticString = #"ü \u00e9 \" \/"#

    @Test("text goes as it was written, escapes and all")
    func verbatim() throws {
        let written = try written { $0.add(.user, [.text(JSONString(Self.escaped.bytes, hasEscapes: true))]) }
        #expect(written.blocks(0).first?["text"]?.stringValue == #"ü é " /"#)
    }

    @Test("blank system text is skipped, the rest stays in blocks of its own")
    func system() throws {
        let written = try written { conversation in
            conversation.system = [.text("a"), .text(" "), .text("b")]
            conversation.add(.user, [.text("x")])
        }
        #expect(try written["system"] == Bedrock.json(#"[{"text":"a"},{"text":"b"}]"#))
        #expect(
            try self.written {
                $0.system = [.text(" ")]; $0.add(.user, [.text("x")])
            }["system"] == nil)
    }

    // MARK: Results

    @Test("results of one turn stand in one user message, before its words")
    func results() throws {
        let written = try written { conversation in
            conversation.add(.user, [.text("x")])
            conversation.add(.assistant, [Part(call: "a", "f"), Part(call: "b", "f")])
            conversation.add(.user, [Part(result: "b", children: 1), .text("2")])
            conversation.add(.user, [.text("and?"), Part(result: "a", children: 1), .text("1")])
        }
        #expect(
            try written.messages.last?["content"]
                == Bedrock.json(
                    #"""
                    [{"toolResult":{"toolUseId":"b","content":[{"text":"2"}]}},
                     {"toolResult":{"toolUseId":"a","content":[{"text":"1"}]}},{"text":"and?"}]
                    """#))
    }

    @Test("a result is never empty or blank, and says when it is an error")
    func emptyResult() throws {
        let written = try written { conversation in
            conversation.add(.user, [.text("x")])
            conversation.add(.assistant, [Part(call: "a", "f"), Part(call: "b", "f")])
            var failed = Part(result: "b", children: 1)
            failed.isError = true
            conversation.add(.user, [Part(result: "a"), failed, .text(" ")])
        }
        #expect(
            try written.messages.last?["content"]
                == Bedrock.json(
                    #"""
                    [{"toolResult":{"toolUseId":"a","content":[{"text":"(empty)"}]}},
                     {"toolResult":{"toolUseId":"b","content":[{"text":"(empty)"}],"status":"error"}}]
                    """#))
    }

    @Test("a result may show images and documents; sound in it is lost")
    func mediaResult() throws {
        let written = try written { conversation in
            conversation.add(.user, [.text("x")])
            conversation.add(.assistant, [Part(call: "a", "f")])
            conversation.add(
                .user,
                [
                    Part(result: "a", children: 4),
                    Part(.image, media: Media(.base64, type: "image/png", value: "AA==")),
                    Part(.document, media: Media(.base64, type: "application/pdf", value: "AA==")),
                    Part(.audio, media: Media(.base64, type: "audio/wav", value: "AA==")),
                    Part(.image, media: Media(.base64, type: "image/tiff", value: "AA==")),
                ])
        }
        #expect(
            try written.blocks(2).first?["toolResult"]?["content"]
                == Bedrock.json(
                    #"""
                    [{"image":{"format":"png","source":{"bytes":"AA=="}}},
                     {"document":{"format":"pdf","name":"document-1","source":{"bytes":"AA=="}}}]
                    """#))
        #expect(written.losses == [.audio, .imageInToolResult])
    }

    @Test("a result without its call, or a call without its result, is the caller's fault")
    func unmatched() {
        let builds: [(String, (Conversation) -> Void)] = [
            ("r", { $0.add(.user, [Part(result: "r")]) }),
            (
                "a",
                {
                    $0.add(.user, [.text("x")]); $0.add(.assistant, [Part(call: "a", "f")])
                }
            ),
            (
                "a",
                { conversation in
                    conversation.add(.assistant, [Part(call: "a", "f")])
                    conversation.add(.user, [.text("x")])
                }
            ),
            (
                "b",
                { conversation in
                    conversation.add(.assistant, [Part(call: "a", "f")])
                    conversation.add(.user, [Part(result: "a"), Part(result: "b")])
                }
            ),
        ]
        for (id, build) in builds {
            #expect(throws: TranslationFault(.unmatchedToolCall, at: id)) { try written(build) }
        }
    }

    @Test(
        "ids are Bedrock's to the letter, and the same for call and result",
        arguments: [
            "call|1", "", "x__thought__" + String(repeating: "A", count: 200), "a b",
        ])
    func ids(_ id: String) throws {
        let bytes = Array(id.utf8)
        try bytes.withUnsafeBytes { raw in
            let id = JSONString(raw, hasEscapes: false)
            let written = try written { conversation in
                conversation.add(.user, [.text("x")])
                conversation.add(.assistant, [Part(call: id, "f"), Part(call: "other", "f")])
                conversation.add(.user, [Part(result: "other"), Part(result: id)])
            }
            let call = written.blocks(1).first?["toolUse"]?["toolUseId"]?.stringValue ?? ""
            #expect(call.wholeMatch(of: /[a-zA-Z0-9_.:-]{1,64}/) != nil, "\(call)")
            #expect(written.blocks(2).last?["toolResult"]?["toolUseId"]?.stringValue == call)
        }
    }

    // MARK: Cache marks

    @Test("a cache mark is a block behind the one that bears it")
    func marks() throws {
        let written = try written { conversation in
            conversation.system = [Part(.text, "s", cache: .oneHour)]
            conversation.add(.user, [Part(.text, "a", cache: .fiveMinutes), .text("b")])
            conversation.add(.assistant, [Part(call: "c", "f")])
            conversation.add(
                .user, [Part(result: "c", children: 2), Part(.text, "r", cache: .fiveMinutes), .text("q")])
        }
        #expect(try written["system"] == Bedrock.json(#"[{"text":"s"},{"cachePoint":{"type":"default","ttl":"1h"}}]"#))
        #expect(
            try written.blocks(0)
                == Bedrock.json(#"[{"text":"a"},{"cachePoint":{"type":"default"}},{"text":"b"}]"#).arrayValue)
        #expect(
            try written.blocks(2)
                == Bedrock.json(
                    #"[{"toolResult":{"toolUseId":"c","content":[{"text":"r"},{"text":"q"}]}},{"cachePoint":{"type":"default"}}]"#
                ).arrayValue, "not inside the result, where Bedrock takes none")
        #expect(written.losses.isEmpty)
    }

    @Test("of more than four marks the last stay, and the rest is lost")
    func manyMarks() throws {
        let written = try written { conversation in
            conversation.system = [Part(.text, "s", cache: .oneHour), Part(.text, "t", cache: .oneHour)]
            conversation.add(
                .user, (0..<3).map { _ in Part(.text, "a", cache: .fiveMinutes) } + [Part(.text, " ", cache: .oneHour)])
        }
        #expect(written["system"]?.text == #"[{"text":"s"},{"text":"t"},{"cachePoint":{"type":"default","ttl":"1h"}}]"#)
        #expect(written.blocks(0).count { $0["cachePoint"] != nil } == 3)
        #expect(written.losses == [.cacheMarks])
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
