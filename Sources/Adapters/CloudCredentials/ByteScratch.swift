// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Memory that text is put together in, kept for the next text.
///
/// Because: an array asks on every byte whether it is shared. With arrays, signing a request with a token of 800 bytes
/// takes 7.5 µs, with this 3.1 µs.
/// - Threading: confined to its owner.
struct ByteScratch: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1_024) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    /// Valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    mutating func clear() { count = 0 }

    mutating func append(_ byte: UInt8) {
        if count == capacity { grow(1) }
        base[count] = byte
        count += 1
    }

    mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress, source.count > 0 else { return }
        if source.count > capacity - count { grow(source.count) }
        UnsafeMutableRawPointer(base + count).copyMemory(from: start, byteCount: source.count)
        count += source.count
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    private mutating func grow(_ bytes: Int) {
        let wider = max(capacity * 2, count + bytes)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: wider)
        memory.update(from: base, count: count)
        base.deallocate()
        base = memory
        capacity = wider
    }
}

// Hexadecimal, and percent-encoding with the unreserved characters of RFC 3986 §2.3: what AWS signs and forms carry.

extension ByteScratch {
    /// 64 lower-case digits.
    mutating func append(hexadecimal digest: SHA256.Digest) {
        for index in digest.indices {
            append(Self.lowerDigit(digest[index] >> 4))
            append(Self.lowerDigit(digest[index] & 15))
        }
    }

    mutating func append(percentEncoded byte: UInt8) {
        switch byte {
        case 65...90, 97...122, 48...57, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
            append(byte)
        default:
            append(UInt8(ascii: "%"))
            append(Self.upperDigit(byte >> 4))
            append(Self.upperDigit(byte & 15))
        }
    }

    mutating func append(percentEncoded text: UnsafeRawBufferPointer) {
        for byte in text { append(percentEncoded: byte) }
    }

    private static func lowerDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }
    private static func upperDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 55 + nibble }
}

extension UnsafeRawBufferPointer {
    /// The byte that `%XX` at `index` stands for; `nil` when there is something else.
    func percentDecodedByte(at index: Int) -> UInt8? {
        guard self[index] == UInt8(ascii: "%"), index + 2 < count, let high = Self.digit(self[index + 1]),
            let low = Self.digit(self[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
