// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// The stream's events as text: the name, then what matters inside.
private func write(_ events: [StreamEvent]) throws -> [String] {
    try MessagesTesting.events(MessagesTesting.write(events, MessagesStreamWriter.self)).map { event in
        let data = try MessagesTesting.value(event.data)
        #expect(data["type"] == .string(event.name))
        let index = data["index"]?.integerValue.map { " \($0)" } ?? ""
        let inside = data["content_block"] ?? data["delta"]
        return "\(event.name)\(index)" + (inside.map { " \($0.text)" } ?? "")
    }
}

private func usage(_ prompt: Int64, _ completion: Int64) -> StreamEvent {
    .usage(UsageCounts(promptTokens: prompt, completionTokens: completion))
}

@Suite("Streamed messages are written")
struct WriteMessagesStreamTests {
    @Test("the reference's stream, from a wire that tells usage at the end")
    func example() throws {
        var counts = UsageCounts(promptTokens: 10, cachedTokens: 4, completionTokens: 7)
        counts.reasoningTokens = 2
        let text = MessagesTesting.write(
            [
                .started(id: "chatcmpl-1", model: "gpt"), .text("Hi"), .toolStarted(block: 0, id: "c1", name: "f"),
                .toolArguments(block: 0, fragment: #"{\"a\":1}"#), .toolEnded(block: 0), .finished(Finish(.toolCalls)),
                .usage(counts), .ended,
            ], MessagesStreamWriter.self)
        #expect(
            text == #"""
                event: message_start
                data: {"type":"message_start","message":{"id":"chatcmpl-1","type":"message","role":"assistant","model":"gpt","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}

                event: content_block_start
                data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":0}

                event: content_block_start
                data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c1","name":"f","input":{}}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":1}

                event: message_delta
                data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":6,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":7,"output_tokens_details":{"thinking_tokens":2}}}

                event: message_stop
                data: {"type":"message_stop"}


                """#)
    }

    @Test("usage that is known at the beginning stands in the beginning")
    func earlyUsage() throws {
        let text = MessagesTesting.write(
            [.started(id: "i", model: "m"), usage(9, 1), .text("x")], MessagesStreamWriter.self)
        let first = try MessagesTesting.value(MessagesTesting.events(text)[0].data)
        #expect(first["message"]?["usage"]?["input_tokens"] == .number("9"))
    }

    @Test("of usage that repeats the last word counts, once")
    func repeatedUsage() throws {
        let text = MessagesTesting.write(
            [
                .started(id: "i", model: "m"), .text("x"), usage(9, 1), .text("y"), usage(9, 2),
                .finished(Finish(.stop)), usage(9, 3), .ended,
            ], MessagesStreamWriter.self)
        let deltas = try MessagesTesting.events(text).filter { $0.name == "message_delta" }
            .map { try MessagesTesting.value($0.data) }
        #expect(deltas.count == 1)
        #expect(deltas.first?["usage"]?["output_tokens"] == .number("3"))
    }

    @Test("thinking blocks end with their signature, and blocks are numbered without gaps")
    func thinking() throws {
        let lines = try write([
            .started(id: "i", model: "m"), .thinking("a"), .thinking("b"), .signature("s1", block: nil),
            .thinking("c"), .text(""), .redactedThinking("d"), .signature("s2", block: nil), .text("t"),
            .finished(Finish(.stop)), .ended,
        ])
        let thinking = #"{"type":"thinking","thinking":"","signature":""}"#
        #expect(
            lines == [
                "message_start", "content_block_start 0 \(thinking)",
                #"content_block_delta 0 {"type":"thinking_delta","thinking":"a"}"#,
                #"content_block_delta 0 {"type":"thinking_delta","thinking":"b"}"#,
                #"content_block_delta 0 {"type":"signature_delta","signature":"s1"}"#, "content_block_stop 0",
                "content_block_start 1 \(thinking)",
                #"content_block_delta 1 {"type":"thinking_delta","thinking":"c"}"#, "content_block_stop 1",
                #"content_block_start 2 {"type":"redacted_thinking","data":"d"}"#, "content_block_stop 2",
                "content_block_start 3 \(thinking)",
                #"content_block_delta 3 {"type":"signature_delta","signature":"s2"}"#, "content_block_stop 3",
                #"content_block_start 4 {"type":"text","text":""}"#,
                #"content_block_delta 4 {"type":"text_delta","text":"t"}"#, "content_block_stop 4",
                #"message_delta {"stop_reason":"end_turn","stop_sequence":null}"#, "message_stop",
            ])
    }

    @Test("a call whose arguments are whole is closed by the next one, though nobody said that it ended")
    func sequentialCalls() throws {
        let lines = try write([
            .toolStarted(block: 0, id: "a", name: "f"), .toolArguments(block: 0, fragment: "{"),
            .toolArguments(block: 0, fragment: "}"), .toolStarted(block: 1, id: "b", name: "g"),
            .toolObject(block: 1, arguments: #"{"x":"y"}"#), .finished(Finish(.toolCalls)), .ended,
        ])
        #expect(
            lines == [
                "message_start", #"content_block_start 0 {"type":"tool_use","id":"a","name":"f","input":{}}"#,
                #"content_block_delta 0 {"type":"input_json_delta","partial_json":"{"}"#,
                #"content_block_delta 0 {"type":"input_json_delta","partial_json":"}"}"#, "content_block_stop 0",
                #"content_block_start 1 {"type":"tool_use","id":"b","name":"g","input":{}}"#,
                #"content_block_delta 1 {"type":"input_json_delta","partial_json":"{\"x\":\"y\"}"}"#,
                "content_block_stop 1", #"message_delta {"stop_reason":"tool_use","stop_sequence":null}"#,
                "message_stop",
            ])
    }

    @Test("calls that mix stay open until they end")
    func mixedCalls() throws {
        let lines = try write([
            .toolStarted(block: 0, id: "a", name: "f"), .toolArguments(block: 0, fragment: "{"),
            .toolStarted(block: 1, id: "b", name: "g"), .toolArguments(block: 1, fragment: "{"),
            .toolArguments(block: 0, fragment: "}"), .toolEnded(block: 0), .toolArguments(block: 1, fragment: "}"),
            .finished(Finish(.toolCalls)), .ended,
        ])
        #expect(
            lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }.filter { $0.hasPrefix("content") }
                == [
                    "content_block_start 0", "content_block_delta 0", "content_block_start 1", "content_block_delta 1",
                    "content_block_delta 0", "content_block_stop 0", "content_block_delta 1", "content_block_stop 1",
                ])
    }

    @Test("a call without argument text gets one empty object", arguments: [true, false])
    func emptyArguments(_ isEnded: Bool) throws {
        let lines = try write(
            [.toolStarted(block: 0, id: "a", name: "f"), .toolArguments(block: 0, fragment: " ")]
                + (isEnded ? [.toolEnded(block: 0)] : []) + [.finished(Finish(.toolCalls)), .ended])
        #expect(lines.filter { $0.contains("input_json_delta") }.count == 1)
        #expect(lines.contains(#"content_block_delta 0 {"type":"input_json_delta","partial_json":"{}"}"#))
    }

    @Test("a call without an id gets one, and more open calls than there is room for close the oldest")
    func manyCalls() throws {
        let starts = (0..<17).map { StreamEvent.toolStarted(block: $0, id: .empty, name: "f") }
        let lines = try write(starts)
        #expect(lines[1].contains(#""id":"call_made_0""#))
        #expect(lines.filter { $0 == "content_block_stop 0" }.count == 1)
        #expect(lines.last?.contains(#""id":"call_made_16""#) ?? false)
    }

    @Test("a failure has neither a finish nor an end, and nothing follows it")
    func failure() throws {
        let writer = JSONWriter()
        var stream = MessagesStreamWriter(MessagesTesting.answerTarget)
        stream.write(.started(id: "i", model: "m"), to: writer)
        stream.write(.text("x"), to: writer)
        stream.write(.finished(Finish(.stop)), to: writer)
        stream.fail(WireError(status: 529, message: "Too \"busy\"", type: "overloaded_error"), to: writer)
        stream.write(.text("y"), to: writer)
        stream.write(.ended, to: writer)
        let events = MessagesTesting.events(String(decoding: writer.bytes, as: UTF8.self))
        #expect(
            events.map(\.name) == ["message_start", "content_block_start", "content_block_delta", "error"])
        #expect(
            events.last?.data
                == #"{"type":"error","error":{"type":"overloaded_error","message":"Too \"busy\""}}"#)
    }

    @Test("an end without a finish is an error, not an invented one")
    func endWithoutFinish() throws {
        let lines = try write([.started(id: "i", model: "m"), .text("x"), .ended])
        #expect(lines.last?.hasPrefix("error") ?? false)
        #expect(!lines.contains { $0.hasPrefix("message_delta") || $0.hasPrefix("message_stop") })
    }

    @Test("a stream that is cut behind its finish does not look finished")
    func cut() throws {
        let lines = try write([.started(id: "i", model: "m"), .text("x"), .finished(Finish(.stop)), usage(1, 1)])
        #expect(lines.last?.hasPrefix("content_block_delta") ?? false)
    }

    @Test("an empty answer is a beginning and an end")
    func emptyAnswer() throws {
        #expect(
            try write([.started(id: "i", model: "m"), .finished(Finish(.length)), usage(1, 100), .ended]) == [
                "message_start", #"message_delta {"stop_reason":"max_tokens","stop_sequence":null}"#, "message_stop",
            ])
    }

    @Test("a refusal is text and ends as one; a filtered answer does too")
    func refusals() throws {
        let refused = try write([.refusal("No."), .finished(Finish(.stop)), .ended])
        #expect(refused.contains(#"content_block_delta 0 {"type":"text_delta","text":"No."}"#))
        #expect(refused.contains(#"message_delta {"stop_reason":"refusal","stop_sequence":null}"#))
        let filtered = try write([.finished(Finish(.filtered)), .ended])
        #expect(filtered.contains(#"message_delta {"stop_reason":"refusal","stop_sequence":null}"#))
    }

    @Test("the stop sequence outlives the event that named it")
    func stopSequence() throws {
        let writer = JSONWriter()
        var stream = MessagesStreamWriter(MessagesTesting.answerTarget)
        var text = "END"
        text.withUTF8 { bytes in
            let arena = ByteArena()
            let copy = JSONString(arena.copy(UnsafeRawBufferPointer(bytes)), hasEscapes: false)
            stream.write(.finished(Finish(.stopSequence, stopSequence: copy)), to: writer)
        }
        stream.write(.ended, to: writer)
        let events = MessagesTesting.events(String(decoding: writer.bytes, as: UTF8.self))
        let delta = try MessagesTesting.value(events[1].data)["delta"]
        #expect(delta?.text == #"{"stop_reason":"stop_sequence","stop_sequence":"END"}"#)
    }

    @Test("a silent stream is kept alive by a comment before its first event and by a ping after")
    func keepAlive() {
        let writer = JSONWriter()
        var stream = MessagesStreamWriter(MessagesTesting.answerTarget)
        stream.write(.started(id: "i", model: "m"), to: writer)
        stream.keepAlive(to: writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == ": keep-alive\n\n")
        stream.write(.text("x"), to: writer)
        writer.reset()
        stream.keepAlive(to: writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "event: ping\ndata: {\"type\":\"ping\"}\n\n")
    }
}
