// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Base64 (RFC 4648). Here with the standard alphabet and padding (§4), strictly: every text means one value, and every
/// value has one text. `Base64+Lenient.swift` takes what clients write.
public enum Base64 {
    /// Of the two, JSON Web Tokens and Google's clients write the one for URLs (§5).
    public enum Alphabet: Sendable { case standard, url }

    /// Bytes of text for `count` bytes.
    public static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Bytes that a text of `count` bytes means at most.
    public static func decodedCountMax(_ count: Int) -> Int { count / 4 * 3 }

    // MARK: Decoding

    /// - Parameter memory: at least `decodedCountMax` bytes.
    /// - Returns: the part of `memory` that was filled; `nil` for a text that is no base64, spaces and line ends
    ///   included.
    /// - Cost: O(bytes), no allocation.
    public static func decode(
        _ text: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard text.count % 4 == 0 else { return nil }
        guard !text.isEmpty else { return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<0]) }
        precondition(memory.count >= decodedCountMax(text.count), "room for \(text.count) bytes of text")
        let padding = text[text.count - 1] != pad ? 0 : text[text.count - 2] != pad ? 1 : 2
        return values.withUnsafeBufferPointer { values in
            var filled = 0
            let plain = text.count - (padding > 0 ? 4 : 0)
            for at in stride(from: 0, to: plain, by: 4) {
                let group = group(text, at, values)
                guard group != invalid else { return nil }
                store(group, 3, memory, &filled)
            }
            if padding > 0 {
                // The bits of the last character that belong to no byte must be zero.
                let group = lastGroup(text, plain, padding, values)
                guard group != invalid, group & (padding == 1 ? 0xFF : 0xFFFF) == 0 else { return nil }
                store(group, 3 - padding, memory, &filled)
            }
            return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<filled])
        }
    }

    /// For cold paths. `nil` for a text that is no base64.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { text in
            let text = UnsafeRawBufferPointer(text)
            var memory = [UInt8](repeating: 0, count: decodedCountMax(text.count))
            guard let filled = memory.withUnsafeMutableBytes({ decode(text, into: $0)?.count }) else { return nil }
            memory.removeLast(memory.count - filled)
            return memory
        }
    }

    /// 24 bits of four characters, or `invalid`.
    @inline(__always)
    private static func group(
        _ text: UnsafeRawBufferPointer, _ at: Int, _ values: UnsafeBufferPointer<UInt8>
    ) -> UInt32 {
        let (a, b) = (values[Int(text[at])], values[Int(text[at + 1])])
        let (c, d) = (values[Int(text[at + 2])], values[Int(text[at + 3])])
        guard (a | b | c | d) & 0xC0 == 0 else { return invalid }
        return UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
    }

    private static func lastGroup(
        _ text: UnsafeRawBufferPointer, _ at: Int, _ padding: Int, _ values: UnsafeBufferPointer<UInt8>
    ) -> UInt32 {
        let (a, b) = (values[Int(text[at])], values[Int(text[at + 1])])
        let c = padding == 1 ? values[Int(text[at + 2])] : 0
        guard (a | b | c) & 0xC0 == 0 else { return invalid }
        return UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6
    }

    @inline(__always)
    private static func store(
        _ group: UInt32, _ count: Int, _ memory: UnsafeMutableRawBufferPointer, _ filled: inout Int
    ) {
        for byte in 0..<count { memory[filled + byte] = UInt8(truncatingIfNeeded: group >> (16 - 8 * UInt32(byte))) }
        filled += count
    }

    // MARK: Encoding

    /// For cold paths. The alphabet for URLs goes without padding.
    public static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: encodedCount(bytes.count))
        text.withUnsafeMutableBytes { text in bytes.withUnsafeBytes { encode($0, into: text) } }
        guard alphabet == .url else { return text }
        while text.last == pad { text.removeLast() }
        return text.map {
            $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
        }
    }

    /// - Parameter memory: at least `encodedCount` bytes.
    /// - Cost: O(bytes), no allocation.
    public static func encode(_ bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) {
        var filled = 0
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<count { group |= UInt32(bytes[start + index]) << (16 - 8 * UInt32(index)) }
            for index in 0..<4 {
                memory[filled + index] = index <= count ? letter(group >> (18 - 6 * UInt32(index))) : pad
            }
            filled += 4
        }
    }

    /// The letter for the lowest six bits.
    @inlinable public static func letter(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 63)
        return switch value {
        case ..<26: 65 + value
        case ..<52: 71 + value
        case ..<62: value - 4
        case 62: 43
        default: 47
        }
    }

    // MARK: The alphabet

    static let pad = UInt8(ascii: "=")
    private static let invalid = UInt32.max
    /// By character; 0xFF for those outside the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for value in UInt32(0)..<64 { values[Int(letter(value))] = UInt8(value) }
        return values
    }()
}
