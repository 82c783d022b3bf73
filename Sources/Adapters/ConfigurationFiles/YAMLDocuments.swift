// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Yams

// Text to trees. The text is cut at its `---` lines first and each document is composed alone, so that a mistake in one
// document does not hide the mistakes in the others.

struct YAMLDocument {
    var root: Node
    /// Lines of the file before the text that `root`'s marks count from.
    var lineOffset: Int
}

enum YAMLDocuments {
    static let documentsMax = 10_000
    /// Duplicate keys repaired in one document before giving up on it: fewer in a long one, where each costs more.
    private static let repairsMax = 32
    private static let repairedBytesMax = 4 * 1024 * 1024
    /// First scalar of a key that a repair has put out of the way; from the private use area, so no field begins with
    /// it.
    static let maskedKeyMark: Unicode.Scalar = "\u{F8F0}"

    /// - Parameter refuse: told about each place where the text is not YAML or a mapping states a key twice: line and
    ///   column from 1 (0 where unknown), message, hint.
    static func compose(_ source: SourceText, refuse: (Int, Int, String, String?) -> Void) -> [YAMLDocument] {
        var documents: [YAMLDocument] = []
        for range in chunks(of: source.lines) {
            var chunk = Chunk(lines: source.lines[range])
            let roots = chunk.compose { refuse($0 + range.lowerBound, $1, $2, $3) }
            documents += roots.map { YAMLDocument(root: $0, lineOffset: range.lowerBound) }
            guard documents.count <= documentsMax else {
                refuse(
                    range.lowerBound + 1, 0, "the file has more than \(documentsMax) documents",
                    "split it into several files")
                return []
            }
        }
        return documents
    }

    /// Ranges of lines that begin at a document marker. YAML reserves `---` at the start of a line, even inside
    /// multi-line text.
    private static func chunks(of lines: [Substring]) -> [Range<Int>] {
        var starts = [0]
        for (index, line) in lines.enumerated() where index > 0 && isMarker(line) { starts.append(index) }
        return zip(starts, starts.dropFirst() + [lines.count]).map { $0..<$1 }
    }

    private static func isMarker(_ line: Substring) -> Bool {
        guard line.hasPrefix("---") else { return false }
        guard let next = line.utf8.dropFirst(3).first else { return true }
        return next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") || next == UInt8(ascii: "\r")
    }

    /// The text between two markers.
    private struct Chunk {
        private var lines: [Substring]

        init(lines: ArraySlice<Substring>) { self.lines = Array(lines) }

        /// Composes until nothing is left to refuse.
        ///
        /// The YAML library gives up at the first mapping with a duplicate key. To see the rest, that key is reported,
        /// masked in the text without moving anything, and the text composed again.
        mutating func compose(refuse: (Int, Int, String, String?) -> Void) -> [Node] {
            if AliasKeys.mayOccur(in: lines) {
                refuse(1, 0, "aliases together with keys that are lists, mappings or aliases", "write the keys as text")
                return []
            }
            let bytes = lines.reduce(1) { $0 + $1.utf8.count + 1 }
            for _ in 0...min(repairsMax, repairedBytesMax / bytes) {
                do {
                    return try Self.roots(of: lines.joined(separator: "\n"))
                } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                    let key = keys.first ?? ""
                    refuse(
                        context.mark.line, context.mark.column,
                        "the key \"\(key)\" is stated more than once in this mapping", "keep one")
                    guard mask(line: context.mark.line, column: context.mark.column) else { return [] }
                } catch {
                    let reason = Reason(error)
                    refuse(reason.line, reason.column, reason.message, nil)
                    return []
                }
            }
            return []
        }

        /// All documents of the text that say something.
        private static func roots(of text: String) throws -> [Node] {
            let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
            var roots: [Node] = []
            while let root = try parser.nextRoot() {
                if case .scalar(let scalar) = root, scalar.string.isEmpty { continue }  // only comments
                roots.append(root)
            }
            return roots
        }

        /// Replaces the first character of the key at a mark by `maskedKeyMark`, one for one, so that all columns stay.
        private mutating func mask(line: Int, column: Int) -> Bool {
            guard lines.indices.contains(line - 1) else { return false }
            var scalars = Array(lines[line - 1].unicodeScalars)
            var index = column - 1
            guard scalars.indices.contains(index) else { return false }
            if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
            // An anchor, tag, alias or explicit key cannot be masked by one character.
            guard scalars.indices.contains(index), !["&", "!", "*", "?", "\"", "'"].contains(scalars[index]) else {
                return false
            }
            scalars[index] = maskedKeyMark
            lines[line - 1] = Substring(String(String.UnicodeScalarView(scalars)))
            return true
        }
    }

    /// What the YAML library says, without the copies of the text it carries along.
    private struct Reason {
        var line = 0
        var column = 0
        var message: String

        init(_ error: any Error) {
            switch error as? YamlError {
            case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
                .composer(let context, let problem, let mark, _):
                let subject = context.map { " " + $0.text } ?? ""
                (line, column, message) = (mark.line, mark.column, "not YAML\(subject): \(problem)")
            case .reader(let problem, _, _, _):
                message = "not YAML: \(problem)"
            default:
                message = "not YAML"
            }
        }
    }
}
