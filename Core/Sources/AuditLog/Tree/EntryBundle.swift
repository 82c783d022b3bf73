// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Up to 256 entries in one file: big-endian 16-bit length, then the entry (C2SP tlog-tiles, read 2026-11).
public enum EntryBundle {
    /// Longest entry that the format can carry.
    public static let entryBytesMax = 65_535

    /// - Parameter entry: at most `entryBytesMax` bytes.
    public static func append(_ entry: UnsafeRawBufferPointer, to bundle: inout [UInt8]) {
        precondition(entry.count <= entryBytesMax, "an entry of \(entry.count) bytes")
        bundle.append(UInt8(entry.count >> 8))
        bundle.append(UInt8(entry.count & 0xFF))
        bundle.append(contentsOf: entry)
    }

    /// Where each entry lies; `nil` unless the bytes are exactly `count` entries.
    public static func ranges(_ bundle: [UInt8], count: Int) -> [Range<Int>]? {
        var ranges: [Range<Int>] = []
        var at = 0
        while at < bundle.count {
            guard ranges.count < count, bundle.count - at >= 2 else { return nil }
            let length = Int(bundle[at]) << 8 | Int(bundle[at + 1])
            guard bundle.count - at - 2 >= length else { return nil }
            ranges.append((at + 2)..<(at + 2 + length))
            at += 2 + length
        }
        return ranges.count == count ? ranges : nil
    }
}

/// The content of a hash tile: hashes one after another.
public enum HashTile {
    public static func bytes(_ hashes: some Collection<Digest>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * Digest.byteCount)
        for hash in hashes { hash.withBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    /// `nil` unless the bytes are exactly `width` hashes.
    public static func hashes(_ bytes: [UInt8], width: Int) -> [Digest]? {
        guard bytes.count == width * Digest.byteCount else { return nil }
        return bytes.withUnsafeBytes { bytes in
            (0..<width).compactMap { Digest(UnsafeRawBufferPointer(rebasing: bytes[($0 * 32)..<($0 * 32 + 32)])) }
        }
    }
}
