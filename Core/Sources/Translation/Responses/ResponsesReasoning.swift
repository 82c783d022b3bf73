// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reasoning items: text that people may read, and sealed content that only its provider can open, which stands for a
/// signature.
///
/// The wire knows no thinking that is sealed as a whole. Such thinking of other providers goes out as sealed content
/// with a mark in front, by which it is known again when the caller sends it back.
enum ResponsesReasoning {
    /// - Returns: `nil` for an item that says nothing.
    static func read(_ item: JSONElement, _ arena: ByteArena) -> Part? {
        let sealed = item["encrypted_content"]?.string ?? .empty
        if let data = redacted(sealed) {
            var part = Part(.redactedThinking)
            part.text = data
            return part
        }
        var part = Part(.thinking)
        part.text = joined(texts(of: item), arena)
        part.signature = sealed
        return part.text.isEmpty && sealed.isEmpty ? nil : part
    }

    /// The summary where there is one; open models give their reasoning itself.
    static func texts(of item: JSONElement) -> JSONElements? {
        guard let summary = item["summary"], !summary.isEmpty else { return item["content"]?.elements }
        return summary.elements
    }

    /// The data of thinking that was sealed as a whole.
    static func redacted(_ sealed: JSONString) -> JSONString? {
        guard sealed.begins("redacted_thinking:") else { return nil }
        return JSONString(
            UnsafeRawBufferPointer(rebasing: sealed.bytes[mark.bytes.count...]), hasEscapes: sealed.hasEscapes)
    }

    private static var mark: JSONString { "redacted_thinking:" }

    /// An empty line, escaped.
    static var separator: JSONString {
        let text: StaticString = #"\n\n"#
        return JSONString(
            UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), hasEscapes: true)
    }

    private static func joined(_ elements: JSONElements?, _ arena: ByteArena) -> JSONString {
        guard let elements else { return .empty }
        var count = 0
        var length = 0
        var last = JSONString.empty
        for element in elements {
            guard let text = element["text"]?.string else { continue }
            last = text
            count += 1
            length += text.bytes.count + separator.bytes.count
        }
        guard count > 1 else { return last }
        let memory = arena.take(length - separator.bytes.count)
        var filled = 0
        for element in elements {
            guard let text = element["text"]?.string else { continue }
            if filled > 0 { copy(separator, memory, &filled) }
            copy(text, memory, &filled)
        }
        return JSONString(
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<filled]), hasEscapes: true)
    }

    private static func copy(_ text: JSONString, _ memory: UnsafeMutableRawBufferPointer, _ filled: inout Int) {
        UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyBytes(from: text.bytes)
        filled += text.bytes.count
    }

    // MARK: Writing

    /// The members of an item behind its id.
    static func write(_ part: Part, _ writer: JSONWriter) {
        writer.member("type", "reasoning")
        writer.name("summary")
        writer.beginArray()
        if part.kind == .thinking, !part.text.isEmpty {
            writer.beginObject()
            writer.member("type", "summary_text")
            writer.member("text", part.text)
            writer.endObject()
        }
        writer.endArray()
        if part.kind == .redactedThinking {
            writer.name("encrypted_content")
            writer.beginString()
            writer.piece(mark)
            writer.piece(part.text)
            writer.endString()
        } else if !part.signature.isEmpty {
            writer.member("encrypted_content", part.signature)
        }
    }
}
