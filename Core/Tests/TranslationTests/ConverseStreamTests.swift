// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// What a stream means, with texts in place of pointers.
struct ConverseStreamed: Equatable {
    var events: [String] = []
    var fault: TranslationFault?

    var isEnded: Bool { events.last == "ended" }

    /// - Parameter frames: name, data, and whether it is a failure.
    init(_ frames: [(String, String, Bool)], endsBody: Bool = true) {
        var reader = ConverseStreamReader()
        let tape = JSONTape()
        for (name, data, isException) in frames {
            Array(name.utf8).withUnsafeBytes { name in
                Array(data.utf8).withUnsafeBytes { data in
                    take(WireEvent(name: name, data: data, isException: isException), &reader, tape)
                }
            }
            if fault != nil { return }
        }
        var rest: [StreamEvent] = []
        if endsBody { reader.bodyEnded(into: &rest) }
        events += rest.map(Self.text)
    }

    init(_ frames: [(String, String)], endsBody: Bool = true) {
        self.init(frames.map { ($0.0, $0.1, false) }, endsBody: endsBody)
    }

    private mutating func take(_ event: WireEvent, _ reader: inout ConverseStreamReader, _ tape: JSONTape) {
        var found: [StreamEvent] = []
        do throws(TranslationFault) {
            try reader.read(event, tape: tape, into: &found)
        } catch {
            fault = error
        }
        events += found.map(Self.text)
    }

    private static func text(_ event: StreamEvent) -> String {
        switch event {
        case .started: "started"
        case .text(let text): "text \(text.text)"
        case .thinking(let text): "thinking \(text.text)"
        case .signature(let text, let block): "signature \(text.text) \(block.map(String.init) ?? "")"
        case .redactedThinking(let text): "redacted \(text.text)"
        case .refusal(let text): "refusal \(text.text)"
        case .toolStarted(let block, let id, let name): "tool \(block) \(id.text) \(name.text)"
        case .toolArguments(let block, let fragment): "arguments \(block) \(fragment.text)"
        case .toolObject(let block, let raw): "object \(block) \(String(decoding: raw.bytes, as: UTF8.self))"
        case .toolEnded(let block): "end \(block)"
        case .finished(let finish): "finished \(finish.reason) \(finish.stopSequence.text)"
        case .usage(let usage): "usage \(usage.promptTokens) \(usage.cachedTokens) \(usage.completionTokens)"
        case .failed(let raw): "failed \(String(decoding: raw.bytes, as: UTF8.self))"
        case .ended: "ended"
        }
    }
}

@Suite("Converse: streams")
struct ConverseStreamTests {
    private static let start = ("messageStart", #"{"role":"assistant","p":"abc"}"#)
    private static let text = ("contentBlockDelta", #"{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"ab"}"#)
    private static let stop = ("messageStop", #"{"stopReason":"end_turn"}"#)
    private static let metadata = (
        "metadata", #"{"usage":{"inputTokens":6,"outputTokens":7,"cacheReadInputTokens":4},"metrics":{"latencyMs":1}}"#
    )

    private static func delta(_ index: Int, _ delta: String) -> (String, String) {
        ("contentBlockDelta", #"{"contentBlockIndex":\#(index),"delta":\#(delta)}"#)
    }
    private static func tool(_ index: Int, _ id: String) -> (String, String) {
        (
            "contentBlockStart",
            #"{"contentBlockIndex":\#(index),"start":{"toolUse":{"toolUseId":"\#(id)","name":"f"}}}"#
        )
    }
    private static func end(_ index: Int) -> (String, String) {
        ("contentBlockStop", #"{"contentBlockIndex":\#(index)}"#)
    }

    @Test("the worked example: text without a start, one call, counts behind the end")
    func workedExample() {
        let streamed = ConverseStreamed([
            Self.start, Self.text, Self.end(0), Self.tool(1, "c1"), Self.delta(1, #"{"toolUse":{"input":"{\"a\""}}"#),
            Self.delta(1, #"{"toolUse":{"input":":1}"}}"#), Self.end(1), ("messageStop", #"{"stopReason":"tool_use"}"#),
            Self.metadata,
        ])
        #expect(
            streamed.events == [
                "started", "text Hi", "tool 0 c1 f", #"arguments 0 {"a""#, "arguments 0 :1}", "end 0",
                "finished toolCalls ", "usage 10 4 7", "ended",
            ])
    }

    @Test("thinking, its signature and what is hidden of it, in order and all of it")
    func thinking() {
        let streamed = ConverseStreamed([
            Self.delta(0, #"{"reasoningContent":{"text":"one"}}"#),
            Self.delta(0, #"{"reasoningContent":{"signature":"s1"}}"#),
            Self.end(0), Self.delta(1, #"{"reasoningContent":{"redactedContent":"AAEC"}}"#), Self.end(1),
            Self.delta(2, #"{"reasoningContent":{"text":"two"}}"#),
            Self.delta(2, #"{"reasoningContent":{"signature":"s2"}}"#),
        ])
        #expect(streamed.events == ["thinking one", "signature s1 ", "redacted AAEC", "thinking two", "signature s2 "])
    }

    @Test("calls are numbered among themselves, also when their pieces interleave")
    func interleaved() {
        let streamed = ConverseStreamed([
            Self.text, Self.tool(3, "a"), Self.tool(5, "b"), Self.delta(5, #"{"toolUse":{"input":"{\"b\":1}"}}"#),
            Self.delta(3, #"{"toolUse":{"input":"{\"a\":1}"}}"#), Self.end(3), Self.end(5), Self.tool(6, "c"),
            Self.delta(6, #"{"toolUse":{"input":"{}"}}"#), Self.end(6),
        ])
        #expect(
            streamed.events == [
                "text Hi", "tool 0 a f", "tool 1 b f", #"arguments 1 {"b":1}"#, #"arguments 0 {"a":1}"#, "end 0",
                "end 1",
                "tool 2 c f", "arguments 2 {}", "end 2",
            ])
    }

    @Test("a call without arguments has an empty object for them")
    func noArguments() {
        for fragments in [[], [Self.delta(0, #"{"toolUse":{"input":""}}"#)]] {
            let streamed = ConverseStreamed([Self.tool(0, "a")] + fragments + [Self.end(0)])
            #expect(streamed.events == ["tool 0 a f", "arguments 0 {}", "end 0"])
        }
        let unended = ConverseStreamed([Self.tool(0, "a"), Self.stop])
        #expect(unended.events == ["tool 0 a f", "arguments 0 {}", "end 0", "finished stop ", "ended"])
    }

    @Test("what is of no concern to the caller means nothing")
    func ignored() {
        let streamed = ConverseStreamed([
            ("somethingNew", "not even JSON"), ("", "{}"), Self.delta(0, #"{"text":""}"#),
            Self.delta(0, #"{"citation":{}}"#),
            Self.delta(0, #"{"reasoningContent":{"text":""}}"#), Self.delta(9, #"{"toolUse":{"input":"x"}}"#),
            Self.end(9),
            ("contentBlockStart", #"{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}"#),
            ("contentBlockDelta", "{}"), ("metadata", #"{"metrics":{}}"#),
            (
                "contentBlockStart",
                #"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"s","name":"web","type":"server_tool_use"}}}"#
            ),
            Self.delta(1, #"{"toolUse":{"input":"{}"}}"#), Self.end(1),
        ])
        #expect(streamed.events.isEmpty && streamed.fault == nil)
    }

    // MARK: Ends

    @Test("the end is the end of the body, with or without counts, and never before the answer said how it ended")
    func ends() {
        #expect(ConverseStreamed([Self.start, Self.text, Self.stop, Self.metadata]).isEnded)
        #expect(
            ConverseStreamed([Self.start, Self.text, Self.stop]).isEnded, "counts that are missing are no truncation")
        #expect(ConverseStreamed([Self.start, Self.stop]).isEnded, "an empty answer is one")
        #expect(!ConverseStreamed([Self.start, Self.text, Self.stop, Self.metadata], endsBody: false).isEnded)
        for count in 0...2 {
            #expect(!ConverseStreamed(Array([Self.start, Self.text, Self.end(0)].prefix(count))).isEnded)
        }
        #expect(!ConverseStreamed([Self.start, Self.text, Self.metadata]).isEnded, "counts are no end")
        #expect(!ConverseStreamed([(String, String)]()).isEnded)
    }

    @Test(
        "reasons to stop are those of whole answers",
        arguments: [
            ("max_tokens", "length"), ("guardrail_intervened", "filtered"), ("content_filtered", "filtered"),
            ("model_context_window_exceeded", "contextFull"),
        ])
    func reasons(_ word: String, _ reason: String) {
        let streamed = ConverseStreamed([("messageStop", #"{"stopReason":"\#(word)"}"#)])
        #expect(streamed.events == ["finished \(reason) ", "ended"])
    }

    @Test("the stop sequence that came is told")
    func stopSequence() {
        let stop = #"{"stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"EN\nD"}}"#
        #expect(ConverseStreamed([("messageStop", stop)]).events == ["finished stopSequence EN\nD", "ended"])
    }

    @Test(
        "a malformed answer is broken, and never ends",
        arguments: [
            "malformed_model_output", "malformed_tool_use", "something_new",
        ])
    func malformed(_ word: String) {
        let streamed = ConverseStreamed([Self.text, ("messageStop", #"{"stopReason":"\#(word)"}"#), Self.metadata])
        #expect(streamed.fault == TranslationFault(.brokenAnswer("stopReason \(word)")))
        #expect(streamed.events == ["text Hi"])
    }

    @Test("an event that cannot be understood breaks the stream")
    func notUnderstood() {
        #expect(ConverseStreamed([("contentBlockDelta", "{")]).fault == TranslationFault(.json(.unexpectedEnd)))
        #expect(
            ConverseStreamed([("messageStop", "{}")]).fault == TranslationFault(.incompleteAnswer, at: "stopReason"))
        let nameless = ("contentBlockStart", #"{"start":{"toolUse":{"toolUseId":"a"}}}"#)
        #expect(ConverseStreamed([nameless]).fault == TranslationFault(.incompleteAnswer, at: "start.toolUse.name"))
        let many = ConverseStreamed((0..<17).map { Self.tool($0, "a") })
        #expect(many.events.count == 16 && many.fault == TranslationFault(.brokenAnswer("too many open tool calls")))
    }

    // MARK: Failures

    @Test("an exception is a failure, before content and after it, and nothing ends behind it")
    func exceptions() {
        let exception = ("throttlingException", #"{"message":"slow","p":1}"#, true)
        let failed = #"failed {"__type":"throttlingException","message":"slow","p":1}"#
        let before = [[], [Self.start], [Self.start, Self.text], [Self.start, Self.text, Self.stop]]
        for events in before {
            let streamed = ConverseStreamed(events.map { ($0.0, $0.1, false) } + [exception])
            #expect(streamed.events.last == failed && streamed.fault == nil)
        }
    }

    @Test(
        "whatever a failure carries, its JSON is whole",
        arguments: [
            (#"{"__type":"x","message":"m"}"#, #"{"__type":"e","message":"m"}"#), ("", #"{"__type":"e"}"#),
            (#"a "b""#, #"{"__type":"e","message":"a \"b\""}"#), ("[1]", #"{"__type":"e","message":"[1]"}"#),
            ("{}", #"{"__type":"e"}"#),
            (#"{"message":"m""#, #"{"__type":"e","message":"{\"message\":\"m\""}"#),
        ])
    func payloads(_ data: String, _ expected: String) {
        #expect(ConverseStreamed([("e", data, true)]).events == ["failed \(expected)"])
    }
}
