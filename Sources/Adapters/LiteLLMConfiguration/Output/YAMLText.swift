// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A value to be written as YAML that every reader takes alike: text that could be taken for anything else is quoted.
enum YAMLText {
    typealias Field = (name: String, value: YAMLText)

    case text(String)
    /// Written as it is.
    case number(String)
    case list([YAMLText])
    case map([Field])

    /// A mapping, one field a line.
    static func block(_ fields: [Field]) -> String { fields.map { line($0, indent: 0) }.joined() }

    private static let widthMax = 100

    private static func line(_ field: Field, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        let flow = "\(space)\(field.name): \(field.value.flow)"
        if flow.count <= widthMax || field.value.isScalar { return flow + "\n" }
        switch field.value {
        case .map(let fields):
            return "\(space)\(field.name):\n" + fields.map { line($0, indent: indent + 2) }.joined()
        case .list(let elements):
            return "\(space)\(field.name):\n" + elements.map { element($0, indent: indent + 2) }.joined()
        case .text, .number: return flow + "\n"
        }
    }

    private static func element(_ value: YAMLText, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        let flow = "\(space)- \(value.flow)"
        guard flow.count > widthMax, case .map(let fields) = value else { return flow + "\n" }
        let lines = fields.map { line($0, indent: indent + 2) }.joined()
        return "\(space)- " + lines.dropFirst(indent + 2)
    }

    private var isScalar: Bool {
        switch self {
        case .text, .number: true
        case .list, .map: false
        }
    }

    private var flow: String {
        switch self {
        case .text(let text): Self.quotedIfNeeded(text)
        case .number(let digits): digits
        case .list(let elements): "[" + elements.map(\.flow).joined(separator: ", ") + "]"
        case .map(let fields): "{" + fields.map { "\($0.name): \($0.value.flow)" }.joined(separator: ", ") + "}"
        }
    }

    /// Plain only for what begins with a letter, or with a digit that a letter follows somewhere, and holds nothing
    /// that YAML gives a meaning to.
    private static func quotedIfNeeded(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map(isLetter) == true
            && text.utf8.allSatisfy { isLetter($0) || "0123456789-._/".utf8.contains($0) }
        let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
        let isDuration =
            text.utf8.first.map { (48...57).contains($0) } == true && text.utf8.last.map(isLetter) == true
            && text.utf8.dropLast(2).allSatisfy { (48...57).contains($0) }
        return (isPlain && !words.contains(text.lowercased())) || isDuration ? text : quoted(text)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) && byte >= 65 }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": output += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                output += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
