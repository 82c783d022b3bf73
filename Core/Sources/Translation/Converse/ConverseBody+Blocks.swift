// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Content blocks.
extension ConverseBody {
    /// A model that does not think has signed nothing.
    var takesThinking: Bool { target.capabilities.thinking != .none }

    mutating func loss(_ part: Part, _ role: Turn.Role) -> Feature? { ConverseMedia.loss(part, role) }

    mutating func lossInResult(_ part: Part) -> Feature? {
        part.kind == .audio ? .audio : ConverseMedia.loss(part, .user)
    }

    mutating func writeBlock(_ position: Int) {
        let part = conversation.parts[position]
        switch part.kind {
        case .toolCall: writeCall(part, position)
        case .thinking, .redactedThinking: writeThinking(part)
        default: writeContent(part)
        }
        write(mark(at: position))
    }

    /// A document never comes without words.
    mutating func completeUser(_ group: TurnGroup) {
        var hasText = false
        var hasDocument = false
        for turn in conversation.turns[group.turns] where turn.role == .user {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if part.kind == .document, takes(part, .user) { hasDocument = true }
                if part.kind == .text, takes(part, .user) { hasText = true }
                position += 1 + part.childCount
            }
        }
        if hasDocument, !hasText { writeText("(document)") }
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

    private mutating func writeContent(_ part: Part) {
        switch part.kind {
        case .image: writeMedia("image", part)
        case .document: writeMedia("document", part)
        case .audio: writeMedia("audio", part)
        case .video: writeMedia("video", part)
        default: writeText(part.text)
        }
    }

    private func writeThinking(_ part: Part) {
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

    private func writeCall(_ part: Part, _ position: Int) {
        writer.beginObject()
        writer.name("toolUse")
        writer.beginObject()
        writer.name("toolUseId")
        conversation.writeCallID(position, to: writer)
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
        writer.name("toolUseId")
        conversation.writeCallID(pairs.call(of: position) ?? position, to: writer)
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
        write(mark(at: position))
    }
}
