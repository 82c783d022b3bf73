// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Content blocks.
extension MessagesBody {
    var takesThinking: Bool { true }

    mutating func writeBlock(_ position: Int) {
        let part = conversation.parts[position]
        switch part.kind {
        case .toolCall: writeCall(part, position)
        case .thinking, .redactedThinking: ThinkingBlock.write(part, to: writer)
        default: writeContent(part)
        }
    }

    private mutating func writeContent(_ part: Part) {
        switch part.kind {
        case .image: writeImage(part)
        case .document: writeDocument(part)
        default: writeText(part)
        }
    }

    mutating func writeText(_ part: Part) {
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", part.text)
        write(part.cache)
        writer.endObject()
    }

    // MARK: Media

    mutating func lossInResult(_ part: Part) -> Feature? { loss(part, .user) }

    mutating func loss(_ part: Part, _ role: Turn.Role) -> Feature? {
        switch part.kind {
        case .audio: return .audio
        case .video: return .video
        case .image:
            guard role == .user else { return .image }
            switch part.media.source {
            case .base64: return Self.isImage(part.media.type) ? nil : .image
            case .url: return part.media.value.begins("http") ? nil : .imageURL
            case .text: return .image
            case .fileID: return .fileID
            }
        case .document:
            guard role == .user else { return .document }
            switch part.media.source {
            case .text: return nil
            case .base64: return part.media.type == "application/pdf" || plainText(part.media) != nil ? nil : .document
            case .url: return part.media.value.begins("http") ? nil : .document
            case .fileID: return .fileID
            }
        default: return nil
        }
    }

    private static func isImage(_ type: JSONString) -> Bool {
        type == "image/png" || type == "image/jpeg" || type == "image/gif" || type == "image/webp"
    }

    private mutating func writeImage(_ part: Part) {
        writer.beginObject()
        writer.member("type", "image")
        writeSource(part.media)
        write(part.cache)
        writer.endObject()
    }

    private mutating func writeDocument(_ part: Part) {
        writer.beginObject()
        writer.member("type", "document")
        if let text = part.media.source == .base64 ? plainText(part.media) : nil {
            writeSource(text: text)
        } else {
            writeSource(part.media)
        }
        if !part.name.isEmpty { writer.member("title", part.name) }
        write(part.cache)
        writer.endObject()
    }

    private func writeSource(_ media: Media) {
        writer.name("source")
        writer.beginObject()
        switch media.source {
        case .url:
            writer.member("type", "url")
            writer.member("url", media.value)
        case .text:
            writer.member("type", "text")
            writer.member("media_type", "text/plain")
            writer.member("data", media.value)
        case .base64, .fileID:
            writer.member("type", "base64")
            writer.member("media_type", media.type)
            writer.member("data", media.value)
        }
        writer.endObject()
    }

    private func writeSource(text: UnsafeRawBufferPointer) {
        writer.name("source")
        writer.beginObject()
        writer.member("type", "text")
        writer.member("media_type", "text/plain")
        writer.name("data")
        writer.beginString()
        writer.escape(text)
        writer.endString()
        writer.endObject()
    }

    /// A text file, which the wire takes as text only; `nil` for other types and for bytes that are no UTF-8. Asked of
    /// the same part several times, so the last answer is kept.
    private mutating func plainText(_ media: Media) -> UnsafeRawBufferPointer? {
        guard media.type.begins("text/"), let source = media.value.bytes.baseAddress else { return nil }
        if decodedText.source != source {
            let bytes = Base64.decoded(media.value, conversation.arena)
            decodedText = (source, bytes.flatMap { String(validating: $0, as: UTF8.self) == nil ? nil : $0 })
        }
        return decodedText.text
    }

    // MARK: Tools

    private mutating func writeCall(_ part: Part, _ position: Int) {
        writer.beginObject()
        writer.member("type", "tool_use")
        writer.name("id")
        conversation.writeCallID(position, to: writer)
        writer.member("name", name(part.name))
        writer.member("input", raw: part.arguments)
        write(part.cache)
        writer.endObject()
    }

    mutating func writeResult(_ position: Int, _ pairs: CallPairs) {
        let result = conversation.parts[position]
        writer.beginObject()
        writer.member("type", "tool_result")
        writer.name("tool_use_id")
        conversation.writeCallID(pairs.call(of: position) ?? position, to: writer)
        writeResultContent((position + 1)..<(position + 1 + result.childCount))
        if result.isError { writer.member("is_error", true) }
        write(result.cache)
        writer.endObject()
    }

    /// One plain text goes as a string, anything else as blocks; nothing is an empty string.
    private mutating func writeResultContent(_ children: Range<Int>) {
        writer.name("content")
        var written = 0
        var only: Part?
        for position in children where takesInResult(conversation.parts[position]) {
            only = conversation.parts[position]
            written += 1
        }
        guard let only, written > 1 || only.kind != .text || only.cache != .none else {
            return writer.string(only?.text ?? .empty)
        }
        writer.beginArray()
        for position in children where takesInResult(conversation.parts[position]) {
            writeContent(conversation.parts[position])
        }
        writer.endArray()
    }
}
