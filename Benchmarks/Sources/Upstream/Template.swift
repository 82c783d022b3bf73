// SPDX-License-Identifier: Apache-2.0
// Isobar

// What the upstream says, rendered once. Answering is then a copy into the kernel after two fields of fixed width have
// been overwritten: the request's number, which proves that an answer reached its own caller, and the time it was sent.
// Both stand in the answer's text, where a translation between wires leaves them.

internal import Loopback

/// Bytes of one message with the places that change.
struct Template {
    let bytes: UnsafeMutableRawBufferPointer
    private let numberOffsets: [Int]
    private let timeOffsets: [Int]
    private let frames: [Range<Int>]

    /// Digits of a request number.
    static let numberCount = 16
    /// Digits of a send time.
    private static let timeCount = 18

    /// - Parameter draft: `NNNNNNNNNNNNNNNN` marks the number, `TTTTTTTTTTTTTTTTTT` the time.
    init(_ draft: Draft) {
        bytes = .allocate(byteCount: draft.bytes.count, alignment: 16)
        bytes.copyBytes(from: draft.bytes)
        numberOffsets = Self.offsets(of: "NNNNNNNNNNNNNNNN", in: UnsafeRawBufferPointer(bytes))
        timeOffsets = Self.offsets(of: "TTTTTTTTTTTTTTTTTT", in: UnsafeRawBufferPointer(bytes))
        frames = draft.frames
    }

    /// - Parameter number: exactly `numberCount` bytes.
    func stamp(number: UnsafeRawBufferPointer, at time: MonotonicTime) -> UnsafeRawBufferPointer {
        for offset in numberOffsets {
            UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: number)
        }
        for offset in timeOffsets { write(time, at: offset) }
        for frame in frames { EventStreamFrame.seal(UnsafeMutableRawBufferPointer(rebasing: bytes[frame])) }
        return UnsafeRawBufferPointer(bytes)
    }

    private static func offsets(of mark: StaticString, in bytes: UnsafeRawBufferPointer) -> [Int] {
        var offsets: [Int] = []
        var rest = bytes
        while let offset = rest.offset(of: mark) {
            offsets.append(bytes.count - rest.count + offset)
            rest = UnsafeRawBufferPointer(rebasing: rest[(offset + mark.utf8CodeUnitCount)...])
        }
        return offsets
    }

    private func write(_ time: MonotonicTime, at offset: Int) {
        var rest = time
        for index in stride(from: offset + Self.timeCount - 1, through: offset, by: -1) {
            bytes[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
    }
}

/// A message that is being put together, and where in it are frames of an AWS event stream: what they contain changes
/// with the marks, so their checksums have to be made anew each time.
struct Draft {
    private(set) var bytes: [UInt8]
    private(set) var frames: [Range<Int>] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    /// A whole HTTP answer with a JSON body.
    /// - Parameter fields: header lines besides type and length, each with its line end.
    static func answer(json: String, fields: String) -> Draft {
        Draft(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(fields)Content-Length: \(json.utf8.count)\r\n\r\n\(json)"
        )
    }

    /// The head of a streamed HTTP answer.
    static func streamHead(type: String, fields: String) -> Draft {
        Draft(
            "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nCache-Control: no-cache\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n"
        )
    }

    /// One chunk of a chunked body.
    static func chunk(_ text: String) -> Draft {
        Draft("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
    }

    /// One chunk that is one frame of an AWS event stream.
    static func chunk(frame: EventStreamFrame) -> Draft {
        var draft = Draft("\(String(frame.bytes.count, radix: 16))\r\n")
        draft.frames = [draft.bytes.count..<(draft.bytes.count + frame.bytes.count)]
        draft.bytes += frame.bytes + Array("\r\n".utf8)
        return draft
    }

    /// The end of a chunked body.
    static let end = Draft("0\r\n\r\n")

    static func + (first: Draft, second: Draft) -> Draft {
        var sum = first
        sum.frames += second.frames.map { ($0.lowerBound + first.bytes.count)..<($0.upperBound + first.bytes.count) }
        sum.bytes += second.bytes
        return sum
    }
}
