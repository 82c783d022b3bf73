// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads Google's streamed answer, chunk by chunk; each is a whole answer with what is new.
///
/// - The end is the end of the body, and a good one only if a chunk said how the answer finished.
/// - Usage is cumulative and comes on many chunks: it is handed on once, at the end, or before a failure.
/// - A signature of text is left out, because no caller's stream has a place for it; those of thoughts and calls are
///   handed on right behind what they sign.
struct GenerateContentStreamReader: StreamReading {
    private var ids = GenerateContentCallID()
    private var usage = GenerateContentUsage()
    private var finish: Finish.Reason?
    private var calls = 0
    private var hasStarted = false
    private var hasFailed = false
    /// For ids and signatures that had to be made; most streams need none.
    private var arena: ByteArena?

    init() {}

    /// - Parameter event: an event of the stream, or an element of the array that comes without `alt=sse`, or an error
    ///   that came without `data:`. Errors may be wrapped in an array of one.
    mutating func read(
        _ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]
    ) throws(TranslationFault) {
        guard !event.data.isEmpty, !hasFailed else { return }
        arena?.reset()
        let body: JSONElement
        do throws(JSONFault) { body = try tape.read(event.data) } catch { throw TranslationFault(.json(error)) }
        guard body.isArray else { return try read(body, into: &events) }
        for element in body.elements where !hasFailed { try read(element, into: &events) }
    }

    mutating func bodyEnded(into events: inout [StreamEvent]) {
        guard !hasFailed else { return }
        if let counts = usage.counts { events.append(.usage(counts)) }
        if finish != nil { events.append(.ended) }
    }

    // MARK: Chunks

    private mutating func read(_ chunk: JSONElement, into events: inout [StreamEvent]) throws(TranslationFault) {
        guard chunk.isObject else { throw TranslationFault(.wrongType("an object")) }
        usage.read(chunk["usageMetadata"])
        if let error = chunk["error"], !error.isEmpty {
            hasFailed = true
            if let counts = usage.counts { events.append(.usage(counts)) }
            return events.append(.failed(chunk.raw))
        }
        start(chunk, into: &events)
        var candidates = chunk["candidates"]?.elements
        guard let candidate = candidates?.next() else {
            if finish == nil, GenerateContentCandidate.isBlocked(chunk) { end(.filtered, into: &events) }
            return
        }
        try readParts(candidate, into: &events)
        try readFinish(candidate, into: &events)
    }

    private mutating func start(_ chunk: JSONElement, into events: inout [StreamEvent]) {
        let id = chunk["responseId"]?.string ?? .empty
        ids.note(responseID: id)
        guard !hasStarted else { return }
        hasStarted = true
        events.append(.started(id: id, model: chunk["modelVersion"]?.string ?? .empty))
    }

    private mutating func readParts(
        _ candidate: JSONElement, into events: inout [StreamEvent]
    ) throws(TranslationFault) {
        guard let parts = candidate["content"]?["parts"] else { return }
        let arena = arena ?? ByteArena()
        self.arena = arena
        for element in parts.elements {
            guard let part = try GenerateContentCandidate.part(element, ids, calls, arena) else { continue }
            switch part.kind {
            case .toolCall: add(part, into: &events)
            case .thinking:
                if !part.text.isEmpty { events.append(.thinking(part.text)) }
                if !part.signature.isEmpty { events.append(.signature(part.signature, block: nil)) }
            default: if !part.text.isEmpty { events.append(.text(part.text)) }
            }
        }
    }

    private mutating func add(_ call: Part, into events: inout [StreamEvent]) {
        events.append(.toolStarted(block: calls, id: call.id, name: call.name))
        if !call.signature.isEmpty { events.append(.signature(call.signature, block: calls)) }
        events.append(.toolObject(block: calls, arguments: call.arguments))
        events.append(.toolEnded(block: calls))
        calls += 1
    }

    // MARK: End

    private mutating func readFinish(
        _ candidate: JSONElement, into events: inout [StreamEvent]
    ) throws(TranslationFault) {
        if let reason = candidate.present("finishReason")?.string {
            end(try GenerateContentFinish.read(reason, hasCalls: calls > 0).reason, into: &events)
        } else if finish == .stop, calls > 0 {
            // The call came behind the reason.
            end(.toolCalls, into: &events)
        }
    }

    private mutating func end(_ reason: Finish.Reason, into events: inout [StreamEvent]) {
        finish = reason
        events.append(.finished(Finish(reason)))
    }
}
