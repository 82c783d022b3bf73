// SPDX-License-Identifier: Apache-2.0
// Isobar

// What a request asks for, found without parsing JSON: the load generator's fields have known spellings and sit near an
// end of the body, on every wire it may have been translated to. A proxy that re-serialises the body may add a space
// after the colon, so both spellings count.

internal import Loopback

struct Inquiry: Equatable {
    var wantsStream = false
    var wantsUsage = false
    /// Chunks of text in a stream; the request's limit on tokens. `nil`: not stated.
    var chunks: Int?
    /// Where the request's number begins in the body, `Template.numberCount` bytes. `nil`: none.
    var numberOffset: Int?

    /// Bytes looked at from the two ends of a body by the load generator. A proxy may put a field in front.
    private static let (near, front) = (256, 96)
    /// The same for any other body.
    private static let reach = 1024

    init(body: UnsafeRawBufferPointer) {
        read(UnsafeRawBufferPointer(rebasing: body.suffix(Self.near)), endingAt: body.count)
        let isOurs = numberOffset != nil
        read(UnsafeRawBufferPointer(rebasing: body.prefix(isOurs ? Self.front : Self.reach)), endingAt: nil)
        if !isOurs { read(UnsafeRawBufferPointer(rebasing: body.suffix(Self.reach)), endingAt: body.count) }
    }

    /// - Parameter end: where `part` ends in the body; `nil`: no number is expected in it.
    private mutating func read(_ part: UnsafeRawBufferPointer, endingAt end: Int?) {
        if let end, let offset = part.offset(of: "caller-"), offset + 7 + Template.numberCount <= part.count {
            numberOffset = end - part.count + offset + 7
        }
        if let offset = part.offset(of: "\"stream\":"), Self.isTrue(part[(offset + 9)...]) { wantsStream = true }
        if let offset = part.offset(of: "\"include_usage\":"), Self.isTrue(part[(offset + 16)...]) { wantsUsage = true }
        readChunks(part, "\"max_tokens\":")
        readChunks(part, "\"max_completion_tokens\":")
        readChunks(part, "\"maxTokens\":")
        readChunks(part, "\"maxOutputTokens\":")
    }

    private mutating func readChunks(_ part: UnsafeRawBufferPointer, _ name: StaticString) {
        guard let offset = part.offset(of: name) else { return }
        chunks = Self.leadingInteger(part[(offset + name.utf8CodeUnitCount)...])
    }

    private static func isTrue(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "t")
    }

    private static func leadingInteger(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        let digits = bytes.drop { $0 == UInt8(ascii: " ") }.prefix { $0 &- 48 < 10 }
        return decimal(UnsafeRawBufferPointer(rebasing: digits))
    }
}
