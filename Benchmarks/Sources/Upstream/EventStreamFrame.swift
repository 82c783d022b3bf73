// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// One message of an AWS event stream (`application/vnd.amazon.eventstream`).
///
/// Total length, length of the headers and a checksum of both, the headers, the payload, a checksum of all before it;
/// numbers are big-endian. A header is its name's length, the name, the type (7: text), the value's length in two
/// bytes, the value. (botocore's `eventstream.py`, read 2026-11.)
struct EventStreamFrame {
    let bytes: [UInt8]

    /// - Parameters:
    ///   - event: what `:event-type` says.
    ///   - payload: JSON.
    init(event: String, payload: String) {
        let headers =
            Self.header(":event-type", event) + Self.header(":content-type", "application/json")
            + Self.header(":message-type", "event")
        let body = Array(payload.utf8)
        var frame = Self.bigEndian(UInt32(headers.count + body.count + 16)) + Self.bigEndian(UInt32(headers.count))
        frame += Self.bigEndian(frame.withUnsafeBytes { CRC32.of($0) })
        frame += headers + body + [0, 0, 0, 0]
        frame.withUnsafeMutableBytes { Self.seal($0) }
        bytes = frame
    }

    /// Writes the last checksum of a frame whose payload has changed.
    /// - Parameter frame: all of its bytes.
    static func seal(_ frame: UnsafeMutableRawBufferPointer) {
        let end = frame.count - 4
        let sum = CRC32.of(UnsafeRawBufferPointer(rebasing: frame[..<end]))
        for place in 0..<4 { frame[end + place] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * place)) }
    }

    private static func header(_ name: String, _ value: String) -> [UInt8] {
        let count = value.utf8.count
        return [UInt8(name.utf8.count)] + Array(name.utf8) + [7, UInt8(count >> 8), UInt8(count & 0xFF)]
            + Array(value.utf8)
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

/// CRC-32 as in IEEE 802.3: reflected, polynomial 0xEDB88320, all ones before and after.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(~0) { sum, byte in sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
        }
    }
}
