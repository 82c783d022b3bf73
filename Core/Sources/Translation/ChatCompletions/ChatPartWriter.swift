// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes one part of a user's message.
enum ChatPartWriter {
    static func write(_ part: Part, _ writer: JSONWriter, _ losses: inout Losses) {
        switch part.kind {
        case .text, .refusal: writeText(part.text, writer)
        case .image: writeAddress("image_url", part, writer, &losses)
        case .video: writeAddress("video_url", part, writer, &losses)
        case .audio: writeAudio(part, writer, &losses)
        case .document: writeDocument(part, writer, &losses)
        case .toolCall, .toolResult, .thinking, .redactedThinking: break
        }
    }

    private static func writeText(_ text: JSONString, _ writer: JSONWriter) {
        writer.beginObject()
        writer.member("type", "text")
        writer.member("text", text)
        writer.endObject()
    }

    private static func writeAddress(
        _ name: JSONString, _ part: Part, _ writer: JSONWriter, _ losses: inout Losses
    ) {
        guard part.media.source == .base64 || part.media.source == .url else { return losses.add(.fileID) }
        writer.beginObject()
        writer.member("type", name)
        writer.name(name)
        writer.beginObject()
        writer.name("url")
        writeURL(part.media, writer)
        switch part.detail {
        case .auto: break
        case .low: writer.member("detail", "low")
        case .high: writer.member("detail", "high")
        }
        writer.endObject()
        writer.endObject()
    }

    private static func writeURL(_ media: Media, _ writer: JSONWriter) {
        writer.beginString()
        if media.source == .base64 {
            writer.piece("data:")
            writer.piece(media.type)
            writer.piece(";base64,")
        }
        writer.piece(media.value)
        writer.endString()
    }

    private static func writeAudio(_ part: Part, _ writer: JSONWriter, _ losses: inout Losses) {
        let isMP3 = part.media.type == "audio/mpeg" || part.media.type == "audio/mp3"
        guard part.media.source == .base64, isMP3 || part.media.type == "audio/wav" else { return losses.add(.audio) }
        writer.beginObject()
        writer.member("type", "input_audio")
        writer.name("input_audio")
        writer.beginObject()
        writer.member("data", part.media.value)
        writer.member("format", isMP3 ? "mp3" : "wav")
        writer.endObject()
        writer.endObject()
    }

    /// Text goes as text, which every model can read; other documents as OpenAI's file part.
    private static func writeDocument(_ part: Part, _ writer: JSONWriter, _ losses: inout Losses) {
        switch part.media.source {
        case .text: writeText(part.media.value, writer)
        case .url: losses.add(.document)
        case .fileID: losses.add(.fileID)
        case .base64:
            writer.beginObject()
            writer.member("type", "file")
            writer.name("file")
            writer.beginObject()
            writer.member("filename", part.name.isEmpty ? "document" : part.name)
            writer.name("file_data")
            writeURL(part.media, writer)
            writer.endObject()
            writer.endObject()
        }
    }
}
