// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reasoning items: text that people may read, and sealed content that only its provider can open, which stands for a
/// signature. Thinking that others sealed as a whole comes as such a signature (`SealedThinking`).
enum ResponsesReasoning {
    /// - Returns: `nil` for an item that says nothing.
    static func read(_ item: JSONElement, _ arena: ByteArena) -> Part? {
        let sealed = item["encrypted_content"]?.string ?? .empty
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
        if !part.text.isEmpty {
            writer.beginObject()
            writer.member("type", "summary_text")
            writer.member("text", part.text)
            writer.endObject()
        }
        writer.endArray()
        if !part.signature.isEmpty { writer.member("encrypted_content", part.signature) }
    }
}
