// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

private func withAnswer<Result>(_ json: String, _ body: (Answer) throws -> Result) throws -> Result {
    try Documents.withAnswer(json, MessagesAnswerReader.self, body)
}

@Suite("Complete messages are read and written")
struct MessagesAnswerTests {
    private static let whole = #"""
        {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[
          {"type":"thinking","thinking":"one","signature":"s1"},{"type":"redacted_thinking","data":"d"},{"type":"thinking","thinking":"two","signature":"s2"},
          {"type":"text","text":"Hi \"é\\\n"},{"type":"tool_use","id":"t1","name":"f","input":{"b":1,"a":12345678901234567890}},{"type":"tool_use","id":"t2","name":"g","input":{}}],
         "stop_reason":"tool_use","stop_sequence":null,
         "usage":{"input_tokens":5,"cache_creation_input_tokens":7,"cache_read_input_tokens":11,
          "cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":13,"output_tokens_details":{"thinking_tokens":2}}}
        """#

    @Test("an answer survives reading and writing")
    func roundTrip() throws {
        let written = try withAnswer(Self.whole) { try MessagesTesting.write($0, MessagesAnswerWriter.self) }
        #expect(written == (try MessagesTesting.value(Self.whole)))
    }

    @Test("cached and cache-written input is a part of the prompt")
    func usage() throws {
        try withAnswer(Self.whole) { answer in
            #expect(answer.usage.map(MessagesTesting.line) == "23(11+3+4) 13(2)")
        }
    }

    @Test("writes that are only told as a sum have the ordinary lifetime")
    func writesAsSum() throws {
        try withAnswer(
            #"{"content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"cache_creation_input_tokens":9,"output_tokens":2}}"#
        ) { answer in
            #expect(answer.usage.map(MessagesTesting.line) == "10(0+9+0) 2(0)")
        }
    }

    @Test(
        "every stop reason has its meaning",
        arguments: [
            ("end_turn", Finish.Reason.stop), ("max_tokens", .length), ("stop_sequence", .stopSequence),
            ("tool_use", .toolCalls), ("pause_turn", .paused), ("refusal", .filtered),
            ("model_context_window_exceeded", .contextFull),
        ])
    func finishReasons(_ word: String, _ reason: Finish.Reason) throws {
        try withAnswer(#"{"content":[],"stop_reason":"\#(word)","stop_sequence":"X"}"#) { answer in
            #expect(answer.finish?.reason == reason)
            #expect(answer.finish?.stopSequence.text == "X")
            let written = try MessagesTesting.write(answer, MessagesAnswerWriter.self)
            #expect(written["stop_reason"] == .string(word))
            #expect(written["stop_sequence"] == .string("X"))
        }
    }

    @Test("an unknown stop reason is a broken answer, a missing one an incomplete answer")
    func noFinish() {
        #expect(throws: TranslationFault(.brokenAnswer("stop_reason overloaded"))) {
            try withAnswer(#"{"content":[],"stop_reason":"overloaded"}"#) { _ in }
        }
        for json in [#"{"content":[],"stop_reason":null}"#, #"{"content":[]}"#] {
            #expect(throws: TranslationFault(.incompleteAnswer, at: "stop_reason")) { try withAnswer(json) { _ in } }
        }
        #expect(throws: TranslationFault(.incompleteAnswer, at: "content")) {
            try withAnswer(#"{"type":"error","error":{"type":"api_error","message":"x"}}"#) { _ in }
        }
    }

    @Test("input that is no object is broken, none at all is an empty one")
    func arguments() throws {
        #expect(throws: TranslationFault(.malformedArguments, at: "content[].input")) {
            try withAnswer(
                #"{"content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}],"stop_reason":"tool_use"}"#
            ) { _ in }
        }
        try withAnswer(#"{"content":[{"type":"tool_use","id":"a","name":"f"}],"stop_reason":"tool_use"}"#) { answer in
            #expect(answer.parts[0].arguments == "{}")
        }
    }

    @Test("blocks of unknown types are passed over")
    func unknownBlocks() throws {
        try withAnswer(
            #"{"content":[{"type":"server_tool_use","id":"s"},{"type":"novelty","x":1},{"type":"text","text":"t"}],"stop_reason":"end_turn"}"#
        ) { answer in
            #expect(answer.parts.map(\.kind) == [.text])
        }
    }

    @Test("the model's words for a refusal are kept, and a refusal from elsewhere ends as one")
    func refusals() throws {
        try withAnswer(
            #"{"content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"x","explanation":"No."}}"#
        ) { answer in
            #expect(answer.parts.map(\.kind) == [.refusal])
            #expect(answer.parts[0].text == "No.")
        }
        let answer = Answer()
        var refusal = Part(.refusal)
        refusal.text = "I cannot."
        answer.parts = [refusal]
        answer.finish = Finish(.stop)
        let written = try MessagesTesting.write(answer, MessagesAnswerWriter.self)
        #expect(written["stop_reason"] == .string("refusal"))
        #expect(written["content"] == (try MessagesTesting.value(#"[{"type":"text","text":"I cannot."}]"#)))
    }

    @Test("what the endpoint's wire does not say comes from the gateway")
    func fromTheGateway() throws {
        let answer = Answer()
        var call = Part(.toolCall)
        call.name = "f"
        answer.parts = [.text(""), call]
        answer.finish = Finish(.toolCalls)
        let written = try MessagesTesting.write(answer, MessagesAnswerWriter.self)
        #expect(
            written
                == (try MessagesTesting.value(
                    #"""
                    {"id":"made","type":"message","role":"assistant","model":"public","content":[{"type":"tool_use","id":"call_made_1","name":"f","input":{}}],
                     "stop_reason":"tool_use","stop_sequence":null,
                     "usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}
                    """#)))
    }
}
