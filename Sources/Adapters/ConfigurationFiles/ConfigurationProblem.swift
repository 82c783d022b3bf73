// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FoundationEssentials

/// One thing that is wrong, or doubtful, in a configuration: where, what was found, what is allowed, how to repair it.
///
/// Never holds the content of a secret: see `SourceText.excerpt(line:)`.
public struct ConfigurationProblem: Error, Hashable, Sendable {
    public enum Severity: String, Encodable, Hashable, Sendable {
        /// The configuration is refused.
        case error
        /// The configuration is accepted; someone should look.
        case warning
    }

    public var severity: Severity
    /// Path of the file as it was given. Empty when no file is to blame.
    public var file: String
    /// From 1; 0 means the file as a whole.
    public var line: Int
    /// From 1, counted in Unicode scalars; 0 means the line as a whole.
    public var column: Int
    /// The document, e.g. `Route chat`; `nil` before its kind and name are known.
    public var resource: String?
    /// Place inside the document, e.g. `spec.tiers[0].endpoints[1]`; `nil` means the document as a whole.
    public var path: String?
    public var message: String
    /// What to write instead.
    public var hint: String?
    /// The source line, or `nil` when there is none to show or it may hold a secret.
    public var excerpt: String?

    public init(
        severity: Severity = .error, file: String, line: Int = 0, column: Int = 0, resource: String? = nil,
        path: String? = nil,
        message: String, hint: String? = nil, excerpt: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.resource = resource
        self.path = path
        self.message = message
        self.hint = hint
        self.excerpt = excerpt
    }
}

/// Why a configuration was refused: all of it, in the order of files and lines.
public struct ConfigurationProblems: Error, Hashable, Sendable {
    public var all: [ConfigurationProblem]
    public init(_ all: [ConfigurationProblem]) { self.all = all }
}

extension ConfigurationProblem: Comparable {
    public static func < (a: Self, b: Self) -> Bool {
        (a.file, a.line, a.column, a.message) < (b.file, b.line, b.column, b.message)
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// As compilers write it: the place, the message, the source line with a caret, the hint.
    public var description: String {
        var text = "\(place)\(severity.rawValue): \(subject)\(message)"
        if let excerpt { text += "\n" + framed(excerpt) }
        if let hint { text += "\n    hint: \(hint)" }
        return text
    }

    private var place: String {
        if file.isEmpty { return "" }
        if line == 0 { return "\(file): " }
        return column == 0 ? "\(file):\(line): " : "\(file):\(line):\(column): "
    }

    private var subject: String {
        let parts = [resource, path].compactMap(\.self)
        return parts.isEmpty ? "" : parts.joined(separator: ", ") + ": "
    }

    /// The part of the line around the column that fits a terminal, under it a caret.
    private func framed(_ excerpt: String) -> String {
        let scalars = Array(excerpt.unicodeScalars)
        let caret = max(column - 1, 0)
        let start = caret > Self.excerptWidth * 3 / 4 ? caret - Self.excerptWidth / 2 : 0
        let visible = scalars.dropFirst(start).prefix(Self.excerptWidth)
        let number = String(line)
        let gutter = String(repeating: " ", count: number.utf8.count)
        let shown = String(String.UnicodeScalarView(visible.map(Self.printable)))
        guard column > 0 else { return "    \(number) | \(shown)" }
        return "    \(number) | \(shown)\n    \(gutter) | \(String(repeating: " ", count: caret - start))^"
    }

    private static let excerptWidth = 100

    /// Because: a file must not be able to steer the terminal that prints its errors.
    private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: " "
        default: scalar
        }
    }
}

extension ConfigurationProblem: Encodable {
    private enum CodingKeys: String, CodingKey { case severity, file, line, column, resource, path, message, hint }
}

extension Sequence where Element == ConfigurationProblem {
    /// A JSON array with one object per problem, for `--output json`.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(Array(self)), as: UTF8.self)
    }
}
