// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a streamed chat completion.
///
/// Every chunk repeats id, time and model, so their text is made once. How the answer ended is told when nothing more
/// comes: until then the endpoint may say it again, and a stream that breaks must not look finished. `[DONE]` stands only
/// behind it. Of usage the last word goes out, before `[DONE]`, and only to a caller who asked.
struct ChatStreamWriter: StreamWriting {
    private let target: AnswerTarget
    private let head = JSONWriter(capacity: 256)
    private var hasStarted = false
    private var isOver = false
    private var finish: Finish.Reason?
    private var usage: UsageCounts?
    /// Call number by block: blocks count everything, `index` counts calls.
    private var calls: [Int] = []

    init(_ target: AnswerTarget) { self.target = target }

    mutating func write(_ event: StreamEvent, to writer: JSONWriter) {
        guard !isOver else { return }
        switch event {
        case .started(let id, let model): start(id, model, writer)
        case .usage(let counts): usage = counts
        case .ended: end(writer)
        case .finished(let finish): self.finish = finish.reason
        case .failed, .toolEnded: break
        default: writeDelta(event, writer)
        }
    }

    // MARK: Chunks

    private mutating func start(_ id: JSONString, _ model: JSONString, _ writer: JSONWriter) {
        guard !hasStarted else { return }
        hasStarted = true
        head.beginObject()
        head.member("id", id.isEmpty ? target.id : id)
        head.member("object", "chat.completion.chunk")
        head.member("created", target.createdUnixSeconds)
        head.member("model", model.isEmpty ? target.model : model)
        chunk(writer) { writer in
            writer.member("role", "assistant")
            writer.member("content", .empty)
        }
    }

    /// One chunk with a delta that `body` fills.
    private mutating func chunk(
        _ writer: JSONWriter, finish: Finish.Reason? = nil, _ body: (JSONWriter) -> Void
    ) {
        if !hasStarted { start(.empty, .empty, writer) }
        writer.text("data: ")
        writer.append(head.bytes)
        writer.continueObject()
        writer.name("choices")
        writer.beginArray()
        writer.beginObject()
        writer.member("index", 0)
        writer.name("delta")
        writer.beginObject()
        body(writer)
        writer.endObject()
        writer.name("finish_reason")
        if let finish { writer.string(ChatFinish.word(finish)) } else { writer.null() }
        writer.endObject()
        writer.endArray()
        if target.includesUsage {
            writer.name("usage")
            writer.null()
        }
        writer.endObject()
        writer.text("\n\n")
    }

    private mutating func writeDelta(_ event: StreamEvent, _ writer: JSONWriter) {
        let number = callNumber(of: event)
        let target = target
        chunk(writer) { writer in
            switch event {
            case .text(let text): writer.member("content", text)
            case .thinking(let text): writer.member("reasoning_content", text)
            case .refusal(let text): writer.member("refusal", text)
            case .signature(let signature, let block):
                Self.writeSignature(signature, block == nil ? nil : number, writer)
            case .redactedThinking(let data):
                var part = Part(.redactedThinking)
                part.text = data
                Self.writeBlock(part, writer)
            case .toolStarted(_, let id, let name): Self.writeStart(number, target, id, name, writer)
            case .toolArguments(_, let fragment): Self.writeArguments(number, writer) { $0.piece(fragment) }
            case .toolObject(_, let arguments): Self.writeArguments(number, writer) { $0.escape(arguments.bytes) }
            case .started, .toolEnded, .finished, .usage, .failed, .ended: break
            }
        }
    }

    private mutating func callNumber(of event: StreamEvent) -> Int {
        let block: Int
        switch event {
        case .toolStarted(let started, _, _):
            if !calls.contains(started) { calls.append(started) }
            block = started
        case .toolArguments(let fragment, _): block = fragment
        case .toolObject(let whole, _): block = whole
        case .signature(_, let signed?): block = signed
        default: return 0
        }
        return calls.firstIndex(of: block) ?? 0
    }

    private static func writeStart(
        _ number: Int, _ target: AnswerTarget, _ id: JSONString, _ name: JSONString, _ writer: JSONWriter
    ) {
        writeCall(number, writer) { writer in
            writer.name("id")
            target.writeCallID(id, number, writer)
            writer.member("type", "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", name)
            writer.member("arguments", .empty)
            writer.endObject()
        }
    }

    private static func writeArguments(_ number: Int, _ writer: JSONWriter, _ arguments: (JSONWriter) -> Void) {
        writeCall(number, writer) { writer in
            writer.name("function")
            writer.beginObject()
            writer.name("arguments")
            writer.beginString()
            arguments(writer)
            writer.endString()
            writer.endObject()
        }
    }

    /// A delta about one call, whose members behind its number `body` writes.
    private static func writeCall(_ number: Int, _ writer: JSONWriter, _ body: (JSONWriter) -> Void) {
        writer.name("tool_calls")
        writer.beginArray()
        writer.beginObject()
        writer.member("index", Int64(number))
        body(writer)
        writer.endObject()
        writer.endArray()
    }

    private static func writeSignature(_ signature: JSONString, _ call: Int?, _ writer: JSONWriter) {
        guard let call else {
            var part = Part(.thinking)
            part.signature = signature
            return writeBlock(part, writer)
        }
        writeCall(call, writer) { writer in
            // Clients read `function` of every fragment.
            writer.name("function")
            writer.beginObject()
            writer.member("arguments", .empty)
            writer.endObject()
            ChatToolCall.writeSignature(signature, writer)
        }
    }

    private static func writeBlock(_ part: Part, _ writer: JSONWriter) {
        writer.name("thinking_blocks")
        writer.beginArray()
        ThinkingBlock.write(part, to: writer)
        writer.endArray()
    }

    // MARK: Ends

    private mutating func end(_ writer: JSONWriter) {
        guard let finish else { return fail(.unfinished, to: writer) }
        isOver = true
        chunk(writer, finish: finish) { _ in }
        if target.includesUsage, let usage {
            writer.text("data: ")
            writer.append(head.bytes)
            writer.continueObject()
            writer.name("choices")
            writer.beginArray()
            writer.endArray()
            ChatUsage.write(usage, writer)
            writer.endObject()
            writer.text("\n\n")
        }
        writer.text("data: [DONE]\n\n")
    }

    mutating func fail(_ error: WireError, to writer: JSONWriter) {
        isOver = true
        writer.text("data: ")
        WireErrorBody.write(error, in: .chatCompletions, to: writer)
        writer.text("\n\n")
    }

    mutating func keepAlive(to writer: JSONWriter) { writer.text(": keep-alive\n\n") }
}
