// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// The stream's events; checks what is true of every stream: names inside and outside agree, numbers grow by one.
private func write(_ events: [StreamEvent]) throws -> [JSONValue] {
    try parsed(MessagesTesting.write(events, ResponsesStreamWriter.self))
}

private func parsed(_ text: String) throws -> [JSONValue] {
    try MessagesTesting.events(text).enumerated().map { index, event in
        let data = try MessagesTesting.value(event.data)
        #expect(data["type"] == .string(event.name))
        #expect(data["sequence_number"] == .integer(index))
        return data
    }
}

private func types(_ events: [JSONValue]) -> [String] {
    events.map { String(($0["type"]?.stringValue ?? "").trimmingPrefix("response.")) }
}

@Suite("Streamed responses are written")
struct WriteResponsesStreamTests {
    @Test("the order is the documented one, and every text is said again whole")
    func example() throws {
        let events = try write([
            .started(id: "msg_1", model: "claude"), .thinking("H"), .thinking("m"), .signature("s", block: nil),
            .text("H"), .text("i"), .toolStarted(block: 0, id: "c1", name: "f"),
            .toolArguments(block: 0, fragment: #"{\"a\":"#), .toolArguments(block: 0, fragment: "1}"),
            .toolEnded(block: 0), .finished(Finish(.toolCalls)),
            .usage(UsageCounts(promptTokens: 10, cachedTokens: 4, completionTokens: 7)), .ended,
        ])
        #expect(
            types(events) == [
                "created", "in_progress", "output_item.added", "reasoning_summary_part.added",
                "reasoning_summary_text.delta", "reasoning_summary_text.delta", "reasoning_summary_text.done",
                "reasoning_summary_part.done", "output_item.done", "output_item.added", "content_part.added",
                "output_text.delta", "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
                "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
                "function_call_arguments.done", "output_item.done", "completed",
            ])
        #expect(events[6]["text"] == .string("Hm"))
        #expect(events[13]["text"] == .string("Hi"))
        #expect(
            events[13]
                == (try MessagesTesting.value(
                    #"{"type":"response.output_text.done","sequence_number":13,"item_id":"msg_msg_1_1","output_index":1,"content_index":0,"text":"Hi"}"#
                )))
        #expect(events[19]["arguments"] == .string(#"{"a":1}"#))
        #expect(
            events[21]["response"]
                == (try MessagesTesting.value(
                    #"""
                    {"id":"msg_1","object":"response","created_at":7,"status":"completed","error":null,"incomplete_details":null,"model":"claude","output":[
                      {"id":"rs_msg_1_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"s"},
                      {"id":"msg_msg_1_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[]}]},
                      {"id":"fc_msg_1_2","type":"function_call","status":"completed","call_id":"c1","name":"f","arguments":"{\"a\":1}"}],
                     "parallel_tool_calls":true,"tool_choice":"auto","tools":[],
                     "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":17}}
                    """#)))
        #expect(events[0]["response"]?["status"] == .string("in_progress"))
        #expect(events[0]["response"]?["output"] == .array([]))
        #expect(events[20]["item"] == events[21]["response"]?["output"]?.arrayValue?[2])
    }

    @Test("a sealed text without words is a reasoning item without a summary")
    func sealed() throws {
        let events = try write([
            .started(id: "i", model: "m"), .signature("s", block: nil), .thinking("t"), .finished(Finish(.stop)),
            .ended,
        ])
        let items = events.last?["response"]?["output"]?.arrayValue ?? []
        #expect(items.map { $0["type"] } == [.string("reasoning"), .string("reasoning")])
        #expect(items.map { $0["encrypted_content"] } == [.string("s"), nil])
        #expect(items.map { $0["summary"]?.arrayValue?.count } == [0, 1])
    }

    @Test("refusals have their own events")
    func refusal() throws {
        let events = try write([.text("a"), .refusal("No."), .finished(Finish(.stop)), .ended])
        #expect(
            types(events).suffix(7) == [
                "output_item.added", "content_part.added", "refusal.delta", "refusal.done", "content_part.done",
                "output_item.done", "completed",
            ])
        #expect(
            events.last?["response"]?["output"]?.arrayValue?.last?["content"]
                == (try MessagesTesting.value(#"[{"type":"refusal","refusal":"No."}]"#)))
    }

    @Test("calls that mix are closed in the order in which they began")
    func mixedCalls() throws {
        let events = try write([
            .toolStarted(block: 0, id: "a", name: "f"), .toolArguments(block: 0, fragment: "{"),
            .toolStarted(block: 1, id: "b", name: "g"), .toolObject(block: 1, arguments: #"{"x":1}"#),
            .toolEnded(block: 1), .toolArguments(block: 0, fragment: "}"), .toolEnded(block: 0),
            .finished(Finish(.toolCalls)), .ended,
        ])
        let done = events.filter { $0["type"] == .string("response.output_item.done") }
        #expect(done.map { $0["output_index"] } == [.number("0"), .number("1")])
        #expect(
            events.last?["response"]?["output"]?.arrayValue?.map { $0["arguments"] } == [
                .string("{}"), .string(#"{"x":1}"#),
            ])
    }

    @Test("a call without argument text gets an empty object, one without an id an id")
    func emptyArguments() throws {
        let events = try write([
            .toolStarted(block: 0, id: .empty, name: "f"), .toolStarted(block: 1, id: "b", name: "g"),
            .finished(Finish(.toolCalls)), .ended,
        ])
        let items = events.last?["response"]?["output"]?.arrayValue ?? []
        #expect(items.map { $0["arguments"] } == [.string("{}"), .string("{}")])
        #expect(items.map { $0["call_id"] } == [.string("call_made_0"), .string("b")])
        #expect(types(events).filter { $0 == "function_call_arguments.delta" }.count == 2)
    }

    @Test("an answer that was cut is incomplete, and so is its last item")
    func incomplete() throws {
        let events = try write([.text("a"), .finished(Finish(.length)), .ended])
        #expect(types(events).last == "incomplete")
        let response = events.last?["response"]
        #expect(response?["incomplete_details"]?["reason"] == .string("max_output_tokens"))
        #expect(response?["output"]?.arrayValue?.first?["status"] == .string("incomplete"))
        #expect(response?["usage"] == .null)
        let call = try write([.toolStarted(block: 0, id: "a", name: "f"), .finished(Finish(.length)), .ended])
        #expect(call.last?["response"]?["output"]?.arrayValue?.first?["arguments"] == .string(""))
    }

    @Test("a failure after the beginning is a failed response, before it an error; nothing follows either")
    func failure() throws {
        let writer = JSONWriter()
        var stream = ResponsesStreamWriter(MessagesTesting.answerTarget)
        stream.write(.text("x"), to: writer)
        stream.write(.finished(Finish(.stop)), to: writer)
        stream.fail(WireError(status: 429, message: "Too \"busy\"", type: "rate_limit_error"), to: writer)
        stream.write(.ended, to: writer)
        let events = try parsed(String(decoding: writer.bytes, as: UTF8.self))
        #expect(types(events).last == "failed")
        #expect(
            events.last?["response"]?["error"]
                == (try MessagesTesting.value(#"{"code":"rate_limit_exceeded","message":"Too \"busy\""}"#)))
        #expect(events.last?["response"]?["status"] == .string("failed"))

        writer.reset()
        var early = ResponsesStreamWriter(MessagesTesting.answerTarget)
        early.fail(
            WireError(status: 400, message: "m", type: "t", code: "context_length_exceeded", parameter: "input"),
            to: writer)
        #expect(
            try parsed(String(decoding: writer.bytes, as: UTF8.self)) == [
                MessagesTesting.value(
                    #"{"type":"error","sequence_number":0,"code":"context_length_exceeded","message":"m","param":"input"}"#
                )
            ])
    }

    @Test("an end without a finish is a failure, and a stream that is cut behind its finish has no end")
    func truncation() throws {
        #expect(types(try write([.text("x"), .ended])).last == "failed")
        #expect(types(try write([.text("x"), .finished(Finish(.stop))])).last == "output_text.delta")
    }

    @Test("more than is held to be said again fails instead of growing")
    func bounded() throws {
        let piece = String(repeating: "x", count: 1 << 20)
        let arena = ByteArena()
        let text = JSONString(arena.copy(piece), hasEscapes: false)
        let events = try write([StreamEvent](repeating: .text(text), count: 10) + [.finished(Finish(.stop)), .ended])
        #expect(types(events).last == "failed")
        #expect(types(events).filter { $0 == "output_text.delta" }.count == 9)
    }

    @Test("more open calls than there is room for close the oldest")
    func manyCalls() throws {
        let starts = (0..<17).map { StreamEvent.toolStarted(block: $0, id: "c", name: "f") }
        let done = try write(starts).filter { $0["type"] == .string("response.output_item.done") }
        #expect(done.map { $0["output_index"] } == [.number("0")])
    }

    @Test("a silent stream is kept alive by comments")
    func keepAlive() {
        let writer = JSONWriter()
        var stream = ResponsesStreamWriter(MessagesTesting.answerTarget)
        stream.keepAlive(to: writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == ": keep-alive\n\n")
    }
}
