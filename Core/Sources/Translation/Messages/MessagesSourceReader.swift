// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the `source` of an image or a document block.
enum MessagesSourceReader {
    static func image(_ block: JSONElement, _ place: MessagesPlace) throws(TranslationFault) -> Part {
        var part = Part(.image)
        part.cache = CacheMark(block["cache_control"])
        let source = block["source"]
        let type = try place.text(source?["type"], ".source.type")
        if let media = try shared(source, type, place) {
            part.media = media
        } else {
            throw place.fault(.wrongType("base64, url or file"), ".source.type")
        }
        return part
    }

    static func document(
        _ block: JSONElement, _ place: MessagesPlace, _ conversation: Conversation
    ) throws(TranslationFault) -> Part {
        var part = Part(.document)
        part.cache = CacheMark(block["cache_control"])
        let source = block["source"]
        let type = try place.text(source?["type"], ".source.type")
        if let media = try shared(source, type, place) {
            part.media = media
            if media.source == .url { part.media.type = "application/pdf" }
        } else if type == "text" {
            part.media = Media(.text, type: "text/plain", value: try place.text(source?["data"], ".source.data"))
        } else if type == "content" {
            part.media = Media(.text, type: "text/plain", value: try content(source?["content"], place, conversation))
        } else {
            throw place.fault(.wrongType("base64, url, text, content or file"), ".source.type")
        }
        return part
    }

    /// - Returns: `nil` for a type that only documents have, or nothing has.
    private static func shared(
        _ source: JSONElement?, _ type: JSONString, _ place: MessagesPlace
    ) throws(TranslationFault) -> Media? {
        if type == "base64" {
            let data = try place.text(source?["data"], ".source.data")
            guard Base64.isText(data.bytes) else { throw place.fault(.malformedMedia, ".source.data") }
            guard let type = DataURL.mediaType(try place.text(source?["media_type"], ".source.media_type")) else {
                throw place.fault(.malformedMedia, ".source.media_type")
            }
            return Media(.base64, type: type, value: data)
        }
        if type == "url" {
            return Media(.url, type: .empty, value: try place.text(source?["url"], ".source.url"))
        }
        guard type == "file" else { return nil }
        return Media(.fileID, type: .empty, value: try place.text(source?["file_id"], ".source.file_id"))
    }

    /// A document given as blocks: its texts, one after the other.
    private static func content(
        _ value: JSONElement?, _ place: MessagesPlace, _ conversation: Conversation
    ) throws(TranslationFault) -> JSONString {
        if let text = value?.string { return text }
        guard let value, value.isArray else {
            throw place.fault(.wrongType("a string or an array of blocks"), ".source.content")
        }
        var length = 0
        for block in value.elements { length += block["text"]?.string?.bytes.count ?? 0 }
        let memory = conversation.arena.take(length)
        var filled = 0
        var hasEscapes = false
        for block in value.elements {
            guard let text = block["text"]?.string else {
                conversation.addForeign("messages[].content[].source.content[].", block["type"]?.string ?? .empty)
                continue
            }
            UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyBytes(from: text.bytes)
            filled += text.bytes.count
            hasEscapes = hasEscapes || text.hasEscapes
        }
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: hasEscapes)
    }
}
