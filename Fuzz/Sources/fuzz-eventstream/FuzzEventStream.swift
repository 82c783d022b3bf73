// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import WireFormats

// Properties: the frames of a stream, or its fault, are the same however it arrives; frames and the rest are the stream;
// ranges lie inside their frame; a fault is final; what the encoder writes is read back as it was given.
//
// No mutation survives two checksums, so every input is also tried with checksums (and lengths) made to hold: that is
// how the reader of headers is reached. An input of nothing but hexadecimal digits and spaces stands for the bytes they
// mean, so that the corpus is text.

@main enum FuzzEventStream {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: count))
    let bytes = hexadecimal(input) ?? input
    checkSplits(bytes)
    checkSplits(repaired(bytes))
    checkRoundTrip(bytes)
    checkPayload(bytes)
    return 0
}

// MARK: Inputs

private func hexadecimal(_ input: [UInt8]) -> [UInt8]? {
    var digits: [UInt8] = []
    for byte in input where byte != 32 && byte != 10 {
        switch byte {
        case 48...57: digits.append(byte - 48)
        case 97...102: digits.append(byte - 87)
        default: return nil
        }
    }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// The same bytes as a stream whose lengths fit and whose checksums hold.
private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = []
    var rest = bytes[...]
    while rest.count >= 16 {
        let start = rest.startIndex
        let total = min(max(16, number(rest[start..<start + 4])), rest.count)
        let headers = min(number(rest[start + 4..<start + 8]), total - 16)
        let body = rest[(start + 12)..<(start + total - 4)]
        stream += AWSEventStreamEncoder.frame(headers: Array(body.prefix(headers)), payload: body.dropFirst(headers))
        rest = rest.dropFirst(total)
    }
    return stream + rest
}

private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

// MARK: Checks

private struct Framed: Equatable {
    /// Of the whole stream.
    var frames: [AWSEventStreamFrame] = []
    var fault: AWSEventStreamFault?
    /// Bytes used.
    var used = 0
}

private func checkSplits(_ bytes: [UInt8]) {
    Fuzz.withCopy(of: bytes) { checkSplits(bytes, $0) }
}

private func checkSplits(_ bytes: [UInt8], _ raw: UnsafeRawBufferPointer) {
    let whole = framed(raw, seen: [raw.count])
    for frame in whole.frames { check(frame) }
    let covered = whole.frames.last?.raw.end ?? 0
    Fuzz.check(covered == whole.used, "frames are what was used")
    for cut in Fuzz.cuts(of: bytes) {
        Fuzz.check(framed(raw, seen: [cut, raw.count]) == whole, "frames seen up to \(cut) first are the same")
    }
    Fuzz.check(framed(raw, seen: Array(0...raw.count)) == whole, "frames are the same byte by byte")
}

/// Reads a stream of which more and more is visible.
private func framed(_ bytes: UnsafeRawBufferPointer, seen: [Int]) -> Framed {
    var stream = AWSEventStream()
    var framed = Framed()
    for count in seen {
        let visible = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        let end = framed.used
        reading: while true {
            let start = framed.used
            switch stream.next(visible, from: &framed.used) {
            case .frame(let frame):
                Fuzz.check(framed.fault == nil, "nothing follows a fault")
                Fuzz.check(Int(frame.raw.start) == start && frame.raw.end == framed.used, "frames leave no gaps")
                framed.frames.append(frame)
            case .needMore: break reading
            case .fault(let fault):
                Fuzz.check(framed.fault == nil || framed.fault == fault && start == end, "a fault is final")
                framed.fault = fault
                break reading
            }
        }
        let rest = count - framed.used
        Fuzz.check(
            stream.faultAtEnd(rest: rest) == framed.fault ?? (rest > 0 ? .truncated : nil), "an end has its verdict")
    }
    return framed
}

private func check(_ frame: AWSEventStreamFrame) {
    let values = [frame.eventType, frame.exceptionType, frame.errorCode, frame.errorMessage, frame.contentType]
    for range in values where !range.isEmpty {
        Fuzz.check(range.start > frame.raw.start + 12 && range.end <= frame.payload.start, "a value is in the headers")
    }
    Fuzz.check(frame.payload.start >= frame.raw.start + 12, "the payload is behind the prelude")
    Fuzz.check(frame.payload.end + 4 == frame.raw.end, "the payload ends before the checksum")
}

/// The input as the name and the payload of an event, and as what a chunk wraps.
private func checkRoundTrip(_ bytes: [UInt8]) {
    let name = String(decoding: bytes.prefix(40), as: UTF8.self)
    AWSEventStreamEncoder.event(name, payload: bytes).withUnsafeBytes { raw in
        let framed = framed(raw, seen: [raw.count])
        guard let frame = framed.frames.first else { return Fuzz.check(false, "what is written is a frame") }
        Fuzz.check(framed.frames.count == 1 && framed.used == raw.count, "what is written is one frame")
        Fuzz.check(Array(frame.eventType.slice(raw)) == Array(name.utf8), "the name is read back")
        Fuzz.check(Array(frame.payload.slice(raw)) == bytes, "the payload is read back")
    }
    AWSEventStreamEncoder.chunk(bytes).withUnsafeBytes { raw in
        let arena = ByteArena()
        let payload = framed(raw, seen: [raw.count]).frames.first?.payload ?? .empty
        let event = try? BedrockChunk.event(in: payload.slice(raw), arena: arena)
        Fuzz.check(event.map { Array($0) } == bytes, "what a chunk wraps is read back")
    }
}

/// The input as the payload of a chunk, and as base64.
private func checkPayload(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in _ = try? BedrockChunk.event(in: raw, arena: ByteArena()) }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let decoded = Base64.decode(text) else { return }
    Fuzz.check(Base64.encode(decoded) == Array(text.utf8), "a value has one text")
}
