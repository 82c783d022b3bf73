// SPDX-License-Identifier: Apache-2.0
// Isobar

enum JSONText {
    /// The inside of a JSON string (RFC 8259, 7): quotes, backslashes and control characters escaped, the rest as
    /// UTF-8.
    static func escaped(_ text: String) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}
