// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the events of a streamed message of Anthropic's.
///
/// Events are told apart by `type` inside, not by their name, because Bedrock gives all of them one. Events and blocks
/// of types not known here mean nothing: Anthropic says that it will add some.
struct MessagesStreamReader: StreamReading {
    /// Tool blocks that are open, at most as many as a model leaves open at once.
    private var open = InlineArray<16, OpenTool>(repeating: OpenTool())
    private var openCount = 0
    private var tools = 0
    private var usage = MessagesUsage()
    private var hasFinished = false

    private struct OpenTool {
        /// The block's number as the wire counts: all blocks.
        var index: Int64 = 0
        /// As `StreamEvent` counts: tools.
        var block = 0
        var hasArguments = false
    }

    init() {}

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        guard !event.data.isEmpty else {
            if event.isException { events.append(.failed("{}")) }
            return
        }
        // Some compatible servers end this wire as they end OpenAI's.
        guard !JSONString(event.data, hasEscapes: false).begins("[done]") else { return }
        let data = try Self.document(event.data, tape)
        guard !event.isException else { return events.append(.failed(data.raw)) }
        guard let type = data["type"]?.string else { return }
        if type == "content_block_delta" {
            readDelta(data, &events)
        } else if type == "content_block_start" {
            try readStart(data, &events)
        } else if type == "content_block_stop" {
            readStop(data, &events)
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

    private static func document(
        _ bytes: UnsafeRawBufferPointer, _ tape: JSONTape
    ) throws(TranslationFault) -> JSONElement {
        do throws(JSONFault) { return try tape.read(bytes) } catch { throw TranslationFault(.json(error)) }
    }

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
            try start(tool: block, data["index"]?.integer ?? 0, &events)
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
        guard openCount < open.count else { throw TranslationFault(.brokenAnswer("too many open tool calls")) }
        guard let name = tool["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.incompleteAnswer, at: "content_block.name")
        }
        var opened = OpenTool(index: index, block: tools)
        tools += 1
        events.append(.toolStarted(block: opened.block, id: tool["id"]?.string ?? .empty, name: name))
        // Normally empty and followed by fragments.
        if let input = tool["input"], input.isObject, !input.isEmpty {
            opened.hasArguments = true
            events.append(.toolObject(block: opened.block, arguments: input.raw))
        }
        open[openCount] = opened
        openCount += 1
    }

    private mutating func readDelta(_ data: JSONElement, _ events: inout [StreamEvent]) {
        guard let delta = data["delta"], let type = delta["type"]?.string else { return }
        if type == "text_delta" {
            if let text = delta["text"]?.string, !text.isEmpty { events.append(.text(text)) }
        } else if type == "input_json_delta" {
            guard let fragment = delta["partial_json"]?.string, let slot = slot(of: data), !fragment.isEmpty else {
                return
            }
            if !fragment.isBlank { open[slot].hasArguments = true }
            events.append(.toolArguments(block: open[slot].block, fragment: fragment))
        } else if type == "thinking_delta" {
            if let text = delta["thinking"]?.string, !text.isEmpty { events.append(.thinking(text)) }
        } else if type == "signature_delta" {
            if let text = delta["signature"]?.string, !text.isEmpty { events.append(.signature(text, block: nil)) }
        }
    }

    private mutating func readStop(_ data: JSONElement, _ events: inout [StreamEvent]) {
        guard let slot = slot(of: data) else { return }
        let ended = open[slot]
        openCount -= 1
        open[slot] = open[openCount]
        // A call without arguments may come without any text, and no text is no JSON.
        if !ended.hasArguments { events.append(.toolArguments(block: ended.block, fragment: "{}")) }
        events.append(.toolEnded(block: ended.block))
    }

    private func slot(of data: JSONElement) -> Int? {
        let index = data["index"]?.integer ?? 0
        for slot in 0..<openCount where open[slot].index == index { return slot }
        return nil
    }
}
