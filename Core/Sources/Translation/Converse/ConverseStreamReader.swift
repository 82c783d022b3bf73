// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the events of ConverseStream.
///
/// Events are told apart by their name; text and thinking come without a start. The end is the end of the body: after
/// `messageStop` nothing must come, though `metadata` with the counts normally does.
/// - Lifetime: what is said of a failure points into the reader's own memory, everything else into the event.
struct ConverseStreamReader: StreamReading {
    /// Tool blocks that are open, at most as many as a model leaves open at once.
    private var open = InlineArray<16, OpenTool>(repeating: OpenTool())
    private var openCount = 0
    private var tools = 0
    private var hasFinished = false
    private var hasFailed = false
    /// The failure in words for `ErrorFacts`; made when there is one.
    private var failure: JSONWriter?

    private struct OpenTool {
        /// The block's number as the wire counts: all blocks.
        var index: Int64 = 0
        /// As `StreamEvent` counts: tools.
        var block = 0
        var hasArguments = false
    }

    init() {}

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        guard !event.isException else { return fail(event, tape, &events) }
        let name = JSONString(event.name, hasEscapes: false)
        if name == "contentBlockDelta" {
            try readDelta(try Self.data(event, tape), &events)
        } else if name == "contentBlockStart" {
            try readStart(try Self.data(event, tape), &events)
        } else if name == "contentBlockStop" {
            readStop(try Self.data(event, tape), &events)
        } else if name == "messageStart" {
            events.append(.started(id: .empty, model: .empty))
        } else if name == "messageStop" {
            let finish = try ConverseFinish.read(try Self.data(event, tape))
            closeTools(&events)
            hasFinished = true
            events.append(.finished(finish))
        } else if name == "metadata" {
            guard let usage = try Self.data(event, tape).present("usage") else { return }
            events.append(.usage(ConverseUsage.read(usage)))
        }
    }

    mutating func bodyEnded(into events: inout [StreamEvent]) {
        if hasFinished, !hasFailed { events.append(.ended) }
    }

    private mutating func fail(_ event: WireEvent, _ tape: JSONTape, _ events: inout [StreamEvent]) {
        hasFailed = true
        let writer = JSONWriter(capacity: 256)
        EventStreamFailure.write(event, tape: tape, to: writer)
        failure = writer
        events.append(.failed(JSONRaw(writer.bytes)))
    }

    private static func data(_ event: WireEvent, _ tape: JSONTape) throws(TranslationFault) -> JSONElement {
        do throws(JSONFault) { return try tape.read(event.data) } catch { throw TranslationFault(.json(error)) }
    }

    // MARK: Blocks

    private mutating func readStart(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let call = data["start"]?["toolUse"], !ConverseAnswerReader.isServerSide(call) else { return }
        guard openCount < open.count else { throw TranslationFault(.brokenAnswer("too many open tool calls")) }
        guard let name = call["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.incompleteAnswer, at: "start.toolUse.name")
        }
        open[openCount] = OpenTool(index: Self.index(data), block: tools)
        openCount += 1
        events.append(.toolStarted(block: tools, id: call["toolUseId"]?.string ?? .empty, name: name))
        tools += 1
    }

    private mutating func readDelta(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let delta = data["delta"] else { return }
        if let text = delta["text"]?.string {
            if !text.isEmpty { events.append(.text(text)) }
        } else if let fragment = delta["toolUse"]?["input"]?.string {
            // Of a call at the provider, or of none: nothing that a caller could make use of.
            guard let slot = slot(of: data), !fragment.isEmpty else { return }
            if !fragment.isBlank { open[slot].hasArguments = true }
            events.append(.toolArguments(block: open[slot].block, fragment: fragment))
        } else if let reasoning = delta["reasoningContent"] {
            Self.read(reasoning: reasoning, &events)
        }
    }

    private static func read(reasoning: JSONElement, _ events: inout [StreamEvent]) {
        if let text = reasoning["text"]?.string, !text.isEmpty { events.append(.thinking(text)) }
        if let text = reasoning["signature"]?.string, !text.isEmpty { events.append(.signature(text, block: nil)) }
        if let data = reasoning["redactedContent"]?.string { events.append(.redactedThinking(data)) }
    }

    private mutating func readStop(_ data: JSONElement, _ events: inout [StreamEvent]) {
        guard let slot = slot(of: data) else { return }
        end(open[slot], &events)
        openCount -= 1
        open[slot] = open[openCount]
    }

    private mutating func closeTools(_ events: inout [StreamEvent]) {
        for slot in 0..<openCount { end(open[slot], &events) }
        openCount = 0
    }

    /// A call without arguments may come without any text, and no text is no JSON.
    private func end(_ tool: OpenTool, _ events: inout [StreamEvent]) {
        if !tool.hasArguments { events.append(.toolArguments(block: tool.block, fragment: "{}")) }
        events.append(.toolEnded(block: tool.block))
    }

    private func slot(of data: JSONElement) -> Int? {
        let index = Self.index(data)
        for slot in 0..<openCount where open[slot].index == index { return slot }
        return nil
    }

    private static func index(_ data: JSONElement) -> Int64 { data["contentBlockIndex"]?.integer ?? 0 }
}
