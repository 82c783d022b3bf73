// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Base64 as everybody but Google's own clients writes it.
///
/// google-genai (2.19) sends bytes in the URL alphabet and refuses an answer whose bytes are no base64; Anthropic,
/// OpenAI and Bedrock take the standard alphabet with padding only.
enum StandardBase64 {
    /// - Returns: the text in the standard alphabet and padded, in the arena if it had to be changed; `nil` when it is
    ///   no base64.
    static func standard(_ text: JSONString, _ arena: ByteArena) -> JSONString? {
        // Some JSON writers escape the slash, and Google's the equals sign.
        let bytes = arena.unescaped(text)
        guard isValid(bytes) else { return nil }
        let missing = bytes.count % 4 == 0 ? 0 : 4 - bytes.count % 4
        guard missing > 0 || bytes.contains(where: { $0 == 45 || $0 == 95 }) else {
            return JSONString(bytes, hasEscapes: false)
        }
        let memory = arena.take(bytes.count + missing)
        for i in 0..<bytes.count {
            memory[i] =
                switch bytes[i] {
                case 45: 43
                case 95: 47
                default: bytes[i]
                }
        }
        for i in 0..<missing { memory[bytes.count + i] = 61 }
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: false)
    }

    /// Whether a reader of base64 in either alphabet takes it.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var count = bytes.count
        while count > 0, count > bytes.count - 2, bytes[count - 1] == 61 { count -= 1 }
        return count % 4 != 1 && DataURL.isBase64(bytes)
    }
}
