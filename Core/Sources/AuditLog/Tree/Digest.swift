// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A SHA-256 value: 32 bytes, in four words as they lie in memory.
public struct Digest: Hashable, BitwiseCopyable, Sendable {
    private var words: InlineWords

    private struct InlineWords: Hashable, BitwiseCopyable, Sendable {
        var a: UInt64 = 0
        var b: UInt64 = 0
        var c: UInt64 = 0
        var d: UInt64 = 0
    }

    public static let byteCount = 32

    /// All zeros: memory for a hash function to write to.
    public init() { words = InlineWords() }

    /// `nil` unless there are 32 bytes.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        words = bytes.loadUnaligned(as: InlineWords.self)
    }

    public init?(_ bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ Digest($0) }) else { return nil }
        self = digest
    }

    /// From strict base64.
    public init?(base64 text: some StringProtocol) {
        guard text.utf8.count == 44, let bytes = Base64.decode(String(text)) else { return nil }
        self.init(bytes)
    }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words, body)
    }

    public mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        withUnsafeMutableBytes(of: &words, body)
    }

    public var bytes: [UInt8] { withBytes { Array($0) } }
    public var base64: String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
    public var hexadecimal: String { Hexadecimal.text(bytes) }
}

/// Lower-case base 16.
public enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// `nil` for an odd number of digits or anything else than lower-case ones.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let values = text.utf8.map { character -> UInt8? in
            switch character {
            case 48...57: character - 48
            case 97...102: character - 87
            default: nil
            }
        }
        guard values.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: values.count, by: 2) {
            guard let high = values[at], let low = values[at + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
