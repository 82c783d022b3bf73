// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing
import WireFormats

/// An event with the text its ranges point at.
private struct Event: Equatable, CustomStringConvertible {
    var raw: String
    var data: String
    var name = ""
    var dataLines = 1
    var isComment = false

    init(_ raw: String, data: String = "", name: String = "", dataLines: Int = 1, isComment: Bool = false) {
        (self.raw, self.data, self.name, self.dataLines, self.isComment) = (raw, data, name, dataLines, isComment)
    }

    init(_ event: SSEEvent, _ bytes: UnsafeRawBufferPointer) {
        raw = Parsing.string(event.raw, bytes)
        data = Parsing.string(event.data, bytes)
        name = Parsing.string(event.eventName, bytes)
        dataLines = event.dataLines
        isComment = event.isComment
    }

    var description: String {
        "\(raw.debugDescription) data \(data.debugDescription) ×\(dataLines) name \(name) comment \(isComment)"
    }
}

/// Events of a stream that arrives in pieces, as a reader would take them; what is left unfinished comes with them.
private func events(_ pieces: [some Collection<UInt8>]) -> (events: [Event], rest: [UInt8]) {
    var framing = SSEFraming()
    var pending: [UInt8] = []
    var events: [Event] = []
    for piece in pieces {
        pending += piece
        let complete = pending.withUnsafeBytes { raw in
            let count = framing.completeCount(raw)
            let whole = UnsafeRawBufferPointer(rebasing: raw[..<count])
            var offset = 0
            while let event = SSEFraming.nextEvent(whole, from: &offset) { events.append(Event(event, whole)) }
            return count
        }
        pending.removeFirst(complete)
    }
    return (events, pending)
}

private func events(_ text: String) -> [Event] { events([text.utf8]).events }

@Suite struct EventStreamTests {
    static let lineEnds = ["\n", "\r", "\r\n"]

    /// A stream with everything in it, ending with a line that shows what came before it is complete.
    private static func stream(_ end: String) -> String {
        [
            "data: {\"a\":1}", "", ": comment", "", "event: error", "data:{\"b\":2}", "id: 7", "", "data: one",
            "data:two", "", "", "data", "retry: 5", "",
            "data: [DONE]", "", "x",
        ].joined(separator: end)
    }

    private static func expected(_ end: String) -> [Event] {
        func raw(_ lines: String...) -> String { lines.map { $0 + end }.joined() + end }
        return [
            Event(raw("data: {\"a\":1}"), data: "{\"a\":1}"), Event(raw(": comment"), dataLines: 0, isComment: true),
            Event(raw("event: error", "data:{\"b\":2}", "id: 7"), data: "{\"b\":2}", name: "error"),
            Event(raw("data: one", "data:two"), data: "one", dataLines: 2), Event(end, dataLines: 0),
            Event(raw("data", "retry: 5")),
            Event(raw("data: [DONE]"), data: "[DONE]"),
        ]
    }

    @Test(arguments: lineEnds) func `lines may end in LF, CR or CRLF`(_ end: String) {
        let found = events([Self.stream(end).utf8])
        #expect(found.events == Self.expected(end))
        #expect(found.rest == Array("x".utf8))
    }

    @Test(arguments: lineEnds) func `the pieces do not matter: every split into two and into three`(_ end: String) {
        let bytes = Array(Self.stream(end).utf8)
        let whole = Self.expected(end)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let found = events([bytes[..<first], bytes[first..<second], bytes[second...]])
                #expect(found.events == whole && found.rest == Array("x".utf8), "split at \(first) and \(second)")
            }
        }
        #expect(events(bytes.map { [$0] }).events == whole, "one byte at a time")
    }

    @Test func `kinds of line end may be mixed`() {
        for text in ["data: a\n\r\nx", "data: a\r\n\nx", "data: a\r\n\rx", "data: a\r\r\nx", "data: a\n\rx"] {
            #expect(
                events(text) == [Event(String(text.unicodeScalars.dropLast()), data: "a")], "\(text.debugDescription)")
        }
    }

    @Test func `a CR at the end waits, because it may be half of a CRLF`() {
        #expect(events("data: a\r\r").isEmpty)
        #expect(events("data: a\r\n\r").isEmpty)
        #expect(events("data: a\n\r").isEmpty)
        let found = events(["data: a\r\n\r".utf8, "\ndata: b\n\n".utf8])
        #expect(found.events == [Event("data: a\r\n\r\n", data: "a"), Event("data: b\n\n", data: "b")])
        #expect(found.rest.isEmpty)
    }

    @Test func `an event without its empty line is not an event yet`() {
        for text in ["", "\r", "d", "data: a", "data: a\n", "data: a\r", "data: a\r\n", "data: a\n:"] {
            let found = events([text.utf8])
            #expect(found.events.isEmpty && found.rest.count == text.utf8.count, "\(text.debugDescription)")
        }
    }

    @Test func `only the field names data and event count, to the letter`() {
        #expect(events("Data: a\n\n").first?.dataLines == 0)
        #expect(events("data : a\n\n").first?.dataLines == 0)
        #expect(events(" data: a\n\n").first?.dataLines == 0)
        #expect(events("database: a\n\n").first?.dataLines == 0)
        #expect(events("data:  a \n\n").first?.data == " a ", "one space is taken, and only before the value")
        #expect(events("event:x\ndata:\n\n") == [Event("event:x\ndata:\n\n", data: "", name: "x")])
    }

    @Test func `a comment among fields does not make the event a comment`() {
        #expect(events(": a\ndata: b\n\n").first?.isComment == false)
        #expect(events(": a\n: b\n\n").first?.isComment == true)
        #expect(events(":\n\n").first?.isComment == true)
    }

    @Test func `a byte order mark before the first line is skipped and kept in the raw bytes`() {
        #expect(events("\u{FEFF}data: a\n\n") == [Event("\u{FEFF}data: a\n\n", data: "a")])
        #expect(events("data: \u{FEFF}a\n\n").first?.data == "\u{FEFF}a")
    }

    @Test func `characters of several bytes survive every split`() {
        let bytes = Array("data: grüße 👋 世界\n\ndata: ß\n\n".utf8)
        for position in 0...bytes.count {
            #expect(events([bytes[..<position], bytes[position...]]).events.map(\.data) == ["grüße 👋 世界", "ß"])
        }
    }

    @Test func `random streams of line ends frame the same however they arrive`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 1...24, using: &random)).map { _ in
                Array("\r\r\n\n:d".utf8).randomElement(using: &random) ?? 10
            }
            let whole = events([bytes])
            let position = Int.random(in: 0...bytes.count, using: &random)
            let split = events([bytes[..<position], bytes[position...]])
            #expect(split.events == whole.events && split.rest == whole.rest, "\(bytes) split at \(position)")
        }
    }
}
