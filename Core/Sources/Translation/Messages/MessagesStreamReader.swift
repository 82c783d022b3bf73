// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the events of a streamed message of Anthropic's.
///
/// Events are told apart by `type` inside, not by their name, because Bedrock gives all of them one. Events and blocks
/// of types not known here mean nothing: Anthropic says that it will add some.
struct MessagesStreamReader: StreamReading {
    private var calls = OpenCalls()
    private var usage = MessagesUsage()
    private var hasFinished = false

    init() {}

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        guard !event.data.isEmpty else {
            if event.isException { events.append(.failed("{}")) }
            return
        }
        // Some compatible servers end this wire as they end OpenAI's.
        guard !JSONString(event.data, hasEscapes: false).begins("[done]") else { return }
        let data = try tape.document(event.data)
        guard !event.isException else { return events.append(.failed(data.raw)) }
        guard let type = data["type"]?.string else { return }
        if type == "content_block_delta" {
            readDelta(data, &events)
        } else if type == "content_block_start" {
            try readStart(data, &events)
        } else if type == "content_block_stop" {
            calls.end(Self.index(data), &events)
        } else if type == "message_start" {
            readMessage(data, &events)
        } else if type == "message_delta" {
            try readMessageDelta(data, &events)
        } else if type == "message_stop" {
            guard hasFinished else { throw TranslationFault(.incompleteAnswer, at: "stop_reason") }
            events.append(.ended)
        } else if type == "error" {
            events.append(.failed(data.raw))
        }
    }

    /// The wire has an end of its own: a body that ends without it was cut off.
    mutating func bodyEnded(into events: inout [StreamEvent]) {}

    // MARK: Message

    private mutating func readMessage(_ data: JSONElement, _ events: inout [StreamEvent]) {
        let message = data["message"]
        events.append(.started(id: message?["id"]?.string ?? .empty, model: message?["model"]?.string ?? .empty))
        read(usage: message?.present("usage"), &events)
    }

    private mutating func readMessageDelta(
        _ data: JSONElement, _ events: inout [StreamEvent]
    ) throws(TranslationFault) {
        if let delta = data["delta"], let finish = try MessagesFinish.read(delta) {
            if let text = MessagesFinish.refusal(delta) { events.append(.refusal(text)) }
            hasFinished = true
            events.append(.finished(finish))
        }
        read(usage: data.present("usage"), &events)
    }

    private mutating func read(usage value: JSONElement?, _ events: inout [StreamEvent]) {
        guard let value else { return }
        usage.merge(value)
        events.append(.usage(usage.counts))
    }

    // MARK: Blocks

    private mutating func readStart(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let block = data["content_block"], let type = block["type"]?.string else { return }
        if type == "tool_use" {
            try start(tool: block, Self.index(data), &events)
        } else if type == "text" {
            if let text = block["text"]?.string, !text.isEmpty { events.append(.text(text)) }
        } else if type == "thinking" {
            if let text = block["thinking"]?.string, !text.isEmpty { events.append(.thinking(text)) }
            if let text = block["signature"]?.string, !text.isEmpty { events.append(.signature(text, block: nil)) }
        } else if type == "redacted_thinking" {
            events.append(.redactedThinking(block["data"]?.string ?? .empty))
        }
    }

    private mutating func start(
        tool: JSONElement, _ index: Int64, _ events: inout [StreamEvent]
    ) throws(TranslationFault) {
        try calls.begin(
            index, id: tool["id"]?.string, name: tool["name"]?.string, at: "content_block.name", &events)
        // Normally empty and followed by fragments.
        if let input = tool["input"], input.isObject, !input.isEmpty {
            calls.take(object: input.raw, of: index, &events)
        }
    }

    private mutating func readDelta(_ data: JSONElement, _ events: inout [StreamEvent]) {
        guard let delta = data["delta"], let type = delta["type"]?.string else { return }
        if type == "text_delta" {
            if let text = delta["text"]?.string, !text.isEmpty { events.append(.text(text)) }
        } else if type == "input_json_delta" {
            if let fragment = delta["partial_json"]?.string { calls.take(fragment, of: Self.index(data), &events) }
        } else if type == "thinking_delta" {
            if let text = delta["thinking"]?.string, !text.isEmpty { events.append(.thinking(text)) }
        } else if type == "signature_delta" {
            if let text = delta["signature"]?.string, !text.isEmpty { events.append(.signature(text, block: nil)) }
        }
    }

    private static func index(_ data: JSONElement) -> Int64 { data["index"]?.integer ?? 0 }
}
