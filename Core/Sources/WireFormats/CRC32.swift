// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The checksum of IEEE 802.3 (polynomial 0xEDB88320), as AWS event streams use it.
public enum CRC32 {
    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 { function.checksum(bytes) }
    private static let function = CyclicChecksum(polynomial: 0xEDB8_8320)
}

/// Castagnoli's checksum (polynomial 0x82F63B78), as storage formats use it.
public enum CRC32C {
    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 { function.checksum(bytes) }
    private static let function = CyclicChecksum(polynomial: 0x82F6_3B78)
}

/// A reflected 32-bit checksum with all ones at both ends.
///
/// Eight bytes a step, each through a table of its own ("slicing by 8"; Kounavis and Berry, 2005).
private struct CyclicChecksum: Sendable {
    /// Table k tells what a byte does to the checksum k bytes later; 256 entries each.
    private let tables: [UInt32]

    init(polynomial: UInt32) {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? polynomial : 0) }
        }
        for at in 256..<tables.count {
            let previous = tables[at - 256]
            tables[at] = tables[Int(previous & 0xFF)] ^ previous >> 8
        }
        self.tables = tables
    }

    /// - Cost: O(bytes), about a nanosecond per two bytes; no allocation after the first call of the process.
    func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var crc = UInt32.max
            var at = 0
            while bytes.count - at >= 8 {
                crc = Self.step(crc, Self.word(bytes, at), Self.word(bytes, at + 4), tables)
                at += 8
            }
            while at < bytes.count {
                crc = tables[Int((crc ^ UInt32(bytes[at])) & 0xFF)] ^ crc >> 8
                at += 1
            }
            return ~crc
        }
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    private static func step(
        _ crc: UInt32, _ low: UInt32, _ high: UInt32, _ tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        let low = low ^ crc
        let first =
            tables[row(7, low)] ^ tables[row(6, low >> 8)] ^ tables[row(5, low >> 16)] ^ tables[row(4, low >> 24)]
        return first ^ tables[row(3, high)] ^ tables[row(2, high >> 8)] ^ tables[row(1, high >> 16)]
            ^ tables[row(0, high >> 24)]
    }

    @inline(__always)
    private static func row(_ table: Int, _ byte: UInt32) -> Int { table << 8 | Int(byte & 0xFF) }
}
