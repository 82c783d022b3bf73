// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a streamed message for a caller of Anthropic's wire.
///
/// The beginning waits for the first content, so that it can carry the input's count where the endpoint tells it
/// early; the ending waits for the endpoint's own end, so that one `message_delta` has the last word on usage and a
/// stream that breaks after it named a reason does not look finished.
struct MessagesStreamWriter: StreamWriting {
    private enum Phase { case fresh, starting, started, over }

    private let target: AnswerTarget
    /// Id, model and stop sequence, one after the other: what must outlive the event it came in.
    private let held = JSONWriter(capacity: 256)
    private var id = 0..<0
    private var model = 0..<0
    private var stopSequence = 0..<0
    private var phase = Phase.fresh
    private var blocks = MessagesBlockStream()
    private var usage: UsageCounts?
    private var finish: Finish.Reason?
    private var hasRefusal = false

    init(_ target: AnswerTarget) { self.target = target }

    mutating func write(_ event: StreamEvent, to writer: JSONWriter) {
        guard phase != .over else { return }
        switch event {
        case .started(let id, let model): hold(id, model)
        case .usage(let counts): usage = counts
        case .finished(let finish):
            self.finish = finish.reason
            stopSequence = keep(finish.stopSequence)
        case .failed: break
        case .ended: end(writer)
        default:
            start(writer)
            writeContent(event, writer)
        }
    }

    private mutating func writeContent(_ event: StreamEvent, _ writer: JSONWriter) {
        switch event {
        case .text(let text): if !text.isEmpty { blocks.write(text: text, writer) }
        case .refusal(let text):
            hasRefusal = true
            if !text.isEmpty { blocks.write(text: text, writer) }
        case .thinking(let text): if !text.isEmpty { blocks.write(thinking: text, writer) }
        // A call's signature has no place on this wire (`AnswerSignatures` carries it elsewhere).
        case .signature(let signature, let block): if block == nil { blocks.write(signature: signature, writer) }
        case .redactedThinking(let data): blocks.write(redacted: data, writer)
        case .toolStarted(let block, let id, let name): blocks.start(tool: block, id: id, name: name, target, writer)
        case .toolArguments(let block, let fragment): blocks.write(fragment: fragment, tool: block, writer)
        case .toolObject(let block, let arguments): blocks.write(object: arguments, tool: block, writer)
        case .toolEnded(let block): blocks.end(tool: block, writer)
        case .started, .finished, .usage, .failed, .ended: break
        }
    }

    // MARK: Beginning

    private mutating func hold(_ id: JSONString, _ model: JSONString) {
        guard phase == .fresh else { return }
        phase = .starting
        self.id = keep(id)
        self.model = keep(model)
    }

    private func keep(_ text: JSONString) -> Range<Int> {
        let start = held.count
        held.piece(text)
        return start..<held.count
    }

    private func kept(_ range: Range<Int>) -> JSONString {
        JSONString(UnsafeRawBufferPointer(rebasing: held.bytes[range]), hasEscapes: true)
    }

    private mutating func start(_ writer: JSONWriter) {
        guard phase != .started else { return }
        phase = .started
        writer.text("event: message_start\ndata: ")
        writer.beginObject()
        writer.member("type", "message_start")
        writer.name("message")
        writer.beginObject()
        writer.member("id", id.isEmpty ? target.id : kept(id))
        writer.member("type", "message")
        writer.member("role", "assistant")
        writer.member("model", model.isEmpty ? target.model : kept(model))
        writer.member("content", raw: "[]")
        writer.member("stop_reason", raw: "null")
        writer.member("stop_sequence", raw: "null")
        // Where the count is not known yet it is zero here, and `message_delta` replaces it.
        MessagesUsage.write(usage, writer)
        writer.endObject()
        writer.endObject()
        writer.text("\n\n")
    }

    // MARK: End

    private mutating func end(_ writer: JSONWriter) {
        guard let finish else { return fail(.unfinished, to: writer) }
        start(writer)
        phase = .over
        blocks.closeAll(writer)
        writer.text("event: message_delta\ndata: ")
        writer.beginObject()
        writer.member("type", "message_delta")
        writer.name("delta")
        writer.beginObject()
        MessagesFinish.write(
            Finish(finish, stopSequence: kept(stopSequence)), hasRefusal: hasRefusal, writer)
        writer.endObject()
        MessagesUsage.write(usage, writer)
        writer.endObject()
        writer.text("\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    }

    mutating func fail(_ error: WireError, to writer: JSONWriter) {
        phase = .over
        writer.text("event: error\ndata: ")
        WireErrorBody.write(error, in: .messages, to: writer)
        writer.text("\n\n")
    }

    /// A comment as long as clients wait for `message_start`, which must be their first event.
    mutating func keepAlive(to writer: JSONWriter) {
        if phase == .started {
            writer.text("event: ping\ndata: {\"type\":\"ping\"}\n\n")
        } else {
            writer.text(": keep-alive\n\n")
        }
    }
}
