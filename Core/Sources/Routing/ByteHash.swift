// SPDX-License-Identifier: Apache-2.0
// Isobar

/// 64-bit hash of bytes for tables whose keys operators choose: fast, the same in every process, no defence against
/// chosen collisions.
enum ByteHash {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset + 8 < bytes.count {
            state = step(state, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        return mixed(step(state, tail(bytes, from: offset)))
    }

    /// The last one to eight bytes. A long text's last word overlaps the one before it, which saves a loop and still
    /// reads every byte.
    @inline(__always)
    private static func tail(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> UInt64 {
        if bytes.count >= 8 { return bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self) }
        var tail: UInt64 = 0
        for i in offset..<bytes.count { tail = tail << 8 | UInt64(bytes[i]) }
        return tail
    }

    static func hash(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    private static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low &+ 0x9E37_79B9_7F4A_7C15
    }
}
