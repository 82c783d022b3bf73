// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("generateContent streams are written")
struct GenerateContentStreamWriterTests {
    private static let identity = #""modelVersion":"m1","responseId":"r1""#

    private static func chunk(_ part: String) -> String {
        #"{"candidates":[{"content":{"role":"model","parts":[\#(part)]},"index":0}],\#(identity)}"#
    }

    private static let usage = UsageCounts(prompt: 10, cached: 4, completion: 7)
    private static let last =
        #"{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"#
        + #""usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"totalTokenCount":17},\#(identity)}"#

    @Test("every chunk is a whole answer, calls are whole, and the last chunk alone says how it ended and what it used")
    func workedExample() {
        let stream = Gemini.stream([
            .started(id: "r1", model: "m1"), .text(""), .text("Hi"), .toolStarted(block: 1, id: "c1", name: "f"),
            .toolArguments(block: 1, fragment: ""), .toolArguments(block: 1, fragment: #"{\"a\""#),
            .toolArguments(block: 1, fragment: #": 1}"#), .toolEnded(block: 1), .finished(Finish(.toolCalls)),
            .usage(Self.usage), .ended,
        ])
        #expect(
            Gemini.chunks(stream) == [
                Self.chunk(#"{"text":"Hi"}"#), Self.chunk(#"{"functionCall":{"id":"c1","name":"f","args":{"a":1}}}"#),
                Self.last,
            ])
    }

    @Test("nothing is said before there is something to say, and nothing behind the end")
    func silence() {
        let start: [StreamEvent] = [
            .started(id: "r1", model: "m1"), .toolStarted(block: 0, id: "c", name: "f"),
            .toolArguments(block: 0, fragment: "{"),
        ]
        #expect(Gemini.stream(start).isEmpty)
        let rest: [StreamEvent] = [
            .toolArguments(block: 0, fragment: "}"), .finished(Finish(.stop)), .usage(Self.usage), .ended,
            .text("late"),
            .ended,
        ]
        #expect(Gemini.chunks(Gemini.stream(start + rest)).count == 2)
    }

    @Test("interleaved calls leave whole, each when it ends; those still open leave at the end, in order")
    func interleaved() throws {
        let stream = Gemini.stream([
            .toolStarted(block: 3, id: "a", name: "f"), .toolStarted(block: 5, id: "b", name: "g"),
            .toolArguments(block: 3, fragment: "{"), .toolArguments(block: 5, fragment: #"{\"b\":"#),
            .signature("YWI=", block: 5), .toolArguments(block: 3, fragment: "}"),
            .toolArguments(block: 5, fragment: "2}"),
            .toolEnded(block: 5), .toolStarted(block: 7, id: "c", name: "h"), .finished(Finish(.toolCalls)), .ended,
        ])
        let parts = try Gemini.chunks(stream).compactMap {
            try Gemini.json($0)["candidates"]?.arrayValue?[0]["content"]?["parts"]?.arrayValue?[0]
        }
        #expect(
            parts.map(\.text) == [
                #"{"functionCall":{"id":"b","name":"g","args":{"b":2}},"thoughtSignature":"YWI="}"#,
                #"{"functionCall":{"id":"a","name":"f","args":{}}}"#,
                #"{"functionCall":{"id":"c","name":"h","args":{}}}"#,
                #"{"text":""}"#,
            ])
    }

    @Test("a line break in arguments does not end the line of the event")
    func lineBreaks() {
        let object: [StreamEvent] = [
            .toolStarted(block: 0, id: "c", name: "f"), .toolObject(block: 0, arguments: "{\n \"a\" : \"x  y\" }"),
            .toolEnded(block: 0),
        ]
        let fragment: [StreamEvent] = [
            .toolStarted(block: 0, id: "c", name: "f"), .toolArguments(block: 0, fragment: #"{\n \"a\" : \"x  y\" }"#),
            .toolEnded(block: 0),
        ]
        for events in [object, fragment] {
            let chunks = Gemini.chunks(Gemini.stream(events))
            #expect(chunks.count == 1 && chunks[0].contains(#""args":{"a":"x  y"}"#))
        }
    }

    @Test("a character split over two fragments is put together")
    func splitCharacter() {
        let stream = Gemini.stream([
            .toolStarted(block: 0, id: "c", name: "f"), .toolArguments(block: 0, fragment: #"{\"a\":\"\ud83d"#),
            .toolArguments(block: 0, fragment: #"\udc4b\"}"#), .toolEnded(block: 0),
        ])
        #expect(stream.contains(#"{"a":"👋"}"#))
    }

    @Test("thinking and its signature are marked as such; what is no base64 or only another's is left out")
    func thinking() {
        let stream = Gemini.stream([
            .started(id: "r1", model: "m1"), .thinking("t"), .signature("EqQB", block: nil),
            .signature("no base64!", block: nil),
            .redactedThinking("xx"), .refusal("No."),
        ])
        #expect(
            Gemini.chunks(stream) == [
                Self.chunk(#"{"text":"t","thought":true}"#),
                Self.chunk(#"{"text":"","thought":true,"thoughtSignature":"EqQB"}"#),
                Self.chunk(#"{"text":"No."}"#),
            ])
    }

    // MARK: Failures

    @Test("a failure is Google's error and the last word, without any finish reason")
    func failure() throws {
        var writer = GenerateContentStreamWriter(Gemini.answerTarget)
        let json = JSONWriter()
        writer.write(.text("a"), to: json)
        writer.write(.finished(Finish(.stop)), to: json)
        writer.fail(WireError(status: 503, message: "over\"loaded", type: "overloaded_error"), to: json)
        writer.write(.ended, to: json)
        writer.keepAlive(to: json)
        writer.fail(WireError(status: 500, message: "again", type: "api_error"), to: json)
        let chunks = Gemini.chunks(String(decoding: json.bytes, as: UTF8.self))
        #expect(chunks.count == 2)
        #expect(chunks.last == #"{"error":{"code":503,"message":"over\"loaded","status":"UNAVAILABLE"}}"#)
        #expect(!chunks[0].contains("finishReason"))
    }

    @Test("an end without a reason is a failure, never an ending made up")
    func endWithoutReason() throws {
        let chunks = Gemini.chunks(Gemini.stream([.text("a"), .usage(Self.usage), .ended]))
        #expect(chunks.count == 2)
        #expect(try Gemini.json(chunks[1])["error"]?["code"]?.integerValue == 502)
    }

    @Test(
        "arguments that are no object are a failure, never other arguments",
        arguments: [#"{\"a\":"#, "[1]", "7", "null", #"\"x\""#, "{} {}"])
    func malformedArguments(_ fragment: String) throws {
        var fragment = fragment
        let stream = fragment.withUTF8 { bytes in
            Gemini.stream([
                .toolStarted(block: 0, id: "c", name: "f"),
                .toolArguments(
                    block: 0, fragment: JSONString(UnsafeRawBufferPointer(bytes), hasEscapes: true)),
                .toolEnded(block: 0),
                .finished(Finish(.toolCalls)), .ended,
            ])
        }
        let chunks = Gemini.chunks(stream)
        #expect(chunks.count == 1)
        #expect(try Gemini.json(chunks[0])["error"]?["code"]?.integerValue == 502)
    }

    @Test("what is held back is bounded, in calls and in bytes")
    func bounds() {
        let calls = (0...128).map { StreamEvent.toolStarted(block: $0, id: "c", name: "f") }
        #expect(Gemini.stream(Array(calls.dropLast())).isEmpty)
        #expect(Gemini.stream(calls).contains(#""error""#))
        var text = String(repeating: "x", count: 1 << 20)
        text.withUTF8 { bytes in
            let fragment = JSONString(UnsafeRawBufferPointer(bytes), hasEscapes: false)
            let start = [StreamEvent.toolStarted(block: 0, id: "c", name: "f")]
            let pieces = Array(repeating: StreamEvent.toolArguments(block: 0, fragment: fragment), count: 4)
            #expect(Gemini.stream(start + pieces.dropLast()).isEmpty)
            #expect(Gemini.stream(start + pieces).contains(#""error""#))
        }
    }

    @Test("room is given back when a call ends")
    func roomIsGivenBack() {
        var text = "{\"a\":\"" + String(repeating: "x", count: 1 << 20) + "\"}"
        text.withUTF8 { bytes in
            let object = JSONRaw(UnsafeRawBufferPointer(bytes))
            var events: [StreamEvent] = []
            for block in 0..<8 {
                events.append(.toolStarted(block: block, id: "c", name: "f"))
                // Said twice: the second word replaces the first, and its room.
                events += Array(repeating: .toolObject(block: block, arguments: object), count: 6)
                events.append(.toolEnded(block: block))
            }
            let stream = Gemini.stream(events)
            #expect(!stream.contains(#""error""#))
            #expect(Gemini.chunks(stream).count == 8)
        }
    }

    @Test("fragments for a call that never began are a failure")
    func unknownBlock() {
        #expect(Gemini.stream([.toolArguments(block: 4, fragment: "{")]).contains(#""error""#))
    }

    @Test("what keeps a stream alive is a chunk that Google's clients read, with nothing in it")
    func keepAlive() throws {
        var writer = GenerateContentStreamWriter(Gemini.answerTarget)
        let json = JSONWriter()
        writer.keepAlive(to: json)
        let chunks = Gemini.chunks(String(decoding: json.bytes, as: UTF8.self))
        #expect(chunks.count == 1)
        #expect(try Gemini.read(chunks) == [.started(id: "own-id", model: "public")])
    }
}
