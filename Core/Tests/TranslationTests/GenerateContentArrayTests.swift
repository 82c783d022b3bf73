// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// Streams for callers that want one JSON array. The judge is a strict reader of arrays that is fed byte by byte, and
/// everything ever written must become an array when a bracket is put behind it.
@Suite("generateContent streams as one array")
struct GenerateContentArrayTests {
    private static var events: [StreamEvent] {
        [
            .started(id: "r1", model: "m1"), .thinking("t"), .text("a \\\"[{,"), .text("नमस्ते"),
            .toolStarted(block: 0, id: "c1", name: "f"), .toolArguments(block: 0, fragment: #"{\"a\":[1,{}]}"#),
            .toolEnded(block: 0), .finished(Finish(.toolCalls)), .usage(UsageCounts(prompt: 3, completion: 2)), .ended,
        ]
    }

    private static var target: AnswerTarget {
        AnswerTarget(model: "public", id: "own-id", createdUnixSeconds: 0, framing: .array)
    }

    /// What has been written after each step.
    private func written(_ steps: [(inout GenerateContentStreamWriter, JSONWriter) -> Void]) -> [String] {
        var writer = GenerateContentStreamWriter(Self.target)
        let json = JSONWriter()
        return steps.map { step in
            step(&writer, json)
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }

    private func written(_ events: [StreamEvent]) -> [String] {
        written(events.map { event in { writer, json in writer.write(event, to: json) } })
    }

    /// The elements found by a reader that gets `step` bytes at a time, and whether the array was closed.
    private func elements(_ text: String, step: Int) -> (elements: [String], isComplete: Bool) {
        var framing = JSONArrayFraming(elementBytesMax: 1 << 20)
        var found: [String] = []
        var rest: [UInt8] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            rest += bytes[start..<min(start + step, bytes.count)]
            let used = rest.withUnsafeBytes { rest in
                var offset = 0
                while case .element(let range) = framing.next(rest, from: &offset) {
                    found.append(String(decoding: range.slice(rest), as: UTF8.self))
                }
                return offset
            }
            rest.removeFirst(used)
        }
        return (found, framing.isComplete)
    }

    private func isArray(_ text: String) -> Bool {
        (try? Gemini.json(text))?.arrayValue != nil
    }

    // MARK: Translated

    @Test("the elements are the chunks that come as events otherwise, wherever the bytes are split")
    func sameChunks() {
        let array = written(Self.events).last ?? ""
        let chunks = Gemini.chunks(Gemini.stream(Self.events))
        for step in 1...array.utf8.count {
            let found = elements(array, step: step)
            #expect(found.elements == chunks && found.isComplete, "\(step) bytes at a time")
        }
    }

    @Test("whatever was written is an array but for its closing bracket, which comes with the end")
    func prefixes() {
        let texts = written(Self.events)
        for text in texts.dropLast() where !text.isEmpty {
            #expect(text.first == "[" && isArray(text + "]"), "\(text)")
        }
        #expect(isArray(texts.last ?? ""))
    }

    @Test("a failure is the last element, behind content and without any")
    func failure() throws {
        let error = WireError(status: 503, message: "over\"loaded", type: "overloaded_error")
        let fail: (inout GenerateContentStreamWriter, JSONWriter) -> Void = { $0.fail(error, to: $1) }
        let say: (inout GenerateContentStreamWriter, JSONWriter) -> Void = { $0.write(.text("a"), to: $1) }
        for (steps, count) in [([say, fail, say, fail], 2), ([fail], 1)] {
            let array = try Gemini.json(written(steps).last ?? "").arrayValue
            #expect(array?.count == count)
            #expect(array?.last?["error"]?["status"]?.stringValue == "UNAVAILABLE")
        }
    }

    @Test("a silent array is kept alive by white space between elements, never in front of the first")
    func keepAlive() {
        let live: (inout GenerateContentStreamWriter, JSONWriter) -> Void = { $0.keepAlive(to: $1) }
        let say: (inout GenerateContentStreamWriter, JSONWriter) -> Void = { $0.write(.text("a"), to: $1) }
        let texts = written([live, say, live, live, say])
        #expect(texts[0].isEmpty)
        #expect(texts[2].utf8.count == texts[1].utf8.count + 1)
        #expect(isArray(texts[4] + "]"))
    }

    // MARK: Passed on

    private static let chunks = [
        #"{ "candidates": [{"content": {"parts": [{"text": "a\"[{,"}], "role": "model"}}], "responseId": "r"}"#,
        "{\n  \"candidates\": [{\"finishReason\": \"STOP\"}],\n  \"usageMetadata\": {\"promptTokenCount\": 3}\n}",
    ]

    private func passed(_ chunks: [String], ends: Bool = true, then: (AnswerTranslator) -> Void = { _ in })
        throws -> (text: String, facts: [StreamFacts])
    {
        let translator = AnswerTranslator()
        let model: StaticString = "public"
        translator.begin(
            from: .generateContent, of: nil, to: nil, isStream: true,
            model: UnsafeRawBufferPointer(start: model.utf8Start, count: model.utf8CodeUnitCount), identifier: 1,
            createdUnixSeconds: 0, includesUsage: true, framing: .array, aliases: [])
        var facts: [StreamFacts] = []
        for chunk in chunks {
            var chunk = chunk
            facts.append(
                try chunk.withUTF8 { data in
                    let data = UnsafeRawBufferPointer(data)
                    let event = WireEvent(name: UnsafeRawBufferPointer(start: nil, count: 0), data: data)
                    return try translator.event(event, raw: data)
                })
        }
        if ends { facts.append(translator.bodyEnded()) }
        then(translator)
        return (String(decoding: translator.output.bytes, as: UTF8.self), facts)
    }

    @Test("an endpoint's own chunks stay byte for byte between the array's separators")
    func passage() throws {
        let (text, facts) = try passed(Self.chunks)
        #expect(text == "[\(Self.chunks[0]),\r\n\(Self.chunks[1])]")
        #expect(facts.last?.hasEnded == true)
        for step in 1...text.utf8.count { #expect(elements(text, step: step).elements == Self.chunks) }
    }

    @Test("a stream that is cut off stays open until its failure is told")
    func cutOff() throws {
        let error = WireError(status: 502, message: "cut", type: "upstream_error")
        let (text, facts) = try passed([Self.chunks[0]]) { #expect($0.fail(error)) }
        #expect(facts.last?.hasEnded == false)
        let array = try Gemini.json(text).arrayValue
        #expect(array?.count == 2 && array?.last?["error"]?["code"]?.integerValue == 502)
    }

    @Test(
        "the endpoint's own error is the last element, in whatever form it came",
        arguments: [
            #"{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}"#,
            "[{\n \"error\": {\"code\": 503, \"message\": \"m\", \"status\": \"UNAVAILABLE\"}\n}\n]",
        ])
    func ownError(_ error: String) throws {
        let late = WireError(status: 502, message: "late", type: "upstream_error")
        let (text, facts) = try passed([Self.chunks[0], error, Self.chunks[1]]) { #expect($0.fail(late)) }
        #expect(facts[1].failure != nil)
        let array = try Gemini.json(text).arrayValue
        #expect(array?.count == 2 && array?.last?["error"]?["status"]?.stringValue == "UNAVAILABLE")
    }

    @Test("what is no JSON breaks the stream instead of the array")
    func noJSON() {
        #expect(throws: TranslationFault.self) { try passed([Self.chunks[0], "oops"]) }
    }
}
