// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Parts of a user's message or of a call's output.
extension ResponsesBody {
    /// Whether the part has a place here; reports it where not.
    mutating func takes(_ part: Part) -> Bool {
        guard let loss = loss(part) else { return part.kind != .text && part.kind != .refusal || !part.text.isBlank }
        losses.add(loss)
        return false
    }

    private func loss(_ part: Part) -> Feature? {
        switch part.kind {
        case .audio: return .audio
        case .video: return .video
        case .image, .document:
            let isImage = part.kind == .image
            switch part.media.source {
            case .base64: return nil
            case .text: return isImage ? .image : nil
            case .url: return part.media.value.begins("http") ? nil : isImage ? .imageURL : .document
            case .fileID: return .fileID
            }
        case .text, .refusal, .toolCall, .toolResult, .thinking, .redactedThinking: return nil
        }
    }

    func writeContent(_ part: Part) {
        switch part.kind {
        case .text, .refusal: write("input_text", "text", part.text)
        case .image: writeImage(part)
        case .document: writeDocument(part)
        case .audio, .video, .toolCall, .toolResult, .thinking, .redactedThinking: break
        }
    }

    private func writeImage(_ part: Part) {
        writer.beginObject()
        writer.member("type", "input_image")
        write("image_url", part.media)
        switch part.detail {
        case .auto: break
        case .low: writer.member("detail", "low")
        case .high: writer.member("detail", "high")
        }
        writer.endObject()
    }

    /// Text goes as text, which every model can read.
    private func writeDocument(_ part: Part) {
        if part.media.source == .text { return write("input_text", "text", part.media.value) }
        writer.beginObject()
        writer.member("type", "input_file")
        if part.media.source == .url {
            writer.member("file_url", part.media.value)
        } else {
            writer.member("filename", part.name.isEmpty ? "document" : part.name)
            write("file_data", part.media)
        }
        writer.endObject()
    }

    private func write(_ name: JSONString, _ media: Media) {
        writer.name(name)
        writer.beginString()
        if media.source == .base64 {
            writer.piece("data:")
            writer.piece(media.type)
            writer.piece(";base64,")
        }
        writer.piece(media.value)
        writer.endString()
    }
}
