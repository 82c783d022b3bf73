// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("generateContent streams are read")
struct GenerateContentStreamReaderTests {
    private static func chunk(_ parts: String, _ more: String = "") -> String {
        #"{"candidates":[{"content":{"role":"model","parts":[\#(parts)]},"index":0}],"modelVersion":"g","responseId":"r1"\#(more)}"#
    }

    private static func end(_ reason: String = "STOP", _ more: String = "") -> String {
        #"{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"\#(reason)","index":0}],"responseId":"r1"\#(more)}"#
    }

    private static let started = GeminiEvent.started(id: "r1", model: "g")

    @Test("text and thoughts come as they are said, usage once and last, and the end is the end of the body")
    func good() throws {
        let found = try Gemini.read([
            Self.chunk(
                #"{"text":"Hm","thought":true}"#, #","usageMetadata":{"promptTokenCount":4,"thoughtsTokenCount":1}"#),
            Self.chunk(#"{"text":"","thought":true,"thoughtSignature":"YWI="}"#),
            Self.chunk(
                #"{"text":"H"},{"text":"i"}"#,
                #","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1,"thoughtsTokenCount":2}"#),
            Self.end(
                "STOP", #","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":2}"#),
        ])
        #expect(
            found == [
                Self.started, .thinking("Hm"), .signature("YWI=", block: nil), .text("H"), .text("i"), .finished(.stop),
                .usage(UsageCounts(prompt: 4, completion: 5, reasoning: 2)), .ended,
            ])
    }

    @Test("calls come whole, with an id that is stable and counted over chunks, and each with its own signature")
    func calls() throws {
        let found = try Gemini.read([
            Self.chunk(
                #"{"functionCall":{"name":"f","args":{"a": 1}},"thoughtSignature":"YWI="},{"functionCall":{"name":"g"}}"#
            ),
            Self.chunk(#"{"functionCall":{"id":"own","name":"f","args":{}}}"#),
            Self.chunk(#"{"functionCall":{"name":"h"}}"#), Self.end(),
        ])
        #expect(
            found == [
                Self.started, .toolStarted(0, id: "call_r1_0", name: "f"), .signature("YWI=", block: 0),
                .toolObject(0, #"{"a":1}"#), .toolEnded(0), .toolStarted(1, id: "call_r1_1", name: "g"),
                .toolObject(1, "{}"),
                .toolEnded(1), .toolStarted(2, id: "own", name: "f"), .toolObject(2, "{}"), .toolEnded(2),
                .toolStarted(3, id: "call_r1_3", name: "h"), .toolObject(3, "{}"), .toolEnded(3), .finished(.toolCalls),
                .ended,
            ])
    }

    @Test("STOP means a call wherever the call stands: chunks before, in the same, or behind")
    func callAnywhere() throws {
        let call = #"{"functionCall":{"name":"f"}}"#
        let same = #"{"candidates":[{"content":{"parts":[\#(call)]},"finishReason":"STOP"}]}"#
        for chunks in [[Self.chunk(call), Self.end()], [same], [Self.end(), Self.chunk(call)]] {
            let found = try Gemini.read(chunks)
            let reasons = found.compactMap { if case .finished(let reason) = $0 { reason } else { nil } }
            #expect(reasons.last == .toolCalls, "\(chunks)")
            #expect(found.last == .ended)
        }
        #expect(try Gemini.read([Self.chunk(call), Self.end("MAX_TOKENS")]).contains(.finished(.length)))
    }

    @Test("a last chunk with usage and no candidates counts, and what it does not say is kept")
    func usageAlone() throws {
        let found = try Gemini.read([
            Self.chunk(#"{"text":"a"}"#, #","usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":8}"#),
            Self.end(),
            #"{"usageMetadata":{"candidatesTokenCount":5,"totalTokenCount":14}}"#,
        ])
        #expect(found.suffix(2) == [.usage(UsageCounts(prompt: 9, cached: 8, completion: 5)), .ended])
    }

    @Test("usage on every chunk is told once")
    func usageOnce() throws {
        let usage = #","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1}"#
        let found = try Gemini.read([
            Self.chunk(#"{"text":"a"}"#, usage), Self.chunk(#"{"text":"b"}"#, usage), Self.end("STOP", usage),
        ])
        #expect(found.filter { if case .usage = $0 { true } else { false } }.count == 1)
    }

    // MARK: Ends

    @Test("a stream without a finish reason never ends, but tells what it used")
    func truncated() throws {
        let found = try Gemini.read([
            Self.chunk(#"{"text":"a"}"#, #","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1}"#)
        ])
        #expect(found == [Self.started, .text("a"), .usage(UsageCounts(prompt: 4, completion: 1))])
        #expect(try Gemini.read([]).isEmpty)
        #expect(try Gemini.read(["{}"]) == [.started(id: "", model: "")])
        #expect(try !Gemini.read([Self.chunk(#"{"text":"a"}"#), Self.end()], endsWell: false).contains(.ended))
    }

    @Test("a blocked prompt is a withheld answer")
    func blocked() throws {
        let found = try Gemini.read([
            #"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4},"responseId":"r1","modelVersion":"g"}"#
        ])
        #expect(found == [Self.started, .finished(.filtered), .usage(UsageCounts(prompt: 4, completion: 0)), .ended])
    }

    @Test(
        "an error is a failure with its own words, alone or in an array of one, and nothing behind it counts",
        arguments: [
            #"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#,
            "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"overloaded\"\n  }\n}",
        ])
    func failed(_ error: String) throws {
        for data in [error, "[\(error)]"] {
            let found = try Gemini.read([Self.chunk(#"{"text":"a"}"#), data, Self.chunk(#"{"text":"b"}"#), Self.end()])
            #expect(found == [Self.started, .text("a"), .failed(error)])
        }
        let usage = #","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":1}"#
        let found = try Gemini.read([Self.chunk(#"{"text":"a"}"#, usage), error])
        #expect(found.suffix(2) == [.usage(UsageCounts(prompt: 4, completion: 1)), .failed(error)])
    }

    @Test(
        "what cannot be understood breaks the stream",
        arguments: [
            #"{"candidates":[{"content":"#, "<html>", "7", #""a""#, "[7]",
            #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":[]}}]}}]}"#,
            #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]}"#,
        ])
    func malformed(_ data: String) {
        #expect(throws: TranslationFault.self) { try Gemini.read([Self.chunk(#"{"text":"a"}"#), data]) }
    }

    @Test("comments, unknown parts and other candidates mean nothing; an array holds chunks")
    func ignored() throws {
        let found = try Gemini.read([
            "",
            #"[\#(Self.chunk(#"{"text":"a"},{"executableCode":{"code":"1"}},{"inlineData":{"mimeType":"image/png","data":"AA=="}}"#)),\#(Self.end())]"#,
        ])
        #expect(found == [Self.started, .text("a"), .finished(.stop), .ended])
        let two =
            #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0},{"content":{"parts":[{"text":"b"}]},"index":1}],"responseId":"r1","modelVersion":"g"}"#
        #expect(try Gemini.read([two]) == [Self.started, .text("a")])
    }

    @Test("the signature of a text, for which no caller has a place, is not taken for one of thoughts")
    func textSignature() throws {
        let found = try Gemini.read([
            Self.chunk(#"{"text":"a"}"#), Self.chunk(#"{"text":"","thoughtSignature":"YWI="}"#), Self.end(),
        ])
        #expect(found == [Self.started, .text("a"), .finished(.stop), .ended])
    }
}
