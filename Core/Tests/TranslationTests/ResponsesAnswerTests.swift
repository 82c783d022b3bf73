// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

private func withAnswer<Result>(_ json: String, _ body: (Answer) throws -> Result) throws -> Result {
    try Documents.withAnswer(json, ResponsesAnswerReader.self, body)
}

@Suite("Complete responses are read and written")
struct ResponsesAnswerTests {
    private static let whole = #"""
        {"id":"resp_1","object":"response","created_at":7,"status":"completed","error":null,"incomplete_details":null,"model":"gpt","output":[
          {"id":"rs_resp_1_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"e"},
          {"id":"msg_resp_1_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi \"é\\\n","annotations":[]},{"type":"refusal","refusal":"No."}]},
          {"id":"fc_resp_1_2","type":"function_call","status":"completed","call_id":"c1","name":"f","arguments":"{\"b\":1,\"a\":12345678901234567890}"}],
         "parallel_tool_calls":true,"tool_choice":"auto","tools":[],
         "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":17}}
        """#

    @Test("an answer survives reading and writing")
    func roundTrip() throws {
        try withAnswer(Self.whole) { answer in
            #expect(answer.parts.map(\.kind) == [.thinking, .text, .refusal, .toolCall])
            #expect(answer.finish?.reason == .toolCalls)
            #expect(answer.usage.map(MessagesTesting.line) == "10(4+2+0) 7(3)")
            let written = try MessagesTesting.write(answer, ResponsesAnswerWriter.self)
            #expect(written == (try MessagesTesting.value(Self.whole)))
        }
    }

    @Test(
        "status and reason say how it ended",
        arguments: [
            (#""status":"completed""#, Finish.Reason.stop),
            (#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}"#, .length),
            (#""status":"incomplete","incomplete_details":{"reason":"content_filter"}"#, .filtered),
        ])
    func finishes(_ members: String, _ reason: Finish.Reason) throws {
        try withAnswer(#"{"output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}],\#(members)}"#) {
            answer in
            #expect(answer.finish?.reason == reason)
            let written = try MessagesTesting.write(answer, ResponsesAnswerWriter.self)
            let status: JSONValue = reason == .stop ? .string("completed") : .string("incomplete")
            #expect(written["status"] == status)
            #expect(written["output"]?.arrayValue?.first?["status"] == status)
        }
    }

    @Test(
        "every reason of another wire has its status",
        arguments: [
            (Finish.Reason.stopSequence, "completed", String?.none), (.paused, "completed", nil),
            (.contextFull, "incomplete", "max_output_tokens"),
        ])
    func otherFinishes(_ reason: Finish.Reason, _ status: String, _ details: String?) throws {
        let answer = Answer()
        answer.finish = Finish(reason)
        let written = try MessagesTesting.write(answer, ResponsesAnswerWriter.self)
        #expect(written["status"] == .string(status))
        #expect(written["incomplete_details"]?["reason"]?.stringValue == details)
        #expect(written["usage"] == .null)
        #expect(written["id"] == .string("made"))
        #expect(written["model"] == .string("public"))
    }

    @Test("failed, running and unknown responses are broken answers, and none is taken for a good one")
    func broken() {
        let cases: [(String, TranslationFault)] = [
            (
                #""status":"failed","error":{"code":"server_error","message":"m"}"#,
                TranslationFault(.brokenAnswer("status failed (server_error)"))
            ),
            (#""status":"in_progress""#, TranslationFault(.brokenAnswer("status in_progress"))),
            (
                #""status":"incomplete","incomplete_details":{"reason":"bored"}"#,
                TranslationFault(.brokenAnswer("incomplete_details.reason bored"))
            ),
            (#""status":"incomplete""#, TranslationFault(.incompleteAnswer, at: "incomplete_details.reason")),
            (#""id":"x""#, TranslationFault(.incompleteAnswer, at: "status")),
        ]
        for (members, fault) in cases {
            #expect(throws: fault) { try withAnswer(#"{"output":[],\#(members)}"#) { _ in } }
        }
        #expect(throws: TranslationFault(.incompleteAnswer, at: "output")) {
            try withAnswer(#"{"status":"completed"}"#) { _ in }
        }
    }

    @Test("arguments that the bound cut off are no call; elsewhere they are a broken answer")
    func cutArguments() throws {
        let call = #"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":"}"#
        try withAnswer(
            #"{"output":[\#(call)],"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}"#
        ) { answer in
            #expect(answer.parts.isEmpty)
            #expect(answer.finish?.reason == .length)
        }
        #expect(throws: TranslationFault(.malformedArguments, at: "output[].arguments")) {
            try withAnswer(#"{"output":[\#(call)],"status":"completed"}"#) { _ in }
        }
    }

    @Test("reasoning of open models is read from its content, and paragraphs stay apart")
    func reasoning() throws {
        try withAnswer(
            #"{"output":[{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"a"},{"type":"reasoning_text","text":"b"}]},{"type":"reasoning","summary":[]},{"type":"web_search_call"}],"status":"completed"}"#
        ) { answer in
            #expect(answer.parts.map(\.text.text) == ["a\n\nb"])
            #expect(answer.finish?.reason == .stop)
        }
    }
}
