// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// Takes the framing off a stream that arrives in pieces, as the gateway does: whole events go on, a started one waits.
///
/// Every piece is copied to memory of its own which is gone after the call, so that the sanitizer sees whoever keeps
/// what he was only shown.
struct StreamFeed {
    private enum Framing {
        case events(SSEFraming)
        case elements(JSONArrayFraming)
        case frames(AWSEventStream)
    }

    private var framing: Framing
    private var rest: [UInt8] = []
    /// Nothing more is read: the bytes are broken, or whoever reads them has enough.
    private(set) var isOver = false
    private(set) var isBroken = false

    /// - Parameter bytes: the whole stream, of which only the first is looked at.
    init(_ wire: ChatWire, _ bytes: [UInt8]) {
        let first = bytes.first { $0 > 32 }
        switch wire {
        case .converse: framing = .frames(AWSEventStream())
        // Google's stream without `alt=sse`.
        case .generateContent where first == 91 || first == 123:
            framing = .elements(JSONArrayFraming(elementBytesMax: 1 << 16))
        default: framing = .events(SSEFraming())
        }
    }

    /// Whether the bytes so far end where something ends.
    var isWhole: Bool {
        switch framing {
        case .events: !isBroken
        case .elements(let elements): !isBroken && elements.isComplete
        case .frames(let frames): !isBroken && frames.faultAtEnd(rest: rest.count) == nil
        }
    }

    /// - Parameter take: returns whether it wants more.
    mutating func feed(_ piece: ArraySlice<UInt8>, _ take: (WireEvent, UnsafeRawBufferPointer) -> Bool) {
        guard !isOver else { return }
        rest += piece
        let bytes = rest
        let used = Fuzz.withCopy(of: bytes) { raw in
            switch framing {
            case .events(let events): readEvents(events, raw, take)
            case .elements(let elements): readElements(elements, raw, take)
            case .frames(let frames): readFrames(frames, raw, take)
            }
        }
        rest.removeFirst(min(used, rest.count))
    }

    // MARK: Framings

    private mutating func readEvents(
        _ events: SSEFraming, _ raw: UnsafeRawBufferPointer, _ take: (WireEvent, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        var events = events
        let complete = UnsafeRawBufferPointer(rebasing: raw[..<events.completeCount(raw)])
        framing = .events(events)
        let arena = ByteArena()
        var offset = 0
        while !isOver, let event = SSEFraming.nextEvent(complete, from: &offset) {
            guard let data = SSEFraming.data(of: event, in: complete, arena: arena) else { continue }
            let wireEvent = WireEvent(name: event.eventName.slice(complete), data: data)
            isOver = !take(wireEvent, event.raw.slice(complete))
        }
        return complete.count
    }

    private mutating func readElements(
        _ elements: JSONArrayFraming, _ raw: UnsafeRawBufferPointer, _ take: (WireEvent, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        var elements = elements
        defer { framing = .elements(elements) }
        var offset = 0
        while !isOver {
            switch elements.next(raw, from: &offset) {
            case .more: return offset
            case .malformed: stop()
            case .element(let range):
                let element = range.slice(raw)
                isOver = !take(WireEvent(name: UnsafeRawBufferPointer(start: nil, count: 0), data: element), element)
            }
        }
        return offset
    }

    private mutating func readFrames(
        _ frames: AWSEventStream, _ raw: UnsafeRawBufferPointer, _ take: (WireEvent, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        var frames = frames
        defer { framing = .frames(frames) }
        var offset = 0
        while !isOver {
            switch frames.next(raw, from: &offset) {
            case .needMore: return offset
            case .fault: stop()
            case .frame(let frame): isOver = !take(WireEvent(frame, in: raw), frame.raw.slice(raw))
            }
        }
        return offset
    }

    private mutating func stop() {
        isBroken = true
        isOver = true
    }
}

extension StreamFeed {
    /// A stream of Converse from the same events as text, because no mutation survives a checksum: the event's name is
    /// the frame's type, and one that ends in `Exception` is one.
    static func frames(_ text: [UInt8]) -> [UInt8] {
        var frames: [UInt8] = []
        Fuzz.withCopy(of: text) { raw in
            var framing = SSEFraming()
            let complete = UnsafeRawBufferPointer(rebasing: raw[..<framing.completeCount(raw)])
            var offset = 0
            while let event = SSEFraming.nextEvent(complete, from: &offset) {
                guard !event.isComment, event.eventName.count < 256 else { continue }
                let name = String(decoding: event.eventName.slice(complete), as: UTF8.self)
                let data = Array(event.data.slice(complete))
                frames +=
                    name.hasSuffix("Exception")
                    ? AWSEventStreamEncoder.exception(name, payload: data)
                    : AWSEventStreamEncoder.event(name, payload: data)
            }
        }
        return frames
    }
}
