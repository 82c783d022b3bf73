// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor

/// Appends text and numbers to memory somebody else owns, without allocating. Writing past the end sets `isFull` and
/// drops the rest.
struct ByteWriter {
    let base: UnsafeMutableRawPointer
    let capacity: Int
    private(set) var count = 0
    private(set) var isFull = false

    init(_ memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress else { preconditionFailure("a writer needs memory") }
        self.base = base
        capacity = memory.count
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    @inline(__always)
    mutating func append(_ source: UnsafeRawPointer, _ length: Int) {
        guard length <= capacity - count else {
            isFull = true
            return
        }
        (base + count).copyMemory(from: source, byteCount: length)
        count += length
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if let source = bytes.baseAddress { append(source, bytes.count) }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    @inline(__always)
    mutating func append(byte: UInt8) {
        guard count < capacity else {
            isFull = true
            return
        }
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Decimal digits, with a minus sign when negative.
    mutating func append(decimal value: Int64) {
        if value < 0 { append(byte: 45) }
        var rest = value.magnitude
        if rest < 10 { return append(byte: 48 &+ UInt8(truncatingIfNeeded: rest)) }
        guard let start = claim(Self.digits(of: rest)) else { return }
        var end = count
        // Two digits a division.
        while end - start >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            end -= 2
            store(pair: pair, at: end)
            rest = quotient
        }
        if end > start {
            base.storeBytes(of: 48 &+ UInt8(truncatingIfNeeded: rest), toByteOffset: start, as: UInt8.self)
        }
    }

    @inline(__always)
    private func store(pair: UInt64, at offset: Int) {
        let tens = (pair &* 103) >> 10
        let digits = UInt16(truncatingIfNeeded: tens | (pair &- tens &* 10) << 8)
        base.storeBytes(of: (0x3030 &+ digits).littleEndian, toByteOffset: offset, as: UInt16.self)
    }

    private static func digits(of value: UInt64) -> Int {
        var digits = 2
        var bound: UInt64 = 100
        while digits < 19, value >= bound {
            digits += 1
            bound &*= 10
        }
        return digits == 19 && value >= bound ? 20 : digits
    }

    @inline(__always) mutating func append(decimal value: Int) { append(decimal: Int64(value)) }
    @inline(__always) mutating func append(decimal value: UInt16) { append(decimal: Int64(value)) }

    /// Lower-case hexadecimal without leading zeros; or exactly 16 digits when `padded`.
    mutating func append(hex value: UInt64, padded: Bool = false) {
        guard !padded else { return append(hexWord: value) }
        let digits = max(1, (67 - value.leadingZeroBitCount) / 4)
        guard let start = claim(digits) else { return }
        var rest = value
        for i in stride(from: count - 1, through: start, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: rest & 15)
            base.storeBytes(of: nibble < 10 ? 48 &+ nibble : 87 &+ nibble, toByteOffset: i, as: UInt8.self)
            rest >>= 4
        }
    }

    private mutating func append(hexWord value: UInt64) {
        guard let start = claim(16) else { return }
        store(eightDigits: UInt32(truncatingIfNeeded: value >> 32), at: start)
        store(eightDigits: UInt32(truncatingIfNeeded: value), at: start + 8)
    }

    /// Spreads the nibbles over eight bytes, the highest one first, and turns all into digits at once.
    @inline(__always)
    private func store(eightDigits value: UInt32, at offset: Int) {
        var spread = UInt64(value.byteSwapped)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = spread >> 4 & 0x000F_000F_000F_000F | (spread & 0x000F_000F_000F_000F) << 8
        // One in each byte that holds ten or more.
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        let text = spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
        base.storeBytes(of: text.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Makes room for `bytes` bytes to be stored by the caller.
    /// - Returns: offset of the first one; `nil` when there is no room.
    @inline(__always)
    private mutating func claim(_ bytes: Int) -> Int? {
        guard bytes <= capacity - count else {
            isFull = true
            return nil
        }
        count += bytes
        return count - bytes
    }

    /// Milliseconds with three decimals from nanoseconds, e.g. `12.345`.
    mutating func append(millisecondsOf nanoseconds: Int64) {
        let micros = max(nanoseconds, 0) / 1_000
        append(decimal: micros / 1_000)
        append(byte: 46)
        let fraction = micros % 1_000
        append(byte: 48 + UInt8(fraction / 100))
        append(byte: 48 + UInt8(fraction / 10 % 10))
        append(byte: 48 + UInt8(fraction % 10))
    }
}

/// A bounded list of memory stretches for one gathered send.
struct SegmentList {
    private let base: UnsafeMutablePointer<Segment>
    private(set) var count = 0
    static let capacity = 256

    init(memory: UnsafeMutablePointer<Segment>) { base = memory }

    var isFull: Bool { count >= Self.capacity - 4 }
    var pointer: UnsafeMutablePointer<Segment> { base }

    /// Extends the last stretch when the new one follows it in memory.
    @inline(__always)
    mutating func append(_ start: UnsafeRawPointer?, _ length: Int) {
        guard length > 0, let start else { return }
        if count > 0, let last = base[count - 1].base, last + base[count - 1].count == start {
            base[count - 1].count += length
            return
        }
        precondition(count < Self.capacity, "callers send before the list is full")
        base[count] = Segment(base: start, count: length)
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) { append(bytes.baseAddress, bytes.count) }

    mutating func append(_ text: StaticString) { append(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount) }

    mutating func removeAll() { count = 0 }

    var byteCount: Int {
        var total = 0
        for i in 0..<count { total += base[i].count }
        return total
    }
}
