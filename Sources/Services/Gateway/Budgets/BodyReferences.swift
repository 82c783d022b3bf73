// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// What in a request's body may stand for more tokens than its bytes: members and types that name pictures, files and
/// earlier conversations.
enum BodyReferences {
    /// - Cost: one look at each quote.
    static func are(in body: UnsafeRawBufferPointer) -> Bool {
        guard var at = body.baseAddress else { return false }
        let end = at + body.count
        while let quote = memchr(at, 34, end - at) {
            at = UnsafeRawPointer(quote) + 1
            if isMark(at, end - at) { return true }
        }
        return false
    }

    /// Whether a text begins with one of the words.
    @inline(__always)
    private static func isMark(_ text: UnsafeRawPointer, _ count: Int) -> Bool {
        guard count > 0 else { return false }
        return switch text.load(as: UInt8.self) {
        case UInt8(ascii: "a"): begins(text, count, "audio")
        case UInt8(ascii: "c"): begins(text, count, "conversation")
        case UInt8(ascii: "d"): begins(text, count, "document")
        case UInt8(ascii: "f"): begins(text, count, "file")
        case UInt8(ascii: "i"):
            begins(text, count, "image") || begins(text, count, "input_") || begins(text, count, "item_reference")
        case UInt8(ascii: "p"): begins(text, count, "prompt\"")
        case UInt8(ascii: "s"): begins(text, count, "source")
        case UInt8(ascii: "v"): begins(text, count, "video")
        default: false
        }
    }

    private static func begins(_ text: UnsafeRawPointer, _ count: Int, _ word: StaticString) -> Bool {
        count >= word.utf8CodeUnitCount && memcmp(text, word.utf8Start, word.utf8CodeUnitCount) == 0
    }
}
