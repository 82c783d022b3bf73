// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Somebody else's words made fit to be shown: one line, short, nothing that steers a terminal, no part of a secret.
struct SafeText {
    /// The parts of header lines that prove something: not the header's name, not the scheme.
    private let secrets: [[UInt8]]

    static let scalarsMax = 240
    /// So many characters in a row of a secret and the word is not shown. Providers repeat keys in part.
    static let secretRunMin = 6

    /// - Parameter lines: complete header lines.
    init(hiding lines: [Secret]) {
        secrets = lines.flatMap { line in
            line.withBytes { bytes in
                let value = bytes.drop { $0 != UInt8(ascii: ":") }.dropFirst()
                let parts = value.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") }.map(Array.init)
                return parts.count > 1 ? Array(parts.dropFirst()) : parts
            }
        }
    }

    /// A name of somebody else's, or nothing when it may hold part of a secret.
    func name(_ text: String?) -> String? {
        text.flatMap { mayShow(Array($0.utf8)) ? $0 : nil }
    }

    func quote(_ text: String) -> String {
        let line = String(String.UnicodeScalarView(text.unicodeScalars.prefix(4 * Self.scalarsMax).map(Self.printable)))
        let words = line.split(separator: " ").map { mayShow(Array($0.utf8)) ? String($0) : "…" }
        let joined = words.joined(separator: " ").unicodeScalars
        let kept = joined.prefix(Self.scalarsMax)
        return String(String.UnicodeScalarView(kept)) + (kept.count < joined.count ? "…" : "")
    }

    private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: " "
        default: scalar
        }
    }

    private func mayShow(_ word: [UInt8]) -> Bool {
        guard word.count >= Self.secretRunMin else { return true }
        return !secrets.contains { Self.share(word, $0) }
    }

    /// Whether both have the same `secretRunMin` bytes in a row.
    private static func share(_ word: [UInt8], _ secret: [UInt8]) -> Bool {
        guard secret.count >= secretRunMin else { return false }
        let runs = Set((0...(secret.count - secretRunMin)).map { Array(secret[$0..<($0 + secretRunMin)]) })
        return (0...(word.count - secretRunMin)).contains { runs.contains(Array(word[$0..<($0 + secretRunMin)])) }
    }
}
