// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// One entry as it is first made durable: length, checksum, sequence (little-endian), then the entry.
///
/// The checksum covers sequence and entry, and no stretch of zeros is a record, so the end of what was written shows in
/// a file that was preallocated or torn.
public enum WriteAheadRecord {
    public static let headBytes = 16

    public static func append(_ entry: UnsafeRawBufferPointer, sequence: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        append(UInt32(entry.count), to: &bytes)
        append(UInt32(0), to: &bytes)
        append(sequence, to: &bytes)
        bytes.append(contentsOf: entry)
        let checksum = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[(start + 8)...]))
        }
        withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange((start + 4)..<(start + 8), with: $0) }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public struct Found: Equatable, Sendable {
        public var sequence: UInt64
        public var entry: Range<Int>
    }

    /// The records from the beginning up to the first that is not whole.
    public static func records(in bytes: UnsafeRawBufferPointer) -> [Found] {
        var found: [Found] = []
        var at = 0
        while bytes.count - at >= headBytes {
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
            guard length <= EntryBundle.entryBytesMax, bytes.count - at - headBytes >= length else { break }
            let covered = UnsafeRawBufferPointer(rebasing: bytes[(at + 8)..<(at + headBytes + length)])
            guard CRC32C.checksum(covered) == checksum else { break }
            let sequence = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self))
            found.append(Found(sequence: sequence, entry: (at + headBytes)..<(at + headBytes + length)))
            at += headBytes + length
        }
        return found
    }
}

/// A write-ahead file's name: whose it is, and its first record's sequence. Sorted by name they are in order.
public struct WriteAheadSegment: Hashable, Comparable, Sendable {
    public var epoch: UInt64
    public var firstSequence: UInt64

    public init(epoch: UInt64, firstSequence: UInt64) {
        self.epoch = epoch
        self.firstSequence = firstSequence
    }

    public var name: String { "wal-\(Self.padded(epoch))-\(Self.padded(firstSequence))" }

    /// `nil` for other files.
    public init?(name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "wal", let epoch = UInt64(parts[1], radix: 16),
            let first = UInt64(parts[2], radix: 16)
        else { return nil }
        self.init(epoch: epoch, firstSequence: first)
        guard self.name == name else { return nil }
    }

    private static func padded(_ value: UInt64) -> String { Hexadecimal.text(value.bigEndianBytes) }

    public static func < (a: Self, b: Self) -> Bool { (a.epoch, a.firstSequence) < (b.epoch, b.firstSequence) }
}
