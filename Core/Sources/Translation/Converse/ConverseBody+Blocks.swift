// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Content blocks.
extension ConverseBody {
    /// Whether the part can stand in a message of this role; reports it where the wire has no place for it.
    mutating func takes(_ part: Part, _ role: Turn.Role) -> Bool {
        switch part.kind {
        case .text, .refusal: return !part.text.isBlank
        case .toolCall: return role == .assistant
        case .toolResult: return role == .user
        // Replayed to those who signed it: a model that does not think has signed nothing.
        case .thinking: return role == .assistant && !part.signature.isEmpty && target.capabilities.thinking != .none
        case .redactedThinking: return role == .assistant && target.capabilities.thinking != .none
        case .image, .document, .audio, .video:
            guard let loss = ConverseMedia.loss(part, role) else { return true }
            losses.add(loss)
            return false
        }
    }

    /// The cache mark that goes behind the part. A mark inside a result goes behind the result, where it means the same.
    func mark(at position: Int) -> CacheMark {
        let part = conversation.parts[position]
        guard part.kind != .thinking, part.kind != .redactedThinking else { return .none }
        guard part.cache == .none else { return part.cache }
        for child in (position + 1)..<(position + 1 + part.childCount) where conversation.parts[child].cache != .none {
            return conversation.parts[child].cache
        }
        return .none
    }

    func writeText(_ text: JSONString) {
        writer.beginObject()
        writer.member("text", text)
        writer.endObject()
    }

    mutating func writeContent(_ part: Part) {
        switch part.kind {
        case .image: writeMedia("image", part)
        case .document: writeMedia("document", part)
        case .audio: writeMedia("audio", part)
        case .video: writeMedia("video", part)
        default: writeText(part.text)
        }
    }

    func writeThinking(_ part: Part) {
        writer.beginObject()
        writer.name("reasoningContent")
        writer.beginObject()
        if part.kind == .redactedThinking {
            writer.member("redactedContent", part.text)
        } else {
            writer.name("reasoningText")
            writer.beginObject()
            writer.member("text", part.text)
            writer.member("signature", part.signature)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }

    // MARK: Media

    private mutating func writeMedia(_ kind: JSONString, _ part: Part) {
        writer.beginObject()
        writer.name(kind)
        writer.beginObject()
        if let format = ConverseMedia.format(part) { writer.member("format", format) }
        if part.kind == .document { writeDocumentName() }
        writer.name("source")
        writer.beginObject()
        switch part.media.source {
        case .base64, .fileID: writer.member("bytes", part.media.value)
        case .text: writer.member("text", part.media.value)
        case .url:
            writer.name("s3Location")
            writer.beginObject()
            writer.member("uri", part.media.value)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    /// The model reads names, takes few characters in them, and no name twice. A file's own name is whatever its sender
    /// chose, words to the model included; so a number it is.
    private mutating func writeDocumentName() {
        documentCount += 1
        writer.name("name")
        writer.beginString()
        writer.piece("document-")
        writer.append(decimal: documentCount)
        writer.endString()
    }

    // MARK: Tools

    func writeCall(_ part: Part, _ position: Int) {
        writer.beginObject()
        writer.name("toolUse")
        writer.beginObject()
        writeID(position)
        writer.member("name", name(part.name))
        writer.member("input", raw: part.arguments)
        writer.endObject()
        writer.endObject()
    }

    mutating func writeResult(_ position: Int, _ pairs: CallPairs) {
        let result = conversation.parts[position]
        writer.beginObject()
        writer.name("toolResult")
        writer.beginObject()
        writeID(pairs.call(of: position) ?? position)
        writer.name("content")
        writer.beginArray()
        var isEmpty = true
        for child in (position + 1)..<(position + 1 + result.childCount) {
            let part = conversation.parts[child]
            guard takesInResult(part) else { continue }
            isEmpty = false
            writeContent(part)
        }
        // Neither nothing nor blank text is taken.
        if isEmpty { writeText("(empty)") }
        writer.endArray()
        if result.isError { writer.member("status", "error") }
        writer.endObject()
        writer.endObject()
    }

    /// The id of the call at `position`, which is its number where the caller's wire has no ids.
    private func writeID(_ position: Int) {
        let id = conversation.parts[position].id
        writer.name("toolUseId")
        guard id.isEmpty else { return writer.string(ToolNames.writtenID(id, arena: conversation.arena)) }
        writer.beginString()
        writer.piece("call_")
        writer.append(decimal: Int64(position))
        writer.endString()
    }

    private mutating func takesInResult(_ part: Part) -> Bool {
        switch part.kind {
        case .audio:
            losses.add(.audio)
            return false
        case .image, .document, .video:
            guard let loss = ConverseMedia.loss(part, .user) else { return true }
            losses.add(loss == .image ? .imageInToolResult : loss)
            return false
        default: return !part.text.isBlank
        }
    }
}
