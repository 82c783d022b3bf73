// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// What the events with these data mean; names are those that the wire gives them.
private func read(_ data: [String]) throws -> [String] {
    let events = try data.map { data in
        (name: try MessagesTesting.value(data)["type"]?.stringValue ?? "", data: data)
    }
    return try MessagesTesting.read(events, MessagesStreamReader.self)
}

private let start =
    #"{"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":6,"cache_read_input_tokens":4,"output_tokens":1}}}"#
private let stop = #"{"type":"message_stop"}"#

private func finish(_ reason: String, _ usage: String = "{}") -> String {
    #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)","stop_sequence":null},"usage":\#(usage)}"#
}

@Suite("Streamed messages are read")
struct ReadMessagesStreamTests {
    @Test("the reference's stream means what the reference says")
    func example() throws {
        let lines = try read([
            start, #"{"type":"ping"}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c1","name":"f","input":{}}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
            #"{"type":"content_block_stop","index":1}"#, finish("tool_use", #"{"output_tokens":7}"#), stop,
        ])
        #expect(
            lines == [
                "started msg_1 claude", "usage 10(4+0+0) 1(0)", "text Hi", "tool 0 c1 f", #"arguments 0 {"a":"#,
                "arguments 0 1}", "toolEnded 0", "finished toolCalls ", "usage 10(4+0+0) 7(0)", "ended",
            ])
    }

    @Test("thinking, signatures and redacted thinking keep their order")
    func thinking() throws {
        let lines = try read([
            #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s1"}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"d"}}"#,
            #"{"type":"content_block_stop","index":1}"#,
            #"{"type":"content_block_delta","index":2,"delta":{"type":"thinking_delta","thinking":"So"}}"#,
        ])
        #expect(lines == ["thinking Hm", "signature s1 -", "redacted d", "thinking So"])
    }

    @Test("a call without argument text gets an empty object", arguments: [true, false])
    func emptyArguments(_ hasEmptyFragment: Bool) throws {
        let fragment =
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}"#
        let lines = try read(
            [
                #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#
            ]
                + (hasEmptyFragment ? [fragment] : []) + [#"{"type":"content_block_stop","index":0}"#])
        #expect(lines == ["tool 0 c f", "arguments 0 {}", "toolEnded 0"])
    }

    @Test("arguments that come with the start are whole")
    func wholeArguments() throws {
        let lines = try read([
            #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"c","name":"f","input":{"a":1}}}"#,
            #"{"type":"content_block_stop","index":3}"#,
        ])
        #expect(lines == ["tool 0 c f", #"object 0 {"a":1}"#, "toolEnded 0"])
    }

    @Test("mixed calls are told apart by the block's index")
    func mixedCalls() throws {
        let tool = { (index: Int) in
            #"{"type":"content_block_start","index":\#(index),"content_block":{"type":"tool_use","id":"c\#(index)","name":"f","input":{}}}"#
        }
        let piece = { (index: Int, text: String) in
            #"{"type":"content_block_delta","index":\#(index),"delta":{"type":"input_json_delta","partial_json":"\#(text)"}}"#
        }
        let end = { (index: Int) in #"{"type":"content_block_stop","index":\#(index)}"# }
        let lines = try read([
            tool(1), tool(4), piece(4, "{"), piece(1, "{}"), end(1), piece(4, "}"), end(4), end(4),
        ])
        #expect(
            lines == [
                "tool 0 c1 f", "tool 1 c4 f", "arguments 1 {", "arguments 0 {}", "toolEnded 0", "arguments 1 }",
                "toolEnded 1",
            ])
    }

    @Test("more open calls than a model makes are a broken stream")
    func tooManyCalls() {
        let starts = (0..<17).map {
            #"{"type":"content_block_start","index":\#($0),"content_block":{"type":"tool_use","id":"c","name":"f"}}"#
        }
        #expect(throws: TranslationFault(.brokenAnswer("too many open tool calls"))) { try read(starts) }
    }

    @Test("usage is replaced member by member; what is absent or null stays")
    func usage() throws {
        let lines = try read([
            start, finish("end_turn", #"{"input_tokens":null,"output_tokens":3}"#),
            #"{"type":"message_delta","delta":{},"usage":{"input_tokens":9,"cache_creation_input_tokens":2,"output_tokens":5}}"#,
            stop,
        ])
        #expect(
            lines == [
                "started msg_1 claude", "usage 10(4+0+0) 1(0)", "finished stop ", "usage 10(4+0+0) 3(0)",
                "usage 15(4+2+0) 5(0)", "ended",
            ])
    }

    @Test("events, blocks and deltas of unknown types mean nothing")
    func unknown() throws {
        let lines = try read([
            #"{"type":"novelty"}"#, #"{"no":"type"}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"w","input":{}}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}"#,
            #"{"type":"content_block_stop","index":0}"#,
        ])
        #expect(lines.isEmpty)
    }

    @Test("an error event is a failure and never an ending")
    func error() throws {
        let error = #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}"#
        let lines = try read([
            start, #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#, error,
        ])
        #expect(lines == ["started msg_1 claude", "usage 10(4+0+0) 1(0)", "text Hi", "failed \(error)"])
    }

    @Test("an exception of Bedrock's framing is a failure, with a body or without")
    func exception() throws {
        for (data, expected) in [(#"{"message":"slow"}"#, #"{"message":"slow"}"#), ("", "{}")] {
            var reader = MessagesStreamReader()
            var events: [StreamEvent] = []
            var text = data
            try text.withUTF8 { bytes in
                try reader.read(
                    WireEvent(
                        name: UnsafeRawBufferPointer(start: nil, count: 0), data: UnsafeRawBufferPointer(bytes),
                        isException: true), tape: JSONTape(), into: &events)
                #expect(events.map(MessagesTesting.line) == ["failed \(expected)"])
            }
        }
    }

    @Test("a stream that is cut, even behind its finish, does not end")
    func cut() throws {
        let lines = try read([start, finish("end_turn")])
        #expect(lines.contains("finished stop "))
        #expect(!lines.contains("ended"))
        #expect(try !read([start]).contains("ended"))
    }

    @Test("a stop without a reason, an unknown reason and text that is no JSON are broken streams")
    func broken() {
        #expect(throws: TranslationFault(.incompleteAnswer, at: "stop_reason")) { try read([start, stop]) }
        #expect(throws: TranslationFault(.brokenAnswer("stop_reason overloaded_error"))) {
            try read([start, finish("overloaded_error")])
        }
        #expect(throws: TranslationFault.self) {
            try MessagesTesting.read([("message_start", "{")], MessagesStreamReader.self)
        }
    }

    @Test("OpenAI's end mark, which some servers add, means nothing")
    func endMark() throws {
        #expect(try MessagesTesting.read([("", "[DONE]"), ("ping", "")], MessagesStreamReader.self).isEmpty)
    }

    @Test(
        "pauses and refusals have their own ends",
        arguments: [("pause_turn", "finished paused "), ("refusal", "finished filtered ")])
    func ends(_ reason: String, _ line: String) throws {
        #expect(try read([finish(reason), stop]).first == line)
    }

    @Test("the words of a refusal come before its finish")
    func refusal() throws {
        let delta =
            #"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"No."}},"usage":{"output_tokens":1}}"#
        #expect(try read([delta, stop]) == ["refusal No.", "finished filtered ", "usage 0(0+0+0) 1(0)", "ended"])
    }
}
