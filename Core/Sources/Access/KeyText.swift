// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// How a virtual key is written: `isb_`, an id of 8 characters, `_`, a secret of 43, a checksum of 6.
///
/// The id is public: what is kept of a key is found by it. 43 characters of 62 hold 256 bits. The checksum (CRC-32 of
/// everything before it, as GitHub's tokens have one) lets whoever finds a key in a text, a scanner of secrets or a
/// person who mistyped it, tell it from one that only looks like it; it is not what admits a caller.
public enum KeyText {
    public static let byteCount = 62
    public static let idRange = 4..<12
    /// Secret and checksum: what is hashed.
    public static let hashedRange = 13..<62
    private static let checksumStart = 56
    public static let idBytes = 8

    /// Whether it has the outline; its letters are not looked at.
    @inlinable public static func isOutlined(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count == byteCount && text.loadUnaligned(as: UInt32.self) == UInt32(bigEndian: 0x6973_625F)
            && text[12] == 0x5F
    }

    /// The id as a number, to look it up. Only of a text that `isOutlined`.
    @inlinable public static func id(_ text: UnsafeRawBufferPointer) -> UInt64 {
        text.loadUnaligned(fromByteOffset: idRange.lowerBound, as: UInt64.self)
    }

    /// The same number of an id by itself; `nil` when it is none.
    public static func id(_ bytes: [UInt8]) -> UInt64? {
        guard bytes.count == idBytes, bytes.allSatisfy(isDigit) else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }

    /// Whether a text begins like a key and is none as it was made: mistyped, cut, or with something behind it.
    public static func isDamaged(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.starts(with: "isb_".utf8) else { return false }
        guard isOutlined(text) else { return true }
        let checksum = Self.checksum(UnsafeRawBufferPointer(rebasing: text[..<checksumStart]))
        return !text[checksumStart...].elementsEqual(checksum)
    }

    /// A new key.
    /// - Parameter random: the system's generator, but in tests.
    public static func make(using random: inout some RandomNumberGenerator) -> [UInt8] {
        func characters(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in digits[Int.random(in: 0..<digits.count, using: &random)] }
        }
        let text = Array("isb_".utf8) + characters(idBytes) + [0x5F] + characters(43)
        return text + text.withUnsafeBytes { checksum($0) }
    }

    private static func checksum(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var rest = CRC32.checksum(text)
        var characters: [UInt8] = []
        for _ in 0..<6 {
            characters.append(digits[Int(rest % 62)])
            rest /= 62
        }
        return characters.reversed()
    }

    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static func isDigit(_ byte: UInt8) -> Bool { digits.contains(byte) }
}
