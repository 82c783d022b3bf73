// SPDX-License-Identifier: Apache-2.0
// Isobar

// Comparison of bytes with texts that are known when this is compiled. With the length known, a comparison becomes a
// load and a compare per eight bytes, which is why these are always inlined: a head's names alone need some forty
// comparisons.
extension UnsafeRawBufferPointer {
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && hasPrefix(text) { expected, found in expected == found }
    }

    /// Equality without regard to the case of ASCII letters. `text` must be lower case ASCII.
    @inline(__always)
    func matches(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && begins(text) }

    /// Prefix test without regard to the case of ASCII letters. `text` must be lower case ASCII.
    @inline(__always)
    func begins(_ text: StaticString) -> Bool {
        hasPrefix(text) { expected, found in expected == found | Self.caseBits(of: expected) }
    }

    /// 0x20 where `lowercase` has a letter, 0 elsewhere: only letters differ between cases, and only in this bit. Bytes
    /// above 0x7F would carry.
    @inline(__always)
    private static func caseBits(of lowercase: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let isAtLeastA = lowercase &+ ones &* (0x80 - 0x61)
        let isAboveZ = lowercase &+ ones &* (0x80 - 0x7B)
        return (isAtLeastA & ~isAboveZ & (ones &* 0x80)) >> 2
    }

    /// Compares words of eight bytes, the last one overlapping the one before; shorter texts as two overlapping halves.
    @inline(__always)
    private func hasPrefix(_ text: StaticString, _ areSame: (_ expected: UInt64, _ found: UInt64) -> Bool) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length, let found = baseAddress else { return length == 0 }
        let expected = UnsafeRawPointer(text.utf8Start)
        if length >= 8 {
            for position in stride(from: 0, to: length - 8, by: 8) {
                guard areSame(Self.word(UInt64.self, expected, position), Self.word(UInt64.self, found, position))
                else { return false }
            }
            return areSame(Self.word(UInt64.self, expected, length - 8), Self.word(UInt64.self, found, length - 8))
        }
        if length >= 4 { return hasHalves(UInt32.self, expected, found, length, areSame) }
        if length >= 2 { return hasHalves(UInt16.self, expected, found, length, areSame) }
        return length == 0 || areSame(Self.word(UInt8.self, expected, 0), Self.word(UInt8.self, found, 0))
    }

    @inline(__always)
    private func hasHalves<Half: FixedWidthInteger & BitwiseCopyable>(
        _ type: Half.Type, _ expected: UnsafeRawPointer, _ found: UnsafeRawPointer, _ length: Int,
        _ areSame: (UInt64, UInt64) -> Bool
    ) -> Bool {
        let last = length - MemoryLayout<Half>.size
        return areSame(Self.word(type, expected, 0), Self.word(type, found, 0))
            && areSame(Self.word(type, expected, last), Self.word(type, found, last))
    }

    @inline(__always)
    private static func word<Word: FixedWidthInteger & BitwiseCopyable>(
        _: Word.Type, _ base: UnsafeRawPointer, _ offset: Int
    ) -> UInt64 {
        UInt64(truncatingIfNeeded: base.loadUnaligned(fromByteOffset: offset, as: Word.self))
    }

    /// Without spaces and tabs at both ends.
    var trimmed: UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start] == 32 || self[start] == 9 { start += 1 }
        while end > start, self[end - 1] == 32 || self[end - 1] == 9 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    /// Whether the lower-case text occurs, without regard to case. For short cold texts.
    public func holds(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        return (0...(count - length)).contains { UnsafeRawBufferPointer(rebasing: self[$0...]).begins(text) }
    }
}
