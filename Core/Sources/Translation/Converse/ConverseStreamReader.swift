// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the events of ConverseStream.
///
/// Events are told apart by their name; text and thinking come without a start. The end is the end of the body: after
/// `messageStop` nothing must come, though `metadata` with the counts normally does.
/// - Lifetime: what is said of a failure points into the reader's own memory, everything else into the event.
struct ConverseStreamReader: StreamReading {
    private var calls = OpenCalls()
    private var hasFinished = false
    private var hasFailed = false
    /// The failure in words for `ErrorFacts`; made when there is one.
    private var failure: JSONWriter?

    init() {}

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        guard !event.isException else { return fail(event, tape, &events) }
        let name = JSONString(event.name, hasEscapes: false)
        if name == "contentBlockDelta" {
            try readDelta(try tape.document(event.data), &events)
        } else if name == "contentBlockStart" {
            try readStart(try tape.document(event.data), &events)
        } else if name == "contentBlockStop" {
            calls.end(Self.index(try tape.document(event.data)), &events)
        } else if name == "messageStart" {
            events.append(.started(id: .empty, model: .empty))
        } else if name == "messageStop" {
            let finish = try ConverseFinish.read(try tape.document(event.data))
            calls.endAll(&events)
            hasFinished = true
            events.append(.finished(finish))
        } else if name == "metadata" {
            guard let usage = try tape.document(event.data).present("usage") else { return }
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

    // MARK: Blocks

    private mutating func readStart(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let call = data["start"]?["toolUse"], !ConverseAnswerReader.isServerSide(call) else { return }
        try calls.begin(
            Self.index(data), id: call["toolUseId"]?.string, name: call["name"]?.string, at: "start.toolUse.name",
            &events)
    }

    private mutating func readDelta(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let delta = data["delta"] else { return }
        if let text = delta["text"]?.string {
            if !text.isEmpty { events.append(.text(text)) }
        } else if let fragment = delta["toolUse"]?["input"]?.string {
            calls.take(fragment, of: Self.index(data), &events)
        } else if let reasoning = delta["reasoningContent"] {
            Self.read(reasoning: reasoning, &events)
        }
    }

    private static func read(reasoning: JSONElement, _ events: inout [StreamEvent]) {
        if let text = reasoning["text"]?.string, !text.isEmpty { events.append(.thinking(text)) }
        if let text = reasoning["signature"]?.string, !text.isEmpty { events.append(.signature(text, block: nil)) }
        if let data = reasoning["redactedContent"]?.string { events.append(.redactedThinking(data)) }
    }

    private static func index(_ data: JSONElement) -> Int64 { data["contentBlockIndex"]?.integer ?? 0 }
}
