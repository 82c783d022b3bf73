// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

private func read(_ data: [String]) throws -> [String] {
    try MessagesTesting.read(data.map { (name: "", data: $0) }, ResponsesStreamReader.self)
}

private let created =
    #"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"gpt","status":"in_progress","output":[]}}"#

private func terminal(_ type: String, _ members: String) -> String {
    #"{"type":"response.\#(type)","response":{"id":"resp_1","model":"gpt","output":[],\#(members)}}"#
}

private let usage =
    #""usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2}}"#

@Suite("Streamed responses are read")
struct ReadResponsesStreamTests {
    @Test("a stream with reasoning, text and a call means what it says, once")
    func example() throws {
        let lines = try read([
            created, #"{"type":"response.in_progress","response":{"id":"resp_1","model":"gpt"}}"#,
            #"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}"#,
            #"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
            #"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Hm"}"#,
            #"{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"Hm"}"#,
            #"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1,"part":{"type":"summary_text","text":""}}"#,
            #"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"So"}"#,
            #"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm"},{"type":"summary_text","text":"So"}],"encrypted_content":"e"}}"#,
            #"{"type":"response.output_item.added","output_index":1,"item":{"type":"message","content":[]}}"#,
            #"{"type":"response.content_part.added","output_index":1,"part":{"type":"output_text","text":""}}"#,
            #"{"type":"response.output_text.delta","output_index":1,"delta":"Hi","obfuscation":"xyz"}"#,
            #"{"type":"response.output_text.done","output_index":1,"text":"Hi"}"#,
            #"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"}]}}"#,
            #"{"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":""}}"#,
            #"{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"a\":1}"}"#,
            #"{"type":"response.function_call_arguments.done","output_index":2,"arguments":"{\"a\":1}"}"#,
            #"{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}}"#,
            terminal("completed", #""status":"completed",\#(usage)"#),
        ])
        #expect(
            lines == [
                "started resp_1 gpt", "thinking Hm", "thinking \n\n", "thinking So", "signature e -", "text Hi",
                "tool 0 c1 f", #"arguments 0 {"a":1}"#, "toolEnded 0", "finished toolCalls ", "usage 10(4+0+0) 7(2)",
                "ended",
            ])
    }

    @Test("what came without pieces is taken whole")
    func whole() throws {
        let lines = try read([
            created,
            #"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm"}]}}"#,
            #"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"},{"type":"refusal","refusal":"No."}]}}"#,
            #"{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}"#,
        ])
        #expect(
            lines == [
                "started resp_1 gpt", "thinking Hm", "text Hi", "refusal No.", "tool 0 c f", "arguments 0 {}",
                "toolEnded 0",
            ])
    }

    @Test("a call without argument text gets an empty object")
    func emptyArguments() throws {
        let lines = try read([
            #"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f"}}"#,
            #"{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}"#,
        ])
        #expect(lines == ["tool 0 c f", "arguments 0 {}", "toolEnded 0"])
    }

    @Test(
        "incomplete responses say why",
        arguments: [("max_output_tokens", "finished length "), ("content_filter", "finished filtered ")])
    func incomplete(_ reason: String, _ line: String) throws {
        let lines = try read([
            created, #"{"type":"response.refusal.delta","output_index":0,"delta":"N"}"#,
            terminal("incomplete", #""status":"incomplete","incomplete_details":{"reason":"\#(reason)"}"#),
        ])
        #expect(lines == ["started resp_1 gpt", "refusal N", line, "ended"])
    }

    @Test("a failed response and an error event are failures, with the provider's own words")
    func failures() throws {
        let failed = try read([
            created,
            terminal("failed", #""status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down"}"#),
        ])
        #expect(failed.count == 2)
        #expect(failed[1].hasPrefix("failed {"))
        let raw = Array(failed[1].dropFirst(7).utf8)
        raw.withUnsafeBytes { bytes in
            let facts = ResponseScan.errorFacts(bytes)
            #expect(String(decoding: facts.code.slice(bytes), as: UTF8.self) == "rate_limit_exceeded")
            #expect(String(decoding: facts.message.slice(bytes), as: UTF8.self) == "Slow down")
        }
        let error = #"{"type":"error","code":"server_error","message":"m","param":null,"sequence_number":1}"#
        #expect(try read([error]) == ["failed \(error)"])
        let chat = #"{"error":{"message":"m"}}"#
        #expect(try read([chat]) == ["failed \(chat)"])
    }

    @Test("a stream that is cut does not end, and unknown events mean nothing")
    func cut() throws {
        let lines = try read([
            created, #"{"type":"response.output_text.delta","output_index":0,"delta":"Hi"}"#,
            #"{"type":"response.output_text.annotation.added","output_index":0,"annotation":{}}"#,
            #"{"type":"response.web_search_call.searching","output_index":1}"#, #"{"type":"keepalive"}"#, "[DONE]", "",
        ])
        #expect(lines == ["started resp_1 gpt", "text Hi"])
    }

    @Test("unknown statuses, nameless calls, too many open calls and text that is no JSON are broken streams")
    func broken() {
        #expect(throws: TranslationFault(.brokenAnswer("status cancelled"))) {
            try read([terminal("completed", #""status":"cancelled""#)])
        }
        #expect(throws: TranslationFault(.incompleteAnswer, at: "item.name")) {
            try read([#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call"}}"#])
        }
        let starts = (0..<17).map {
            #"{"type":"response.output_item.added","output_index":\#($0),"item":{"type":"function_call","call_id":"c","name":"f"}}"#
        }
        #expect(throws: TranslationFault(.brokenAnswer("too many open tool calls"))) { try read(starts) }
        #expect(throws: TranslationFault.self) { try read(["{"]) }
    }
}
