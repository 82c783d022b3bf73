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
        let typeEnd = head.firstIndex(of: 59) ?? head.count
        let type = UnsafeRawBufferPointer(rebasing: head[..<typeEnd])
        guard endsWithBase64(head), Base64.isText(data) else { throw TranslationFault(.malformedMedia, at: path) }
        return Media(
            .base64, type: canonical(JSONString(type, hasEscapes: false)), value: JSONString(data, hasEscapes: false))
    }

    private static func endsWithBase64(_ head: UnsafeRawBufferPointer) -> Bool {
        guard head.count >= 7 else { return false }
        return JSONString(UnsafeRawBufferPointer(rebasing: head[(head.count - 7)...]), hasEscapes: false)
            .begins(";base64")
    }

    /// `image/jpg` is what many write and no provider lists.
    static func canonical(_ type: JSONString) -> JSONString {
        if type.isEmpty { return "text/plain" }
        return type == "image/jpg" ? "image/jpeg" : type
    }
}
