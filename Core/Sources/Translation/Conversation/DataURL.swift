// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// `data:[type][;parameter]*;base64,data`, and what else stands where a URL is expected.
enum DataURL {
    /// - Throws: `malformedMedia` for a data URL without base64, or with bytes that are no base64. An escaped slash is
    ///   legal JSON and stays refused: no client writes it, and a provider would have to unescape it.
    static func media(_ url: JSONString, _ path: String) throws(TranslationFault) -> Media {
        guard url.begins("data:") else { return Media(.url, type: .empty, value: url) }
        let bytes = url.bytes
        guard let comma = bytes.firstIndex(of: 44) else { throw TranslationFault(.malformedMedia, at: path) }
        let head = UnsafeRawBufferPointer(rebasing: bytes[5..<comma])
        let data = UnsafeRawBufferPointer(rebasing: bytes[(comma + 1)...])
        guard endsWithBase64(head), Base64.isText(data) else { throw TranslationFault(.malformedMedia, at: path) }
        let type = JSONString(UnsafeRawBufferPointer(rebasing: head[..<(head.count - 7)]), hasEscapes: false)
        guard let type = type.isEmpty ? "text/plain" : mediaType(type) else {
            throw TranslationFault(.malformedMedia, at: path)
        }
        return Media(.base64, type: type, value: JSONString(data, hasEscapes: false))
    }

    private static func endsWithBase64(_ head: UnsafeRawBufferPointer) -> Bool {
        guard head.count >= 7 else { return false }
        return JSONString(UnsafeRawBufferPointer(rebasing: head[(head.count - 7)...]), hasEscapes: false)
            .begins(";base64")
    }

    /// A media type as providers list them: without parameters, but for those of sound, which say what its bytes are.
    /// - Returns: `nil` for a text that is none (RFC 6838 §4.2), or that could not stand in a data URL.
    static func mediaType(_ text: JSONString) -> JSONString? {
        guard text.bytes.contains(47), text.bytes.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 34 && $0 != 44 && $0 != 92 })
        else { return nil }
        if text.begins("audio/") { return text }
        let end = text.bytes.firstIndex(of: 59) ?? text.bytes.count
        return canonical(JSONString(UnsafeRawBufferPointer(rebasing: text.bytes[..<end]), hasEscapes: false))
    }

    /// `image/jpg` is what many write and no provider lists.
    static func canonical(_ type: JSONString) -> JSONString {
        if type.isEmpty { return "text/plain" }
        return type == "image/jpg" ? "image/jpeg" : type
    }
}
