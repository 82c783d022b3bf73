// SPDX-License-Identifier: Apache-2.0
// Isobar

// Base64 as clients write it: in either alphabet, with padding or without. google-genai (2.19) sends bytes in the
// alphabet for URLs; Anthropic, OpenAI and Bedrock take the standard one with padding only.
extension Base64 {
    /// Whether a lenient reader takes it. An empty text is none: nobody sends no bytes on purpose.
    public static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = count(withoutPadding: bytes)
        guard count > 0, count % 4 != 1 else { return false }
        return bytes[..<count].allSatisfy { value(of: $0) != nil }
    }

    /// - Returns: the text in the standard alphabet and padded, in the arena if it had to be changed; `nil` when it is
    ///   no base64.
    public static func standard(_ text: JSONString, _ arena: ByteArena) -> JSONString? {
        // Some JSON writers escape the slash, and Google's the equals sign.
        let bytes = arena.unescaped(text)
        guard isText(bytes) else { return nil }
        let missing = bytes.count % 4 == 0 ? 0 : 4 - bytes.count % 4
        guard missing > 0 || bytes.contains(where: { $0 == 45 || $0 == 95 }) else {
            return JSONString(bytes, hasEscapes: false)
        }
        let memory = arena.take(bytes.count + missing)
        for i in 0..<bytes.count { memory[i] = bytes[i] == 45 ? 43 : bytes[i] == 95 ? 47 : bytes[i] }
        for i in 0..<missing { memory[bytes.count + i] = pad }
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: false)
    }

    /// - Returns: the bytes meant, in the arena; `nil` when it is no base64.
    public static func decoded(_ text: JSONString, _ arena: ByteArena) -> UnsafeRawBufferPointer? {
        let characters = arena.unescaped(text)
        guard isText(characters) else { return nil }
        let memory = arena.take(characters.count / 4 * 3 + 3)
        var filled = 0
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in characters[..<count(withoutPadding: characters)] {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            memory[filled] = UInt8(truncatingIfNeeded: bits >> bitCount)
            filled += 1
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<filled])
    }

    private static func count(withoutPadding bytes: UnsafeRawBufferPointer) -> Int {
        var count = bytes.count
        while count > 0, count > bytes.count - 2, bytes[count - 1] == pad { count -= 1 }
        return count
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case 65...90: character - 65
        case 97...122: character - 71
        case 48...57: character + 4
        case 43, 45: 62
        case 47, 95: 63
        default: nil
        }
    }
}
