// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import WireFormats

// Properties: the events of a stream are the same however it arrives; they cover the stream without gaps; ranges lie
// inside their event; reading an event's data never fails, whatever it holds. The elements of a stream that is one JSON
// array are the same however it arrives, too.

@main enum FuzzSSE {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let whole = events([bytes[...]])
    for cut in Fuzz.cuts(of: bytes) {
        Fuzz.check(events([bytes[..<cut], bytes[cut...]]) == whole, "events split at \(cut) are the same")
    }
    Fuzz.check(events(bytes.indices.map { bytes[$0...$0] }) == whole, "events are the same byte by byte")
    for event in whole.events { event.readData() }
    let covered = whole.events.reduce(into: []) { $0 += $1.raw } + whole.rest
    Fuzz.check(covered == bytes, "events and the rest are the stream")
    checkArray(bytes)
    return 0
}

private struct Event: Equatable {
    var raw: [UInt8]
    var data: [UInt8]
    var name: [UInt8]
    var dataLines: Int
    var isComment: Bool

    init(_ event: SSEEvent, _ bytes: UnsafeRawBufferPointer) {
        for range in [event.raw, event.data, event.eventName] { Fuzz.check(range, inside: bytes.count, "event") }
        Fuzz.check(!event.raw.isEmpty, "an event has bytes")
        Fuzz.check(!event.isComment || event.dataLines == 0, "a comment has no data")
        raw = Array(event.raw.slice(bytes))
        data = Array(event.data.slice(bytes))
        name = Array(event.eventName.slice(bytes))
        dataLines = event.dataLines
        isComment = event.isComment
    }

    func readData() {
        data.withUnsafeBytes { raw in
            let facts = ResponseScan.chunkFacts(raw)
            Fuzz.check(!facts.hasFinishReason || facts.kind == .content || facts.kind == .error, "an end is content")
            let errors = ResponseScan.errorFacts(raw)
            for range in [errors.type, errors.code, errors.message] { Fuzz.check(range, inside: raw.count, "error") }
            if let usage = ResponseScan.usage(inTailOf: raw) {
                Fuzz.check(
                    min(usage.promptTokens, usage.cachedTokens, usage.completionTokens) >= 0, "counts are not negative")
            }
        }
    }
}

private struct Framed: Equatable {
    var events: [Event] = []
    var rest: [UInt8] = []
}

private func events(_ pieces: [ArraySlice<UInt8>]) -> Framed {
    var framing = SSEFraming()
    var framed = Framed()
    for piece in pieces {
        framed.rest += piece
        let complete = framed.rest.withUnsafeBytes { raw in
            let count = framing.completeCount(raw)
            Fuzz.check(count >= 0 && count <= raw.count, "complete bytes are bytes")
            let whole = UnsafeRawBufferPointer(rebasing: raw[..<count])
            var offset = 0
            while let event = SSEFraming.nextEvent(whole, from: &offset) { framed.events.append(Event(event, whole)) }
            Fuzz.check(offset == count, "complete events are used up")
            return count
        }
        framed.rest.removeFirst(complete)
    }
    return framed
}
