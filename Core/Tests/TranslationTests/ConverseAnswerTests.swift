// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// Reads `json` as an answer of Converse and hands it over while its bytes are alive.
func withConverseAnswer<Result>(_ json: String, _ body: (Answer) throws -> Result) throws -> Result {
    try Documents.withAnswer(json, ConverseAnswerReader.self, body)
}

@Suite("Converse: answers")
struct ConverseAnswerTests {
    private func answer(_ content: String, _ members: String = #""stopReason":"end_turn""#) -> String {
        #"{"metrics":{"latencyMs":7},"output":{"message":{"role":"assistant","content":[\#(content)]}},\#(members)}"#
    }

    @Test("every block is read, in order")
    func blocks() throws {
        let content = #"""
            {"reasoningContent":{"reasoningText":{"text":"hm","signature":"sig"}}},{"reasoningContent":{"redactedContent":"AAEC"}},
            {"reasoningContent":{"reasoningText":{"text":"more"}}},{"text":"a\n"},{"text":"b"},
            {"citationsContent":{"content":[{"text":"c"},{"text":"d"}],"citations":[]}},
            {"toolUse":{"toolUseId":"t1","name":"f","input":{"z":1,"a":[2]}}},{"toolUse":{"toolUseId":"t2","name":"g","input":{}}}
            """#
        try withConverseAnswer(answer(content, #""stopReason":"tool_use""#)) { answer in
            #expect(
                answer.parts.map(\.kind)
                    == [.thinking, .redactedThinking, .thinking, .text, .text, .text, .text, .toolCall, .toolCall])
            #expect(answer.parts.map(\.text.text) == ["hm", "AAEC", "more", "a\n", "b", "c", "d", "", ""])
            #expect(answer.parts.map(\.signature.text) == ["sig", "", "", "", "", "", "", "", ""])
            #expect(answer.parts.suffix(2).map(\.id.text) == ["t1", "t2"])
            #expect(answer.parts.suffix(2).map(\.name.text) == ["f", "g"])
            #expect(answer.parts[7].arguments == #"{"z":1,"a":[2]}"# && answer.parts[8].arguments == "{}")
            #expect(answer.finish?.reason == .toolCalls && answer.usage == nil)
            #expect(answer.id.isEmpty && answer.model.isEmpty)
        }
    }

    @Test("blocks of no concern to the caller are left out")
    func otherBlocks() throws {
        let content = #"""
            {"toolUse":{"toolUseId":"s","name":"web","input":{},"type":"server_tool_use"}},{"toolResult":{"toolUseId":"s","content":[]}},
            {"image":{"format":"png","source":{"bytes":"AA=="}}},{"somethingNew":{}},{"text":"a"}
            """#
        try withConverseAnswer(answer(content)) { answer in
            #expect(answer.parts.map(\.kind) == [.text] && !answer.hasToolCalls)
        }
    }

    @Test(
        "reasons to stop are told apart",
        arguments: [
            ("end_turn", .stop), ("tool_use", .toolCalls), ("max_tokens", .length), ("stop_sequence", .stopSequence),
            ("guardrail_intervened", .filtered), ("content_filtered", .filtered),
            ("model_context_window_exceeded", .contextFull),
        ] as [(String, Finish.Reason)])
    func reasons(_ word: String, _ reason: Finish.Reason) throws {
        try withConverseAnswer(answer(#"{"text":"a"}"#, #""stopReason":"\#(word)""#)) { answer in
            #expect(answer.finish?.reason == reason)
        }
    }

    @Test("the stop sequence that came is read from where it was asked for")
    func stopSequence() throws {
        let members = #""stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"END"}"#
        try withConverseAnswer(answer("", members)) { answer in
            #expect(answer.finish?.stopSequence.text == "END" && answer.parts.isEmpty)
        }
        try withConverseAnswer(answer("", #""stopReason":"end_turn","additionalModelResponseFields":null"#)) { answer in
            #expect(answer.finish?.stopSequence.isEmpty == true)
        }
    }

    @Test(
        "an answer that is broken, or ended as nobody knows, is no answer",
        arguments: [
            "malformed_model_output", "malformed_tool_use", "something_new", "",
        ])
    func broken(_ word: String) {
        #expect(throws: TranslationFault(.brokenAnswer("stopReason \(word)"))) {
            try withConverseAnswer(answer(#"{"text":"a"}"#, #""stopReason":"\#(word)""#)) { _ in }
        }
    }

    @Test("an answer that lacks what every answer has is incomplete, never empty")
    func incomplete() {
        for body in [
            "{}", "[]", #"{"message":"x"}"#, #"{"output":null,"stopReason":"end_turn"}"#,
            #"{"output":{},"stopReason":"end_turn"}"#, #"{"output":{"message":{}},"stopReason":"end_turn"}"#,
        ] {
            #expect(throws: TranslationFault(.incompleteAnswer, at: "output"), "\(body)") {
                try withConverseAnswer(body) { _ in }
            }
        }
        for members in [#""x":1"#, #""stopReason":null"#, #""stopReason":7"#] {
            #expect(throws: TranslationFault(.incompleteAnswer, at: "stopReason")) {
                try withConverseAnswer(answer(#"{"text":"a"}"#, members)) { _ in }
            }
        }
        #expect(throws: TranslationFault(.incompleteAnswer, at: "toolUse.name")) {
            try withConverseAnswer(answer(#"{"toolUse":{"toolUseId":"t","input":{}}}"#)) { _ in }
        }
        #expect(throws: TranslationFault(.malformedArguments, at: "toolUse.input")) {
            try withConverseAnswer(answer(#"{"toolUse":{"name":"f","input":[1]}}"#)) { _ in }
        }
    }

    // MARK: Usage

    private func usage(_ usage: String) throws -> UsageCounts? {
        try withConverseAnswer(answer("", #""stopReason":"end_turn","usage":\#(usage)"#)) { $0.usage }
    }

    @Test("input, cache reads and cache writes are disjoint, and summed")
    func sums() throws {
        let counts = try #require(
            try usage(
                #"{"inputTokens":6,"outputTokens":7,"totalTokens":13,"cacheReadInputTokens":4,"cacheWriteInputTokens":100,"cacheDetails":[{"ttl":"1h","inputTokens":70},{"ttl":"5m","inputTokens":30}]}"#
            ))
        #expect(counts.promptTokens == 110 && counts.cachedTokens == 4 && counts.completionTokens == 7)
        #expect(counts.cacheWriteTokens == 30 && counts.cacheWriteHourTokens == 70)
        #expect(counts.uncachedPromptTokens == 6)
    }

    @Test("writes that no detail speaks of have the ordinary lifetime")
    func details() throws {
        let rows: [(String, Int64, Int64, Int64)] = [
            (#""cacheWriteInputTokens":10"#, 10, 0, 16), (#""cacheWriteInputTokens":10,"cacheDetails":[]"#, 10, 0, 16),
            (#""cacheWriteInputTokens":10,"cacheDetails":[{"ttl":"1h","inputTokens":4}]"#, 6, 4, 16),
            (#""cacheWriteInputTokens":1,"cacheDetails":[{"ttl":"1h","inputTokens":4},{"inputTokens":2}]"#, 2, 4, 12),
            (#""cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":10"#, 10, 0, 19),
            (#""cacheDetails":null"#, 0, 0, 6),
        ]
        for (members, minutes, hour, prompt) in rows {
            let counts = try #require(try usage(#"{"inputTokens":6,\#(members)}"#))
            #expect(counts.cacheWriteTokens == minutes && counts.cacheWriteHourTokens == hour, "\(members)")
            #expect(counts.promptTokens == prompt && counts.uncachedPromptTokens == 6, "\(members)")
        }
    }

    @Test(
        "counts that are none are zero, and sums cannot overflow",
        arguments: [
            #"{"inputTokens":-5,"outputTokens":"x","cacheReadInputTokens":1.5,"cacheDetails":{}}"#, "{}",
        ])
    func oddCounts(_ text: String) throws { #expect(try usage(text) == UsageCounts()) }

    @Test("counts beyond reason are cut")
    func hugeCounts() throws {
        let huge = "999999999999999999"
        let details = Array(repeating: #"{"ttl":"1h","inputTokens":\#(huge)}"#, count: 40).joined(separator: ",")
        let counts = try #require(
            try usage(#"{"inputTokens":\#(huge),"cacheReadInputTokens":\#(huge),"cacheDetails":[\#(details)]}"#))
        #expect(counts.promptTokens == 3 << 48)
        #expect(try usage("null") == nil)
    }
}
