// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private typealias Examples = AWSEventStreamExamples
private typealias Encoder = AWSEventStreamEncoder

@Suite struct AWSEventStreamTests {
    @Test func `the worked examples mean what they say`() {
        for (bytes, meaning) in zip(Examples.all, Examples.meaning) {
            let framed = Framed([bytes])
            #expect(framed.frames == [meaning] && framed.fault == nil && framed.rest.isEmpty)
        }
    }

    @Test func `frames are written byte for byte as Bedrock writes them`() {
        let delta = #"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#
        #expect(Encoder.event("contentBlockDelta", payload: delta.utf8) == Examples.delta)
        #expect(Encoder.exception("throttlingException", payload: #"{"message":"slow"}"#.utf8) == Examples.exception)
        #expect(Encoder.frame(headers: [], payload: []) == Examples.empty)
        // Length, checksum of the prelude and checksum of the message.
        let rows: [([UInt8], Int, String, String)] = [
            (Examples.chunk, 215, "bff9e438", "4b8e9495"), (Examples.reordered, 166, "6f4a7108", "e3516b09"),
            (Examples.error, 117, "69c82501", "b014c750"),
        ]
        for (frame, count, prelude, message) in rows {
            #expect(frame.count == count)
            #expect(Array(frame[8..<12]) == Bytes.hexadecimal(prelude))
            #expect(Array(frame.suffix(4)) == Bytes.hexadecimal(message))
        }
    }

    @Test func `headers of every type are skipped, those that are acted on are found among them`() {
        let headers =
            Encoder.header("yes", type: 0, value: []) + Encoder.header("no", type: 1, value: [])
            + Encoder.header("i8", type: 2, value: [1]) + Encoder.header("i16", type: 3, value: [1, 2])
            + Encoder.header(":event-type", "metadata") + Encoder.header("i32", type: 4, value: [1, 2, 3, 4])
            + Encoder.header("i64", type: 5, value: 1...8) + Encoder.header("bytes", type: 6, value: [0, 2, 7, 7])
            + Encoder.header("time", type: 8, value: 1...8) + Encoder.header("id", type: 9, value: 1...16)
            + Encoder.header(":future", "x")
        let framed = Framed([Encoder.frame(headers: headers, payload: [])])
        #expect(framed.frames == [Frame(.event, "metadata", content: "")])
    }

    @Test func `a frame without a message type is an event, one with an unknown type is neither event nor failure`() {
        let event = Encoder.frame(headers: Encoder.header(":event-type", "messageStop"), payload: [])
        let strange = Encoder.frame(headers: Encoder.header(":message-type", "Event"), payload: [])
        #expect(Framed([event + strange]).frames.map(\.kind) == [.event, .unknown])
        var frame = AWSEventStreamFrame()
        let failures = [AWSEventStreamFrame.Kind.event, .exception, .error, .unknown].map { kind in
            frame.kind = kind
            return frame.isFailure
        }
        #expect(failures == [false, true, true, false])
    }

    @Test func `the length of a frame is known before the frame is there`() {
        var stream = AWSEventStream()
        var offset = 0
        let isComplete = Examples.delta.withUnsafeBytes { bytes in
            if case .needMore = stream.next(UnsafeRawBufferPointer(rebasing: bytes[..<12]), from: &offset) {
                false
            } else {
                true
            }
        }
        #expect(!isComplete && stream.frameBytes == 148 && offset == 0)
    }
}

// MARK: Splits

/// The six examples one after the other, cut in every way.
@Suite struct AWSEventStreamSplitTests {
    private let bytes = Examples.all.flatMap { $0 }
    private let ends = Examples.all.reduce(into: [0]) { ends, frame in ends.append((ends.last ?? 0) + frame.count) }

    @Test func `frames are the same cut at every offset, and byte by byte`() {
        for cut in 0...bytes.count {
            let framed = Framed([bytes[..<cut], bytes[cut...]])
            #expect(framed.frames == Examples.meaning && framed.faultAtEnd == nil, "cut at \(cut)")
        }
        #expect(Framed(bytes.map { [$0] }).frames == Examples.meaning)
    }

    /// The bytes stay where they are and more and more of them may be seen, so that frames compare with their ranges.
    private static func frames(_ bytes: UnsafeRawBufferPointer, from: Int, seen: [Int]) -> [AWSEventStreamFrame] {
        var stream = AWSEventStream()
        var offset = from
        var frames: [AWSEventStreamFrame] = []
        for count in seen {
            let visible = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            while case .frame(let frame) = stream.next(visible, from: &offset) { frames.append(frame) }
        }
        return frames
    }

    /// Only what the cuts can change is read again: the frames from the first cut to the second. Those before and behind
    /// were compared above.
    @Test func `frames are the same cut at every pair of offsets`() {
        bytes.withUnsafeBytes { raw in
            let whole = Self.frames(raw, from: 0, seen: [raw.count])
            #expect(whole.count == 6)
            for first in 0...raw.count {
                let start = ends.lastIndex { $0 <= first } ?? 0
                for second in first...raw.count {
                    let end = max(start, ends.firstIndex { $0 >= second } ?? 0)
                    let found = Self.frames(raw, from: ends[start], seen: [first, second, ends[end]])
                    if found != Array(whole[start..<end]) { Issue.record("cut at \(first) and \(second)") }
                }
            }
        }
    }

    @Test func `a tail that is missing is a truncation, unless it is missing whole frames`() {
        for count in 0..<bytes.count {
            let framed = Framed([bytes[..<count]])
            let whole = ends.lastIndex { $0 <= count } ?? 0
            #expect(framed.frames == Array(Examples.meaning[..<whole]) && framed.fault == nil)
            #expect(framed.faultAtEnd == (ends.contains(count) ? nil : .truncated), "cut at \(count)")
        }
    }
}

// MARK: Faults

@Suite struct AWSEventStreamFaultTests {
    private static func flipped(_ frame: [UInt8], at offset: Int, _ bits: UInt8 = 1) -> [UInt8] {
        var frame = frame
        frame[offset] ^= bits
        return frame
    }

    @Test func `a wrong length is found with the twelfth byte, and more bytes are not waited for`() {
        let broken = Self.flipped(Examples.delta, at: 3)
        #expect(Framed([broken[..<11]]).fault == nil)
        #expect(Framed([broken[..<12]]).fault == .preludeChecksum)
    }

    @Test func `a wrong byte of the payload is found when the frame is whole`() {
        let broken = Self.flipped(Examples.delta, at: 142)
        #expect(Framed([broken.dropLast()]).fault == nil)
        #expect(Framed([broken]).fault == .messageChecksum)
        #expect(Framed([broken]).frames.isEmpty)
    }

    @Test func `no single bit of a frame can change unnoticed`() {
        for offset in Examples.exception.indices {
            for bit in 0..<8 {
                let fault = Framed([Self.flipped(Examples.exception, at: offset, 1 << UInt8(bit))]).fault
                #expect(fault == (offset < 12 ? .preludeChecksum : .messageChecksum), "bit \(bit) of byte \(offset)")
            }
        }
    }

    @Test func `a fault is final: what follows is never read`() {
        let broken = Self.flipped(Examples.delta, at: 142)
        let framed = Framed([Examples.empty + broken, Examples.delta, Examples.delta])
        #expect(framed.frames.count == 1 && framed.fault == .messageChecksum && framed.faultAtEnd == .messageChecksum)
    }

    /// A prelude with a checksum that holds, and nothing behind it.
    private static func prelude(total: UInt32, headers: UInt32) -> [UInt8] {
        let lengths = [total, headers].flatMap { value in (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }
        let checksum = lengths.withUnsafeBytes(CRC32.checksum)
        return lengths + (0..<4).map { UInt8(checksum >> (24 - 8 * $0) & 0xFF) }
    }

    @Test(
        arguments: [
            (15, 0, .malformedLength), (0, 0, .malformedLength), (16, 1, .malformedLength),
            (16, .max, .malformedLength),
            (.max, .max, .malformedLength), (131_072 + 16, 131_072, nil), (131_073 + 16, 131_073, .headersTooLarge),
            (25_165_824 + 16, 0, nil), (25_165_825 + 16, 0, .payloadTooLarge), (.max, 0, .payloadTooLarge),
            (.max, .max - 16, .headersTooLarge),
        ] as [(UInt32, UInt32, AWSEventStreamFault?)])
    func `lengths are held to their limits before a byte is waited for`(
        _ total: UInt32, _ headers: UInt32, _ fault: AWSEventStreamFault?
    ) {
        #expect(Framed([Self.prelude(total: total, headers: headers)]).fault == fault)
    }

    @Test func `a smaller limit on payloads is kept`() {
        let frame = Encoder.event("x", payload: [UInt8](repeating: 32, count: 100))
        #expect(Framed([frame], payloadBytesMax: 100).frames.count == 1)
        #expect(Framed([frame], payloadBytesMax: 99).fault == .payloadTooLarge)
    }

    private static let name = Encoder.header(":event-type", "a")

    @Test(
        arguments: [
            (name + name, .duplicateHeader), (name + Encoder.header(":event-type", "b"), .duplicateHeader),
            (Encoder.header("x", type: 0, value: []) + Encoder.header("x", type: 1, value: []), .duplicateHeader),
            (Encoder.header("x", type: 10, value: []), .unknownHeaderType),
            (Encoder.header("x", type: 255, value: []), .unknownHeaderType), ([0, 0], .malformedHeader),
            ([1], .malformedHeader), ([1, 120], .malformedHeader), ([5, 120, 0], .malformedHeader),
            (Array(name.dropLast()), .malformedHeader), (name + [1], .malformedHeader),
            (Encoder.header("x", type: 7, value: [0]), .malformedHeader),
            (Encoder.header("x", type: 6, value: [0, 1]), .malformedHeader),
            (Encoder.header("x", type: 9, value: 1...15), .malformedHeader),
            (Encoder.header(":event-type", type: 0, value: []), .malformedHeader),
            (Encoder.header(":message-type", type: 6, value: [0, 1, 97]), .malformedHeader),
            (Encoder.header(":error-message", type: 7, value: [0, 1, 0xFF]), .malformedHeader),
        ] as [([UInt8], AWSEventStreamFault)])
    func `a bad header is a fault although its checksum holds`(_ headers: [UInt8], _ fault: AWSEventStreamFault) {
        #expect(Framed([Encoder.frame(headers: headers, payload: "{}".utf8)]).fault == fault)
    }

    @Test func `a frame has at most 64 headers`() {
        func frame(_ count: Int) -> [UInt8] {
            Encoder.frame(headers: (0..<count).flatMap { Encoder.header("h\($0)", type: 0, value: []) }, payload: [])
        }
        #expect(Framed([frame(64)]).frames.count == 1)
        #expect(Framed([frame(65)]).fault == .tooManyHeaders)
    }

    @Test func `every fault explains itself in other words`() {
        let explanations = AWSEventStreamFault.allCases.map { "\($0.explanation)" }
        #expect(Set(explanations).count == explanations.count)
    }
}
