// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation

/// What a prompt's pretended tokens are besides their number: ids that stand for their bytes, and their texts.
///
/// A token is four bytes, so its id is the number that they are in little-endian order. That makes a round trip exact
/// without a vocabulary: text becomes ids and comes back, and a prompt sent as its ids is the same prompt. Only the
/// last token may have fewer bytes; zero bytes at its end count as missing, so NULs at the very end of a text are lost.
enum PretendedTokens {
    private static let width = TokenizedPrompt.bytesPerToken
    static let idMax = Int(UInt32.max)

    /// As many as `TokenizedPrompt.tokens` says: an empty prompt has the id 0, its start token.
    static func ids(of bytes: [UInt8]) -> [UInt32] {
        guard !bytes.isEmpty else { return [0] }
        return stride(from: 0, to: bytes.count, by: width).map { start in
            bytes[start..<min(start + width, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// - Parameter ids: 0 to `idMax`.
    static func bytes(of ids: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ids.count * width)
        for id in ids { withUnsafeBytes(of: id.littleEndian) { bytes += $0 } }
        // A token of its own keeps a byte, or n ids would be fewer than n tokens.
        let countMin = ids.count > 1 ? bytes.count - width + 1 : 0
        while bytes.count > countMin, bytes.last == 0 { bytes.removeLast() }
        return bytes
    }

    /// Text of each token; together the whole text. A character belongs to the token in which it begins, so a token
    /// inside of one has no text.
    static func texts(of bytes: [UInt8]) -> [String] {
        guard !bytes.isEmpty else { return [""] }
        var texts: [String] = []
        var start = 0
        for boundary in stride(from: width, to: bytes.count + width, by: width) {
            var end = min(boundary, bytes.count)
            let endMax = min(boundary + continuationsMax, bytes.count)
            while end < endMax, isContinuation(bytes[end]) { end += 1 }
            texts.append(start < end ? String(decoding: bytes[start..<end], as: UTF8.self) : "")
            start = max(start, end)
        }
        return texts
    }

    /// Bytes of a character after its first one; ids can spell more of them in a row, which is no text.
    private static let continuationsMax = 3

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
