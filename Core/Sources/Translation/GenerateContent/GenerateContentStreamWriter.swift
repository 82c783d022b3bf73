// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a streamed answer for a caller of Google's wire: a whole answer per chunk, with what is new.
///
/// - Calls are written whole when they end: nobody on this wire understands fragments. What is held back is bounded.
/// - How the answer finished and what it used stand in the last chunk; there is no other end.
/// - The last chunk has an empty text, as Google's own: google-genai's chats (2.19) forget a turn that has a chunk without
///   parts.
struct GenerateContentStreamWriter: StreamWriting {
    private var model: [UInt8]
    private var id: [UInt8]
    private var frames: GenerateContentFrames
    private var calls = GenerateContentOpenCalls()
    private var finish: Finish.Reason?
    private var usage: UsageCounts?
    /// An end was written: good or bad.
    private(set) var isClosed = false

    init(_ target: AnswerTarget) {
        model = Array(target.model.bytes)
        id = Array(target.id.bytes)
        frames = GenerateContentFrames(target.framing)
    }

    mutating func write(_ event: StreamEvent, to writer: JSONWriter) {
        guard !isClosed else { return }
        switch event {
        case .started(let id, let model):
            if !id.isEmpty { self.id = Array(id.bytes) }
            if !model.isEmpty { self.model = Array(model.bytes) }
        case .text(let text), .refusal(let text): writeText(text, .text, to: writer)
        case .thinking(let text): writeText(text, .thinking, to: writer)
        case .signature(let signature, let block): writeSignature(signature, block, to: writer)
        case .redactedThinking: break
        case .toolStarted(let block, let id, let name): check(calls.begin(block, id: id, name: name), to: writer)
        case .toolArguments(let block, let fragment): check(calls.append(fragment, to: block), to: writer)
        case .toolObject(let block, let arguments): check(calls.set(arguments, of: block), to: writer)
        case .toolEnded(let block): writeCall(block, to: writer)
        case .finished(let finish): self.finish = finish.reason
        case .usage(let usage): self.usage = usage
        case .failed: break
        case .ended: end(to: writer)
        }
    }

    /// Comments would break google-genai (2.19), which takes every line without `data: ` for a piece of JSON. A chunk
    /// with an empty text is what Google itself sends.
    mutating func keepAlive(to writer: JSONWriter) {
        if !isClosed, !frames.keepAlive(writer) { writeChunk(nil, to: writer) }
    }

    mutating func fail(_ error: WireError, to writer: JSONWriter) {
        guard !isClosed else { return }
        isClosed = true
        frames.begin(writer)
        WireErrorBody.write(error, in: .generateContent, to: writer)
        frames.end(writer)
        frames.close(writer)
    }

    // MARK: Pieces

    private mutating func writeText(_ text: JSONString, _ kind: Part.Kind, to writer: JSONWriter) {
        guard !text.isEmpty else { return }
        var part = Part(kind)
        part.text = text
        writeChunk(part, to: writer)
    }

    private mutating func writeSignature(_ signature: JSONString, _ block: Int?, to writer: JSONWriter) {
        guard Base64.isText(signature.bytes) else { return }
        if let block { return check(calls.sign(signature, block), to: writer) }
        var part = Part(.thinking)
        part.signature = signature
        writeChunk(part, to: writer)
    }

    private mutating func writeCall(_ block: Int, to writer: JSONWriter) {
        guard let call = calls.end(block) else { return }
        let isWhole = call.withPart { part in writeChunk(part, to: writer) }
        check(isWhole, to: writer)
    }

    /// Arguments that are no object, or more than may be held back: the stream cannot go on, and must not look finished.
    private mutating func check(_ isGood: Bool, to writer: JSONWriter) {
        guard !isGood else { return }
        fail(WireError(status: 502, message: "The model's tool call is malformed.", type: "api_error"), to: writer)
    }

    // MARK: Chunks

    private mutating func end(to writer: JSONWriter) {
        while let block = calls.first, !isClosed { writeCall(block, to: writer) }
        guard !isClosed else { return }
        // An end without a reason is none.
        guard let finish else { return fail(.unfinished, to: writer) }
        isClosed = true
        writeChunk(nil, finish: finish, usage: usage, to: writer)
        frames.close(writer)
    }

    /// - Parameter part: `nil` for an empty text.
    private mutating func writeChunk(
        _ part: Part?, finish: Finish.Reason? = nil, usage: UsageCounts? = nil, to writer: JSONWriter
    ) {
        frames.begin(writer)
        writer.beginObject()
        writer.name("candidates")
        writer.beginArray()
        writer.beginObject()
        writeContent(part, to: writer)
        if let finish { writer.member("finishReason", GenerateContentFinish.name(finish)) }
        writer.member("index", 0)
        writer.endObject()
        writer.endArray()
        if let usage { GenerateContentUsage.write(usage, to: writer) }
        model.withUnsafeBytes { writer.member("modelVersion", JSONString($0, hasEscapes: false)) }
        id.withUnsafeBytes { writer.member("responseId", JSONString($0, hasEscapes: false)) }
        writer.endObject()
        frames.end(writer)
    }

    private func writeContent(_ part: Part?, to writer: JSONWriter) {
        writer.name("content")
        writer.beginObject()
        writer.member("role", "model")
        writer.name("parts")
        writer.beginArray()
        if let part {
            GenerateContentAnswerPart.write(part, to: writer)
        } else {
            writer.beginObject()
            writer.member("text", "")
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
