// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The texts of a small XML document by path: `AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId`.
///
/// What STS answers, and no more: elements, text, the five named entities and numbers, comments, declarations.
/// Attributes are passed over, names keep their prefix. A document type or CDATA is refused.
/// - Limits: `depthMax` levels, `elementsMax` elements; the caller bounds the size.
struct XMLTexts {
    private var texts: [String: String] = [:]

    static let depthMax = 16
    static let elementsMax = 512

    /// The text of the first element at `path`, without that of elements inside; `nil` when there is no such element.
    subscript(path: String) -> String? { texts[path] }

    /// `nil` when it is not well formed, or has what is not understood.
    init?(parsing bytes: [UInt8]) {
        var reader = Reader(bytes: bytes[...])
        guard reader.read() else { return nil }
        texts = reader.texts
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>
        var texts: [String: String] = [:]
        private var open: [(name: String, path: String, text: [UInt8])] = []
        private var elements = 0

        init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

        mutating func read() -> Bool {
            while let first = bytes.first {
                let isRead = first == UInt8(ascii: "<") ? readMarkup() : readText()
                guard isRead else { return false }
            }
            return open.isEmpty && elements > 0
        }

        private mutating func readMarkup() -> Bool {
            if take("<!--") { return skip(through: "-->") }
            if take("<?") { return skip(through: "?>") }
            if take("</") { return readEnd() }
            return take("<") && readStart()
        }

        private mutating func readStart() -> Bool {
            let name = takeName()
            guard !name.isEmpty, open.count < XMLTexts.depthMax, elements < XMLTexts.elementsMax else { return false }
            // Two roots are no document.
            guard !open.isEmpty || elements == 0 else { return false }
            elements += 1
            let path = open.last.map { "\($0.path)/\(name)" } ?? name
            guard skipAttributes() else { return false }
            open.append((name, path, []))
            if take("/>") { return close() }
            return take(">")
        }

        private mutating func readEnd() -> Bool {
            let name = takeName()
            skipSpace()
            return take(">") && open.last?.name == name && close()
        }

        private mutating func close() -> Bool {
            guard let element = open.popLast() else { return false }
            if texts[element.path] == nil { texts[element.path] = String(decoding: element.text, as: UTF8.self) }
            return true
        }

        /// Up to the tag's end; a quoted value may contain `>`.
        private mutating func skipAttributes() -> Bool {
            while let byte = bytes.first, byte != UInt8(ascii: ">"), !bytes.starts(with: "/>".utf8) {
                bytes.removeFirst()
                guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else { continue }
                guard let end = bytes.firstIndex(of: byte) else { return false }
                bytes = bytes[(end + 1)...]
            }
            return true
        }

        private mutating func readText() -> Bool {
            let end = bytes.firstIndex(of: UInt8(ascii: "<")) ?? bytes.endIndex
            var text = bytes[..<end]
            bytes = bytes[end...]
            guard !open.isEmpty else { return text.allSatisfy(Self.isSpace) }
            while let byte = text.popFirst() {
                guard byte == UInt8(ascii: "&") else {
                    open[open.count - 1].text.append(byte)
                    continue
                }
                guard let semicolon = text.firstIndex(of: UInt8(ascii: ";")),
                    let meaning = Self.entity(text[..<semicolon])
                else { return false }
                open[open.count - 1].text += meaning
                text = text[(semicolon + 1)...]
            }
            return true
        }

        private static func entity(_ name: ArraySlice<UInt8>) -> [UInt8]? {
            switch String(decoding: name.prefix(8), as: UTF8.self) {
            case "amp": return [UInt8(ascii: "&")]
            case "lt": return [UInt8(ascii: "<")]
            case "gt": return [UInt8(ascii: ">")]
            case "quot": return [UInt8(ascii: "\"")]
            case "apos": return [UInt8(ascii: "'")]
            case let text where text.hasPrefix("#x"): return character(text.dropFirst(2), radix: 16)
            case let text where text.hasPrefix("#"): return character(text.dropFirst(1), radix: 10)
            default: return nil
            }
        }

        private static func character(_ digits: Substring, radix: Int) -> [UInt8]? {
            guard let number = UInt32(digits, radix: radix), let scalar = Unicode.Scalar(number) else { return nil }
            return Array(String(Character(scalar)).utf8)
        }

        // MARK: Pieces

        private mutating func take(_ text: StaticString) -> Bool {
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            guard bytes.starts(with: wanted) else { return false }
            bytes = bytes.dropFirst(wanted.count)
            return true
        }

        private mutating func skip(through text: StaticString) -> Bool {
            while !bytes.isEmpty {
                if take(text) { return true }
                bytes.removeFirst()
            }
            return false
        }

        private mutating func takeName() -> String {
            let name = bytes.prefix { byte in
                !Self.isSpace(byte) && !"<>/!?\"'=&".utf8.contains(byte)
            }
            bytes = bytes.dropFirst(name.count)
            return String(decoding: name, as: UTF8.self)
        }

        private mutating func skipSpace() { bytes = bytes.drop(while: Self.isSpace) }

        private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
    }
}
