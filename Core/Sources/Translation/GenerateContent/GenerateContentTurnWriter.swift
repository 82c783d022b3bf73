// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes `contents`: turns of one role merged, and results of functions in an entry of their own.
///
/// - Ids go to AI Studio only, and only those that may be its own: Vertex AI goes by position (see 7.5 of the reference
///   on wires), and `call_…` is what we and OpenAI make up.
/// - Gemini 3 refuses a call of the past without its signature. Where the signature is lost, the first call gets the word
///   that Google documents for it.
struct GenerateContentTurnWriter {
    let conversation: Conversation
    let target: EndpointTarget
    let writer: JSONWriter
    private var hasContents = false
    private var isOpen = false
    /// Of the entry that is open: parts of the same role that follow join it, also across turns of which nothing is said.
    private var openRole = JSONString.empty

    /// Google's documentation of thought signatures, read 2026-11. Refused anywhere but on the first call.
    static var lostSignature: JSONString { "skip_thought_signature_validator" }

    init(_ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter) {
        self.conversation = conversation
        self.target = target
        self.writer = writer
    }

    /// - Throws: `emptyConversation` when nothing is left to say.
    mutating func write(losses: inout Losses) throws(TranslationFault) {
        writer.name("contents")
        writer.beginArray()
        var calls = 0..<0
        var at = 0
        while at < conversation.turns.count {
            let block = block(at)
            at = block.next
            if block.role == .assistant {
                calls = block.parts
                writeModel(block.parts, &losses)
            } else {
                try writeResults(block.parts, of: calls, &losses)
                writeUser(block.parts, &losses)
                calls = 0..<0
            }
        }
        endEntry()
        guard hasContents else { throw TranslationFault(.emptyConversation, at: "contents") }
        writer.endArray()
    }

    /// The neighbours of one role from turn `first` on, and the turn behind them.
    private func block(_ first: Int) -> (role: Turn.Role, parts: Range<Int>, next: Int) {
        let role = conversation.turns[first].role
        var next = first + 1
        while next < conversation.turns.count, conversation.turns[next].role == role { next += 1 }
        return (role, conversation.turns[first].start..<conversation.turns[next - 1].end, next)
    }

    // MARK: Entries

    /// Begins an entry with its first part, so that none is empty, and the part.
    mutating func beginPart(_ role: JSONString) {
        if isOpen, !openRole.isSame(as: role) { endEntry() }
        if !isOpen {
            openRole = role
            writer.beginObject()
            writer.member("role", role)
            writer.name("parts")
            writer.beginArray()
            isOpen = true
            hasContents = true
        }
        writer.beginObject()
    }

    mutating func endEntry() {
        guard isOpen else { return }
        writer.endArray()
        writer.endObject()
        isOpen = false
    }

    // MARK: The model's

    private mutating func writeModel(_ range: Range<Int>, _ losses: inout Losses) {
        var needsSignature = target.capabilities.thinking == .adaptive && !isSigned(range)
        for position in range {
            let part = conversation.parts[position]
            switch part.kind {
            case .toolCall:
                writeCall(part, signature: needsSignature ? Self.lostSignature : part.signature)
                needsSignature = false
            case .text, .refusal: writeText(part, "model")
            case .image, .document, .audio, .video: writeMedia(part, "model", &losses)
            case .thinking, .redactedThinking, .toolResult: break
            }
        }
    }

    private func isSigned(_ range: Range<Int>) -> Bool {
        range.contains { conversation.parts[$0].kind == .toolCall && !conversation.parts[$0].signature.isEmpty }
    }

    private mutating func writeCall(_ call: Part, signature: JSONString) {
        beginPart("model")
        writer.name("functionCall")
        writer.beginObject()
        writeID(call)
        writer.member("name", ToolNames.written(call.name, for: .generateContent, arena: conversation.arena))
        writer.member("args", raw: call.arguments)
        writer.endObject()
        writeSignature(signature)
        writer.endObject()
    }

    func writeID(_ call: Part) {
        guard target.home != .vertex, !call.id.isEmpty, !call.id.begins("call_") else { return }
        writer.member("id", call.id)
    }

    private func writeSignature(_ signature: JSONString) {
        guard !signature.isEmpty, Base64.isText(signature.bytes) else { return }
        writer.member("thoughtSignature", signature)
    }

    // MARK: The user's

    private mutating func writeUser(_ range: Range<Int>, _ losses: inout Losses) {
        var position = range.lowerBound
        while position < range.upperBound {
            let part = conversation.parts[position]
            switch part.kind {
            case .text, .refusal: writeText(part, "user")
            case .image, .document, .audio, .video: writeMedia(part, "user", &losses)
            case .toolResult: position += part.childCount
            case .toolCall, .thinking, .redactedThinking: break
            }
            position += 1
        }
    }

    private mutating func writeText(_ part: Part, _ role: JSONString) {
        guard !part.text.isBlank || !part.signature.isEmpty else { return }
        beginPart(role)
        writer.member("text", part.text)
        writeSignature(part.signature)
        writer.endObject()
    }

    private mutating func writeMedia(_ part: Part, _ role: JSONString, _ losses: inout Losses) {
        guard let form = GenerateContentMedia(part, for: target, losses: &losses) else { return }
        beginPart(role)
        form.write(to: writer)
        if target.capabilities.thinking == .adaptive { writeDetail(part) }
        writeSignature(part.signature)
        writer.endObject()
    }

    /// Gemini 3 takes it per part.
    private func writeDetail(_ part: Part) {
        guard part.kind == .image, part.detail != .auto else { return }
        writer.name("mediaResolution")
        writer.beginObject()
        writer.member("level", part.detail == .low ? "MEDIA_RESOLUTION_LOW" : "MEDIA_RESOLUTION_HIGH")
        writer.endObject()
    }
}
