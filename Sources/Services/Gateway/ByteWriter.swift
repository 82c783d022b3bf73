// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor

/// Appends text and numbers to memory somebody else owns, without allocating. Writing past the end sets `isFull` and drops the rest.
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

    /// Cold paths only: a `String` may have to be bridged.
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

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
    mutating func append(decimal value: some BinaryInteger & FixedWidthInteger) {
        var rest = value.magnitude
        var digits: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { scratch in
            var i = scratch.count
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                i -= 1
                scratch[i] = 48 + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            } while rest > 0
            if value < 0 { append(byte: 45) }
            append(UnsafeRawBufferPointer(rebasing: scratch[i...]))
        }
    }

    /// Lower-case hexadecimal without leading zeros; or exactly 16 digits when `padded`.
    mutating func append(hex value: UInt64, padded: Bool = false) {
        let digits = padded ? 16 : max(1, (67 - value.leadingZeroBitCount) / 4)
        for i in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: (value >> UInt64(i)) & 15)
            append(byte: nibble < 10 ? 48 + nibble : 87 + nibble)
        }
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
