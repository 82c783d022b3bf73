// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Names of ours made of other people's.
struct ResourceNames {
    static let bytesMax = 63
    private var taken: Set<String> = []

    /// `Meta/Llama 3` becomes `meta-llama-3`: lower case, one hyphen for a run of anything else, at most 63 bytes.
    static func name(from text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.lowercased().utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): bytes.append(byte)
            case UInt8(ascii: ".") where bytes.last.map(isSeparator) == false: bytes.append(byte)
            default: if bytes.last.map(isSeparator) == false { bytes.append(UInt8(ascii: "-")) }
            }
        }
        bytes = Array(bytes.prefix(bytesMax))
        while let last = bytes.last, isSeparator(last) { bytes.removeLast() }
        return bytes.isEmpty ? "unnamed" : String(decoding: bytes, as: UTF8.self)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") }

    /// A name that was not given before: with a number behind it when the plain one was.
    mutating func unique(_ text: String) -> String {
        let plain = Self.name(from: text)
        if taken.insert(plain).inserted { return plain }
        var number = 2
        while true {
            let ending = "-\(number)"
            let name = Self.name(from: String(plain.prefix(Self.bytesMax - ending.utf8.count))) + ending
            if taken.insert(name).inserted { return name }
            number += 1
        }
    }
}
