// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The text of one configuration file, by line.
public struct SourceText: Sendable {
    /// Path as it was given, used in messages.
    public let file: String
    let lines: [Substring]

    public init(file: String, text: String) {
        self.file = file
        // By byte: splitting by character would cost grapheme breaking of the whole file.
        lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Substring($0) }
    }

    /// Line `number` (from 1) for display, without its line ending.
    ///
    /// - Returns: `nil` when there is no such line or when it may hold a secret. People do paste keys where a reference
    ///   belongs, and an error message travels further than the file: into terminals, logs and tickets.
    func excerpt(line number: Int) -> String? {
        guard number >= 1, number <= lines.count else { return nil }
        let line = lines[number - 1]
        guard line.utf8.count <= Self.excerptBytesMax, !Self.mayHoldSecret(line) else { return nil }
        return String(line.last == "\r" ? line.dropLast() : line)
    }

    /// Longer lines help nobody, and looking for secrets in them for each of many problems takes long.
    private static let excerptBytesMax = 2_000
    private static let secretWords = [
        "secret", "password", "passwd", "apikey", "api-key:", "api_key", "bearer", "authorization", "accesskey",
        "sessiontoken",
    ]

    /// A line is shown if it has no word of a secret, or if after each such word it only says where the secret is.
    static func mayHoldSecret(_ line: Substring) -> Bool {
        let lowercased = line.lowercased()
        if lowercased.contains("://"), lowercased.contains("@") { return true }  // user:password@host
        if lowercased.contains("sk-") || lowercased.contains("credential: ") && !lowercased.contains("{") {
            return true
        }
        let words = secretWords.flatMap { lowercased.ranges(of: $0) }
        return words.contains { !isReference(lowercased[$0.upperBound...]) }
    }

    /// `: env:NAME`, `: "file:PATH"` or a bare `:`, then nothing or the next field. The word may go on before the colon:
    /// `secretAccessKey`.
    private static func isReference(_ rest: Substring) -> Bool {
        let afterWord = rest.drop { $0.isLetter }
        let value = (afterWord.first == ":" ? afterWord : rest).drop { "\"': ".contains($0) }
        let token = value.prefix { !"\"', }\r\t".contains($0) }
        let after = value.dropFirst(token.count).drop { "\"' \r\t".contains($0) }
        let isAtEnd = after.isEmpty || ",}#".contains(after[after.startIndex])
        let isNamed = token.hasPrefix("env:") || token.hasPrefix("file:")
        return isAtEnd && (token.isEmpty || isNamed && token.last != ":")
    }
}
