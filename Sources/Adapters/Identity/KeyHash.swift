// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Seeded 64-bit hash of short byte strings: folded 64 × 64 → 128-bit products, 16 bytes a step (the idea of wyhash,
/// Wang Yi 2019).
///
/// Not a MAC: it spreads keys over slots. What admits a caller is the comparison of all bytes in `KeyTable`.
enum KeyHash {
    // Odd 64-bit constants without structure: fractional parts of √2, √3, √5, last bit set.
    private static let a: UInt64 = 0x6A09_E667_F3BC_C909
    private static let b: UInt64 = 0xBB67_AE85_84CA_A73B
    private static let c: UInt64 = 0x3C6E_F372_FE94_F82B

    @inline(__always)
    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        let count = bytes.count
        guard count > 0, let start = bytes.baseAddress else { return fold(seed ^ a, b) }
        var state = seed ^ fold(seed ^ a, UInt64(truncatingIfNeeded: count) ^ b)
        var index = 0
        while index + 16 <= count {
            state = fold(
                start.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ a,
                start.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self) ^ state)
            index += 16
        }
        let tail = tail(start + index, count: count - index)
        return fold(fold(tail.0 ^ b, tail.1 ^ state), c ^ seed)
    }

    /// The last 0 to 15 bytes as two words; the length is in the state already.
    @inline(__always)
    private static func tail(_ start: UnsafeRawPointer, count: Int) -> (UInt64, UInt64) {
        if count >= 8 {
            // Two reads that overlap: every byte is covered and none beyond the end is touched.
            return (
                start.loadUnaligned(as: UInt64.self), start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            )
        }
        if count >= 4 {
            return (
                UInt64(start.loadUnaligned(as: UInt32.self)),
                UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            )
        }
        guard count > 0 else { return (0, 0) }
        let first = UInt64(start.load(as: UInt8.self))
        let middle = UInt64(start.load(fromByteOffset: count / 2, as: UInt8.self))
        let last = UInt64(start.load(fromByteOffset: count - 1, as: UInt8.self))
        return (first << 16 | middle << 8 | last, 0)
    }

    @inline(__always)
    private static func fold(_ x: UInt64, _ y: UInt64) -> UInt64 {
        let product = x.multipliedFullWidth(by: y)
        return product.high ^ product.low
    }
}
