// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How large a log's tree is and what its root is; a promise once it is signed (C2SP tlog-checkpoint, read 2026-11).
public struct Checkpoint: Hashable, Sendable {
    /// The log's name: a URL without a scheme. Equals the name of the log's key.
    public var origin: String
    public var size: UInt64
    public var root: Digest
    /// Further lines, kept as they are; nothing is read from them.
    public var extensions: [String]

    public init(origin: String, size: UInt64, root: Digest, extensions: [String] = []) {
        self.origin = origin
        self.size = size
        self.root = root
        self.extensions = extensions
    }

    /// `nil` when the text is no checkpoint.
    public init?(parsing text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines.dropLast().contains(where: \.isEmpty),
            let size = Decimal.value(lines[1]), let root = Digest(base64: lines[2])
        else { return nil }
        self.init(
            origin: String(lines[0]), size: size, root: root, extensions: lines[3..<(lines.count - 1)].map(String.init))
    }

    /// What is signed.
    public var text: String {
        ([origin, String(size), root.base64] + extensions).map { "\($0)\n" }.joined()
    }
}

/// A number with one way to write it.
enum Decimal {
    /// `nil` for signs, leading zeros, spaces and what does not fit 64 bits.
    static func value(_ text: some StringProtocol) -> UInt64? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), text == "0" || !text.hasPrefix("0") else { return nil }
        return UInt64(text)
    }
}
