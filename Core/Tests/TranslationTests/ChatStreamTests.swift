// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// Feeds event data to a reader and tells what it said, in words that outlive the bytes.
private func read(_ data: [String]) throws -> [String] {
    var reader = ChatStreamReader()
    let tape = JSONTape()
    var told: [String] = []
    for var text in data {
        try text.withUTF8 { bytes in
            var events: [StreamEvent] = []
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            try reader.read(WireEvent(name: none, data: UnsafeRawBufferPointer(bytes)), tape: tape, into: &events)
            told += events.map { describe($0) }
        }
    }
    var events: [StreamEvent] = []
    reader.bodyEnded(into: &events)
    return told + events.map { describe($0) }
}

/// One line per event.
func describe(_ event: StreamEvent) -> String {
    switch event {
    case .started(let id, let model): "started \(id.text) \(model.text)"
    case .text(let text): "text \(text.text)"
    case .thinking(let text): "thinking \(text.text)"
    case .signature(let text, let block): "signature \(text.text) of \(block.map { String($0) } ?? "thinking")"
    case .redactedThinking(let text): "redacted \(text.text)"
    case .refusal(let text): "refusal \(text.text)"
    case .toolStarted(let block, let id, let name): "tool \(block) \(id.text) \(name.text)"
    case .toolArguments(let block, let fragment): "arguments \(block) \(fragment.text)"
    case .toolObject(let block, let arguments): "object \(block) \(String(decoding: arguments.bytes, as: UTF8.self))"
    case .toolEnded(let block): "tool end \(block)"
    case .finished(let finish): "finished \(finish.reason)"
    case .usage(let usage): "usage \(usage.promptTokens) \(usage.cachedTokens) \(usage.completionTokens)"
    case .failed(let error): "failed \(String(decoding: error.bytes, as: UTF8.self))"
    case .ended: "ended"
    }
}

@Suite("Streamed chat completions are read")
struct ChatStreamReaderTests {
    private let head = #""id":"c","object":"chat.completion.chunk","created":1,"model":"m""#

    @Test("text, a finish, usage and the end")
    func text() throws {
        let told = try read([
            #"{\#(head),"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
            #"{\#(head),"choices":[{"index":0,"delta":{"content":"Hi \u00e9"},"finish_reason":null}]}"#,
            #"{\#(head),"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            #"{\#(head),"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#,
            "[DONE]",
        ])
        #expect(told == ["started c m", "text Hi é", "finished stop", "usage 10 4 7", "ended", "ended"])
    }

    @Test("parallel calls by index, a fragment without index, a new id at a known index")
    func calls() throws {
        let told = try read([
            #"{\#(head),"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{\"x"}}]}}]}"#,
            #"{\#(head),"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"function":{"arguments":"\":1}"}}]}}]}"#,
            #"{\#(head),"choices":[{"delta":{"tool_calls":[{"index":0,"id":"d","function":{"name":"h","arguments":"{}"}}]}}]}"#,
            #"{\#(head),"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
        ])
        #expect(
            told == [
                "started c m", "tool 0 a f", "tool 1 b g", #"arguments 1 {"x"#, "arguments 0 {}", #"arguments 1 ":1}"#,
                "tool 2 d h", "arguments 2 {}", "tool end 0", "tool end 1", "tool end 2", "finished toolCalls", "ended",
            ])
    }

    @Test(
        "a call without a name breaks the stream, with or without an index",
        arguments: [#"{"function":{"arguments":"{}"}}"#, #"{"index":0,"id":"a","function":{"name":""}}"#, #"{"id":"a"}"#])
    func namelessCall(_ call: String) {
        #expect(throws: TranslationFault(.incompleteAnswer, at: "choices[0].delta.tool_calls[].function.name")) {
            try read([#"{\#(head),"choices":[{"delta":{"tool_calls":[\#(call)]}}]}"#])
        }
    }

    @Test("Azure's filter chunk, empty choices and reasoning under both names")
    func dialects() throws {
        let told = try read([
            #"{"id":"","model":"","object":"","choices":[],"prompt_filter_results":[{}]}"#,
            #"{\#(head),"choices":[{"index":0,"delta":{"reasoning":"A"}}]}"#,
            #"{\#(head),"choices":[{"index":0,"delta":{"reasoning_content":"B"}}]}"#,
            #"{\#(head),"choices":[{"index":1,"delta":{"content":"another choice"}}]}"#,
        ])
        #expect(told == ["started c m", "thinking A", "thinking B"])
    }

    @Test(
        "an error is the end, whatever follows it",
        arguments: [
            #"{"error":{"message":"m","type":"t"}}"#, #"{"object":"error","message":"m","code":500}"#,
        ])
    func errors(_ error: String) throws {
        #expect(try read([error]).first == "failed \(error)")
    }

    @Test("without a finish reason the end of the body is no end")
    func truncated() throws {
        let told = try read([#"{\#(head),"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#])
        #expect(told == ["started c m", "text Hi"])
    }

    @Test("a finish reason that nobody knows breaks the stream")
    func unknownFinish() {
        #expect(throws: TranslationFault.self) {
            try read([#"{\#(head),"choices":[{"index":0,"delta":{},"finish_reason":"overloaded_error"}]}"#])
        }
    }
}

@Suite("Streamed chat completions are written")
struct ChatStreamWriterTests {
    private func write(_ events: [StreamEvent], includesUsage: Bool = true) -> [String] {
        let writer = JSONWriter()
        var stream = ChatStreamWriter(
            AnswerTarget(model: "public", id: "chatcmpl-1", createdUnixSeconds: 9, includesUsage: includesUsage))
        for event in events { stream.write(event, to: writer) }
        return String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n\n").map { String($0.dropFirst(6)) }
    }

    @Test("what is written is read as the same events")
    func roundTrip() throws {
        var usage = UsageCounts(promptTokens: 10, cachedTokens: 4, completionTokens: 7)
        usage.reasoningTokens = 2
        let events: [StreamEvent] = [
            .started(id: "x", model: "m"), .thinking("hm"), .text(#"a\"b"#), .toolStarted(block: 3, id: "i", name: "f"),
            .toolArguments(block: 3, fragment: #"{\"a\":1}"#), .toolStarted(block: 5, id: "j", name: "g"),
            .toolObject(block: 5, arguments: #"{"b":"c"}"#), .finished(Finish(.toolCalls)), .usage(usage), .ended,
        ]
        let told = try read(write(events))
        #expect(
            told == [
                "started x m", "thinking hm", #"text a"b"#, "tool 0 i f", #"arguments 0 {"a":1}"#, "tool 1 j g",
                #"arguments 1 {"b":"c"}"#, "tool end 0", "tool end 1", "finished toolCalls", "usage 10 4 7", "ended",
                "ended",
            ])
    }

    @Test("every chunk is JSON with id, model and time of the first; the first says the role")
    func chunks() throws {
        let lines = write([.text("Hi"), .finished(Finish(.stop)), .usage(UsageCounts(promptTokens: 1)), .ended])
        #expect(lines.last == "[DONE]")
        let chunks = try lines.dropLast().map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(chunks.allSatisfy { $0["id"]?.stringValue == "chatcmpl-1" && $0["model"]?.stringValue == "public" })
        #expect(chunks.allSatisfy { $0["created"]?.integerValue == 9 })
        #expect(chunks[0]["choices"]?.arrayValue?[0]["delta"]?["role"]?.stringValue == "assistant")
        #expect(chunks.last?["choices"] == .array([]) && chunks.last?["usage"]?["prompt_tokens"]?.integerValue == 1)
    }

    @Test("a caller who did not ask for usage sees none of it")
    func withoutUsage() {
        let lines = write(
            [.text("x"), .finished(Finish(.stop)), .usage(UsageCounts(promptTokens: 1)), .ended], includesUsage: false)
        #expect(!lines.contains { $0.contains("usage") })
    }

    @Test("a broken stream ends with an error and neither a finish reason nor [DONE]")
    func broken() {
        let writer = JSONWriter()
        var stream = ChatStreamWriter(AnswerTarget(model: "m", id: "i", createdUnixSeconds: 0))
        stream.write(.text("half"), to: writer)
        stream.fail(WireError(status: 502, message: "m", type: "upstream_error"), to: writer)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(
            text.hasSuffix(
                "data: {\"error\":{\"message\":\"m\",\"type\":\"upstream_error\",\"param\":null,\"code\":null}}\n\n"))
        #expect(!text.contains("[DONE]") && !text.contains(#""finish_reason":"stop""#))
    }

    @Test("without a finish there is no [DONE], whatever else ends, but an error")
    func endWithoutFinish() {
        let last = write([.text("x"), .ended]).last ?? ""
        #expect(last.hasPrefix(#"{"error":{"message":"The endpoint's answer stopped"#))
    }

    @Test("how it ended is told last, and of several words the last counts")
    func lateFinish() throws {
        let told = try read(
            write([
                .text("a"), .finished(Finish(.stop)), .toolStarted(block: 0, id: "i", name: "f"),
                .toolObject(block: 0, arguments: "{}"), .finished(Finish(.toolCalls)), .ended, .ended,
            ]))
        #expect(
            told == [
                "started chatcmpl-1 public", "text a", "tool 0 i f", "arguments 0 {}", "tool end 0",
                "finished toolCalls",
                "ended", "ended",
            ])
    }

    @Test("a call without an id gets one of the answer's and its own number")
    func madeID() throws {
        let told = try read(write([.toolStarted(block: 4, id: "", name: "f"), .finished(Finish(.toolCalls)), .ended]))
        #expect(told[1] == "tool 0 call_chatcmpl-1_0 f")
    }
}
