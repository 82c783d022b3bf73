// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Text that came as base64, for wires that take text as text.
enum Base64Text {
    /// - Parameter text: standard or URL alphabet, padded or not.
    /// - Returns: the characters, in the arena; `nil` for what is no base64 or no UTF-8.
    static func decoded(_ text: JSONString, _ arena: ByteArena) -> UnsafeRawBufferPointer? {
        let memory = arena.take(text.bytes.count / 4 * 3 + 3)
        var filled = 0
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in text.bytes where byte != 61 {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            memory[filled] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
            filled += 1
        }
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<filled])
        return String(validating: bytes, as: UTF8.self) == nil ? nil : bytes
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 65...90: byte - 65
        case 97...122: byte - 71
        case 48...57: byte + 4
        case 43, 45: 62
        case 47, 95: 63
        default: nil
        }
    }
}
