// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes a streamed response.
///
/// The last event repeats the whole answer, so all of it is held: `heldBytesMax` is where a stream fails instead. As on
/// the other wires the end waits for the endpoint's own end.
struct ResponsesStreamWriter: StreamWriting {
    /// Far above what any model puts out in one answer.
    static let heldBytesMax = 8 << 20

    private enum Phase { case fresh, started, over }

    private let target: AnswerTarget
    /// Id and model of the endpoint, which the last event says again.
    private let arena = ByteArena()
    private var envelope: ResponsesEnvelope
    private var items: ResponsesItemStream
    private var phase = Phase.fresh
    private var usage: UsageCounts?
    private var finish: Finish.Reason?

    init(_ target: AnswerTarget) {
        self.target = target
        envelope = ResponsesEnvelope(
            id: target.id, model: target.model, createdUnixSeconds: target.createdUnixSeconds)
        items = ResponsesItemStream(response: target.id)
    }

    mutating func write(_ event: StreamEvent, to writer: JSONWriter) {
        guard phase != .over else { return }
        switch event {
        case .started(let id, let model): start(id, model, writer)
        case .usage(let counts): usage = counts
        case .finished(let finish): self.finish = finish.reason
        case .failed: break
        case .ended: end(writer)
        default:
            start(.empty, .empty, writer)
            writeContent(event, writer)
            if items.heldBytes > Self.heldBytesMax {
                fail(WireError(status: 502, message: "The answer is too long.", type: "api_error"), to: writer)
            }
        }
    }

    private mutating func writeContent(_ event: StreamEvent, _ writer: JSONWriter) {
        switch event {
        case .text(let text): if !text.isEmpty { items.write(.text, text, writer) }
        case .refusal(let text): if !text.isEmpty { items.write(.refusal, text, writer) }
        case .thinking(let text): if !text.isEmpty { items.write(.reasoning, text, writer) }
        // A call's signature has no place on this wire (`AnswerSignatures` carries it elsewhere).
        case .signature(let signature, let block): if block == nil { items.write(seal: signature, writer) }
        case .toolStarted(let block, let id, let name): items.start(call: block, id: id, name: name, writer)
        case .toolArguments(let block, let fragment): items.write(fragment: fragment, call: block, writer)
        case .toolObject(let block, let arguments): items.write(object: arguments, call: block, writer)
        case .toolEnded(let block): items.end(call: block, writer)
        case .redactedThinking, .started, .finished, .usage, .failed, .ended: break
        }
    }

    // MARK: Beginning

    private mutating func start(_ id: JSONString, _ model: JSONString, _ writer: JSONWriter) {
        guard phase == .fresh else { return }
        phase = .started
        if !id.isEmpty { envelope.id = JSONString(arena.copy(id.bytes), hasEscapes: id.hasEscapes) }
        if !model.isEmpty { envelope.model = JSONString(arena.copy(model.bytes), hasEscapes: model.hasEscapes) }
        items = ResponsesItemStream(response: envelope.id)
        writeResponse("response.created", .inProgress, writer)
        writeResponse("response.in_progress", .inProgress, writer)
    }

    private mutating func writeResponse(
        _ type: StaticString, _ status: ResponsesEnvelope.Status, _ writer: JSONWriter
    ) {
        items.events.begin(type, writer)
        writer.name("response")
        let done = items.done
        envelope.write(status, usage: usage, to: writer) { writer in
            if !done.isEmpty { writer.raw(JSONRaw(done.bytes)) }
        }
        items.events.end(writer)
    }

    // MARK: End

    private mutating func end(_ writer: JSONWriter) {
        guard let finish else { return fail(.unfinished, to: writer) }
        start(.empty, .empty, writer)
        phase = .over
        let status = ResponsesFinish.status(finish)
        if case .incomplete = status {
            items.closeAll("incomplete", writer)
            writeResponse("response.incomplete", status, writer)
        } else {
            items.closeAll("completed", writer)
            writeResponse("response.completed", status, writer)
        }
    }

    /// A response that has begun fails; before that there is only an error.
    mutating func fail(_ error: WireError, to writer: JSONWriter) {
        let hasBegun = phase == .started
        phase = .over
        if hasBegun { return writeResponse("response.failed", .failed(error), writer) }
        items.events.begin("error", writer)
        writer.name("code")
        ResponsesEnvelope.writeCode(error, writer)
        writer.name("message")
        writer.string(escaping: error.message)
        writer.name("param")
        if let parameter = error.parameter { writer.string(escaping: parameter) } else { writer.null() }
        items.events.end(writer)
    }

    mutating func keepAlive(to writer: JSONWriter) { writer.text(": keep-alive\n\n") }
}
