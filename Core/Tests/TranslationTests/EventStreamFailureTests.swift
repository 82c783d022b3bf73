// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// From the bytes of a body to what the gateway is told: framing, events and the classes of failures together.
@Suite("Converse: whole bodies")
struct EventStreamFailureTests {
    private struct Outcome: Equatable {
        var text = ""
        var isEnded = false
        var kind: ErrorFacts.Kind?
        var message = ""
        var fault: AWSEventStreamFault?
    }

    private func outcome(_ body: [UInt8]) throws -> Outcome {
        try body.withUnsafeBytes { bytes in
            var outcome = Outcome()
            var stream = AWSEventStream()
            var reader = ConverseStreamReader()
            var offset = 0
            var events: [StreamEvent] = []
            while case .frame(let frame) = stream.next(bytes, from: &offset) {
                events.removeAll()
                try reader.read(WireEvent(frame, in: bytes), tape: JSONTape(), into: &events)
                for event in events { note(event, &outcome) }
            }
            outcome.fault = stream.faultAtEnd(rest: bytes.count - offset)
            events.removeAll()
            if outcome.fault == nil { reader.bodyEnded(into: &events) }
            for event in events { note(event, &outcome) }
            return outcome
        }
    }

    private func note(_ event: StreamEvent, _ outcome: inout Outcome) {
        switch event {
        case .text(let text): outcome.text += text.text
        case .ended: outcome.isEnded = true
        case .failed(let error):
            let facts = ResponseScan.errorFacts(error.bytes)
            outcome.kind = facts.kind(status: 200)
            outcome.message = String(decoding: facts.message.slice(error.bytes), as: UTF8.self)
        default: break
        }
    }

    private let start = AWSEventStreamEncoder.event("messageStart", payload: #"{"role":"assistant"}"#.utf8)
    private let text = AWSEventStreamEncoder.event(
        "contentBlockDelta", payload: #"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#.utf8)
    private let stop = AWSEventStreamEncoder.event("messageStop", payload: #"{"stopReason":"end_turn"}"#.utf8)

    @Test("a good body ends, one that is cut anywhere does not")
    func cuts() throws {
        let body = start + text + stop
        #expect(try outcome(body) == Outcome(text: "Hi", isEnded: true))
        for count in 0..<body.count { #expect(try !outcome(Array(body[..<count])).isEnded, "cut at \(count)") }
    }

    @Test("a broken frame ends the stream badly, with whatever is behind it unread", arguments: [3, 20, 100, 147])
    func broken(_ offset: Int) throws {
        var frame = text
        frame[offset] ^= 1
        let outcome = try outcome(start + text + frame + stop)
        #expect(outcome.text == "Hi" && !outcome.isEnded)
        #expect(outcome.fault == (offset < 12 ? .preludeChecksum : .messageChecksum))
    }

    @Test(
        "exceptions in a stream have a class by their type",
        arguments: [
            ("throttlingException", .rateLimited), ("internalServerException", .transient),
            ("modelStreamErrorException", .transient), ("validationException", .caller),
            ("serviceUnavailableException", .overloaded), ("modelTimeoutException", .transient), ("newException", nil),
        ] as [(String, ErrorFacts.Kind?)])
    func exceptions(_ type: String, _ kind: ErrorFacts.Kind?) throws {
        for before in [[], start, start + text, start + text + stop] {
            let exception = AWSEventStreamEncoder.exception(type, payload: #"{"message":"why"}"#.utf8)
            let outcome = try outcome(before + exception)
            #expect(outcome.kind == kind && outcome.message == "why" && !outcome.isEnded)
        }
    }

    @Test("an error without a payload has its code for a class and its message")
    func errors() throws {
        let error = AWSEventStreamEncoder.error(code: "InternalError", message: #"An "error" occurred: é"#)
        let outcome = try outcome(start + text + error)
        #expect(outcome == Outcome(text: "Hi", kind: .transient, message: #"An \"error\" occurred: é"#))
    }

    @Test("an exception is one whatever its event type says")
    func namedLikeAnEvent() throws {
        let headers =
            AWSEventStreamEncoder.header(":event-type", "metadata")
            + AWSEventStreamEncoder.header(":exception-type", "throttlingException")
            + AWSEventStreamEncoder.header(":message-type", "exception")
        let frame = AWSEventStreamEncoder.frame(headers: headers, payload: "{}".utf8)
        let outcome = try outcome(start + text + stop + frame)
        #expect(outcome.kind == .rateLimited && !outcome.isEnded)
    }

    @Test("a frame that says it is something else is not read as an event")
    func unknown() throws {
        let headers =
            AWSEventStreamEncoder.header(":event-type", "messageStop")
            + AWSEventStreamEncoder.header(":message-type", "x")
        let frame = AWSEventStreamEncoder.frame(headers: headers, payload: #"{"stopReason":"end_turn"}"#.utf8)
        #expect(try outcome(start + text + frame) == Outcome(text: "Hi"))
    }
}
