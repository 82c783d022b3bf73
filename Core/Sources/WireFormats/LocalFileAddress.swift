// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Addresses of files on the machine that reads them, `file:…`, where a request says where its media are.
///
/// A model server that follows one opens a file of its own for whoever asked: llama.cpp's does with `--media-path`, vLLM
/// with `--allowed-local-media-path` (their references, read 2026-11). No caller of a gateway has files there, so no
/// request with one goes on. Two steps, because nearly no request has any text that begins so: the scan of every body
/// notices such a string (`RequestFacts.mayNameLocalFile`), and only then `member(of:)` looks where it stands.
public enum LocalFileAddress {
    /// The first byte of a string that need not be looked at is neither of these: an `f`, an escape, white space.
    @inline(__always)
    static func mayBegin(with byte: UInt8) -> Bool { byte | 0x20 == 102 || byte == 92 || byte <= 32 }

    /// Whether a text begins with a scheme for whoever reads URLs leniently (WHATWG URL, "basic URL parser"): in either
    /// case, behind white space, with tabs and line ends within. Escapes mean what they say.
    /// - Parameters:
    ///   - text: what stands between the quotes of a valid JSON string.
    ///   - start: lower case ASCII.
    static func begins(_ text: UnsafeRawBufferPointer, with start: StaticString = "file:") -> Bool {
        var position = 0
        var matched = 0
        while position < text.count, let byte = character(text, &position) {
            if byte < 32 || byte == 32 && matched == 0 { continue }
            guard byte | 0x20 == start.utf8Start[matched] else { return false }
            matched += 1
            if matched == start.utf8CodeUnitCount { return true }
        }
        return false
    }

    /// The next byte that is meant; `nil` for a character that is no ASCII.
    private static func character(_ text: UnsafeRawBufferPointer, _ position: inout Int) -> UInt8? {
        let byte = text[position]
        position += 1
        guard byte == 92 else { return byte }
        let escape = text[position]
        position += 1
        switch escape {
        case 117:
            var value: UInt32 = 0
            for digit in text[position..<position + 4] {
                value = value << 4 | UInt32(digit <= 57 ? digit - 48 : (digit | 0x20) - 87)
            }
            position += 4
            return value < 128 ? UInt8(value) : nil
        // Line ends, tabs and their like, which are passed over alike.
        case 98, 102, 110, 114, 116: return 10
        default: return escape
        }
    }

    /// The first member of a request that says where media are, and names a local file.
    ///
    /// Text may begin so and is nobody's address, nor is what a tool is called with: members count by their names.
    /// - Parameter body: JSON that `RequestScan` has accepted.
    /// - Returns: its path, as `messages[0].content[1].image_url.url`.
    /// - Cost: one pass and no memory but for the path.
    public static func member(of body: UnsafeRawBufferPointer) -> String? {
        guard !body.isEmpty else { return nil }
        var search = LocalFileSearch(scanner: JSONScanner(body))
        guard (try? search.value(named: .empty)) ?? false else { return nil }
        return String(search.path.reversed().joined().drop { $0 == "." })
    }
}

/// A walk over a document that knows the name each value stands under. Recursive: the scan has bounded the nesting.
private struct LocalFileSearch {
    var scanner: JSONScanner
    /// The way to what was found, the innermost step first.
    var path: [String] = []

    /// - Parameter name: of the member that the value, or the array around it, is the value of.
    mutating func value(named name: ByteRange) throws(JSONFault) -> Bool {
        switch try scanner.kind() {
        case .object: return try object()
        case .array: return try array(name)
        case .string:
            let text = try scanner.string().range.slice(scanner.bytes)
            return LocalFileAddress.begins(text) && isAddress(text, name)
        case .number, .bool, .null:
            try scanner.skipValue(depth: 0)
            return false
        }
    }

    private mutating func object() throws(JSONFault) -> Bool {
        try scanner.take(123)
        if try scanner.takeIf(125) { return false }
        repeat {
            let name = try scanner.string().range
            try scanner.take(58)
            if try isForeign(name) {
                try scanner.skipValue(depth: 0)
            } else if try value(named: name) {
                path.append(".\(JSONText.unescaped(name.slice(scanner.bytes)).prefix(64))")
                return true
            }
        } while try scanner.takeIf(44)
        try scanner.take(125)
        return false
    }

    private mutating func array(_ name: ByteRange) throws(JSONFault) -> Bool {
        try scanner.take(91)
        if try scanner.takeIf(93) { return false }
        var index = 0
        repeat {
            if try value(named: name) {
                path.append("[\(index)]")
                return true
            }
            index += 1
        } while try scanner.takeIf(44)
        try scanner.take(93)
        return false
    }

    /// What tools are given and give, and what they are: JSON of the caller's own, which no model server follows.
    private mutating func isForeign(_ name: ByteRange) throws(JSONFault) -> Bool {
        let name = name.slice(scanner.bytes)
        if name.equals("tools") || name.equals("metadata") { return true }
        guard name.equals("input") || name.equals("args") || name.equals("arguments") || name.equals("response")
        else { return false }
        return try scanner.kind() == .object
    }

    /// `url`, `image_url`, `file_url`, `fileUri` and their like, in vendors' words and in those of compatible servers.
    /// What is called data may be text, where no more than a slash tells an address from a heading.
    private func isAddress(_ text: UnsafeRawBufferPointer, _ name: ByteRange) -> Bool {
        var word = JSONText.unescaped(name.slice(scanner.bytes)).lowercased()
        if word.hasSuffix("s") { word.removeLast() }
        if word.hasSuffix("data") { return LocalFileAddress.begins(text, with: "file:/") }
        return word.hasSuffix("url") || word.hasSuffix("uri") || ["image", "audio", "video", "file"].contains(word)
    }
}
