// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Members of a URL's query, percent-decoded. The first of equal names wins; a malformed escape stays as it is.
struct QueryString {
    private var members: [String: String] = [:]

    init(_ text: String) {
        for pair in text.split(separator: "&").prefix(32) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentEncoding.decoded(String(parts[0])) ?? String(parts[0])
            let value = parts.count > 1 ? PercentEncoding.decoded(String(parts[1])) ?? String(parts[1]) : ""
            if members[name] == nil { members[name] = value }
        }
    }

    subscript(name: String) -> String? { members[name] }
}

/// RFC 3986 §2.1.
public enum PercentEncoding {
    /// - Returns: `nil` when an escape is malformed or the result is not UTF-8.
    public static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 37 else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Escapes everything but unreserved characters.
    public static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = (byte | 0x20) >= 97 && (byte | 0x20) <= 122
            let isDigit = byte >= 48 && byte <= 57
            if isLetter || isDigit || byte == 45 || byte == 46 || byte == 95 || byte == 126 {
                bytes.append(byte)
            } else {
                bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
