// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The text of one configuration file, by line.
public struct SourceText: Sendable {
    /// Path as it was given, used in messages.
    public let file: String
    let lines: [Substring]

    public init(file: String, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Line `number` (from 1) for display, without its line ending.
    ///
    /// - Returns: `nil` when there is no such line or when it may hold a secret. People do paste keys where a reference belongs,
    ///   and an error message travels further than the file: into terminals, logs and tickets.
    func excerpt(line number: Int) -> String? {
        guard number >= 1, number <= lines.count else { return nil }
        let line = lines[number - 1]
        guard !Self.mayHoldSecret(line) else { return nil }
        return String(line.last == "\r" ? line.dropLast() : line)
    }

    private static let secretWords = ["secret", "password", "passwd", "apikey", "api-key:", "api_key", "bearer", "authorization", "credential"]

    /// A line is shown if it has no word of a secret, or if all it says is where the secret is.
    static func mayHoldSecret(_ line: Substring) -> Bool {
        let lowercased = line.lowercased()
        if lowercased.contains("://"), lowercased.contains("@") { return true }  // user:password@host
        if lowercased.contains("sk-") { return true }  // how several providers begin their keys
        guard secretWords.contains(where: lowercased.contains) else { return false }
        return !(lowercased.contains("env:") || lowercased.contains("file:") || endsWithColon(lowercased))
    }

    /// `credential:` alone opens a mapping and holds nothing.
    private static func endsWithColon(_ line: String) -> Bool {
        line.last { $0 != " " && $0 != "\r" && $0 != "\t" } == ":"
    }
}
