// SPDX-License-Identifier: Apache-2.0
// Isobar

// Base64 as JSON Web Tokens write it (RFC 7515 §2): the alphabet for URLs, no padding, one text for each value.
extension Base64 {
    /// For cold paths. `nil` for anything else, spaces and superfluous bits included.
    public static func decodeURL(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var standard = [UInt8](repeating: pad, count: (text.count + 3) / 4 * 4)
        for (index, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): standard[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): standard[index] = UInt8(ascii: "/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"), pad: return nil
            default: standard[index] = byte
            }
        }
        var memory = [UInt8](repeating: 0, count: decodedCountMax(standard.count))
        let count = standard.withUnsafeBytes { standard in
            memory.withUnsafeMutableBytes { decode(standard, into: $0)?.count }
        }
        guard let count else { return nil }
        memory.removeLast(memory.count - count)
        return memory
    }

    public static func decodeURL(_ text: String) -> [UInt8]? {
        Array(text.utf8).withUnsafeBytes { decodeURL($0) }
    }
}
