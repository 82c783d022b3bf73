// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("generateContent answers are read")
struct GenerateContentAnswerReaderTests {
    private static func answer(_ parts: String, _ reason: String? = "STOP", _ more: String = "") -> String {
        let finish = reason.map { #","finishReason":"\#($0)""# } ?? ""
        return
            #"{"candidates":[{"content":{"role":"model","parts":[\#(parts)]}\#(finish),"index":0}],"responseId":"resp-1"\#(more)}"#
    }

    @Test("text, thoughts, calls and signatures come in the provider's order")
    func parts() throws {
        try Gemini.withAnswer(
            Self.answer(
                #"""
                {"text":"Hm.","thought":true},{"text":"Hi","thoughtSignature":"YWI="},{"functionCall":{"id":"own1","name":"f","args":{"a":1}},"thoughtSignature":"Y2Q="},{"functionCall":{"name":"g"}}
                """#, "STOP", #","modelVersion":"gemini-x""#)
        ) { answer in
            #expect(answer.id.text == "resp-1")
            #expect(answer.model.text == "gemini-x")
            #expect(answer.parts.map(\.kind) == [.thinking, .text, .toolCall, .toolCall])
            #expect(answer.parts.map(\.signature.text) == ["", "YWI=", "Y2Q=", ""])
            #expect(answer.parts.map(\.id.text) == ["", "", "own1", "call_resp-1_1"])
            #expect(answer.parts.map(\.arguments.text) == ["{}", "{}", #"{"a":1}"#, "{}"])
            #expect(answer.finish?.reason == .toolCalls)
        }
    }

    @Test("a call without an id gets the same short one however often the answer is read")
    func ids() throws {
        func id(_ responseID: String) throws -> String {
            try Gemini.withAnswer(
                #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}],"responseId":"\#(responseID)"}"#
            ) { $0.parts[0].id.text }
        }
        for responseID in ["mAitaLmkHPPlz7IPvtfUqQ4", "", "with.dots/and-more", String(repeating: "x", count: 200)] {
            let first = try id(responseID)
            #expect(try id(responseID) == first)
            #expect(first.count <= 64 && first.hasPrefix("call_") && first.hasSuffix("_0"), "\(first)")
            #expect(
                first.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }, "\(first)")
        }
        #expect(try id("a.b") != id("a.c"), "what does not fit is hashed, not cut")
        #expect(try id("") == "call_dc6e8718fea02741_0", "the same on every machine")
    }

    @Test("arguments are compact, whatever white space the answer is printed with, and numbers keep their digits")
    func compactArguments() throws {
        try Gemini.withAnswer(
            Self.answer(
                "{\"functionCall\":{\"name\":\"f\",\"args\":{\n  \"b c\": [ 1.50,\t9007199254740993 ],\r\n  \"a\": \"x \\\" y\"\n}}}"
            )
        ) { #expect($0.parts[0].arguments.text == #"{"b c":[1.50,9007199254740993],"a":"x \" y"}"#) }
    }

    @Test(
        "finish reasons are read as what they mean",
        arguments: [
            ("STOP", Finish.Reason.stop), ("MAX_TOKENS", .length), ("SAFETY", .filtered), ("RECITATION", .filtered),
            ("BLOCKLIST", .filtered), ("PROHIBITED_CONTENT", .filtered), ("SPII", .filtered),
            ("IMAGE_SAFETY", .filtered),
            ("IMAGE_PROHIBITED_CONTENT", .filtered), ("IMAGE_RECITATION", .filtered),
        ])
    func finish(_ reason: String, _ expected: Finish.Reason) throws {
        try Gemini.withAnswer(Self.answer(#"{"text":"a"}"#, reason)) { #expect($0.finish?.reason == expected) }
        let call = #"{"functionCall":{"name":"f"}}"#
        try Gemini.withAnswer(Self.answer(call, reason)) {
            #expect($0.finish?.reason == (expected == .stop ? .toolCalls : expected), "only STOP can mean a call")
        }
    }

    @Test(
        "reasons that say the answer is broken, and unknown ones, are errors and never an ending",
        arguments: [
            "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "NO_IMAGE", "IMAGE_OTHER",
            "LANGUAGE", "OTHER", "FINISH_REASON_UNSPECIFIED", "SOMETHING_NEW", "stop", "Safety",
        ])
    func broken(_ reason: String) {
        let fault = TranslationFault(.brokenAnswer("finish reason \(reason)"), at: "candidates[0].finishReason")
        #expect(throws: fault) { try Gemini.withAnswer(Self.answer(#"{"text":"a"}"#, reason)) { _ in } }
        #expect(throws: fault) { try Gemini.read([Self.answer(#"{"text":"a"}"#, reason)]) }
    }

    @Test(
        "an answer that lacks what every answer has is incomplete, not empty",
        arguments: [
            (#"{}"#, "candidates"), (#"{"candidates":[]}"#, "candidates"), (#"{"promptFeedback":{}}"#, "candidates"),
            (#"{"usageMetadata":{"promptTokenCount":1}}"#, "candidates"),
            (answer(#"{"text":"a"}"#, nil), "candidates[0].finishReason"),
        ])
    func incomplete(_ json: String, _ path: String) {
        #expect(throws: TranslationFault(.incompleteAnswer, at: path)) { try Gemini.withAnswer(json) { _ in } }
    }

    @Test("a prompt that was blocked is a withheld answer with its usage")
    func blocked() throws {
        try Gemini.withAnswer(
            #"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5}}"#
        ) { answer in
            #expect(answer.finish?.reason == .filtered)
            #expect(answer.parts.isEmpty)
            #expect(answer.usage == UsageCounts(prompt: 5, completion: 0))
        }
    }

    @Test("an empty answer that says how it ended is an answer")
    func empty() throws {
        try Gemini.withAnswer(#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#) {
            #expect($0.finish?.reason == .length)
            #expect($0.parts.isEmpty)
            #expect($0.usage == nil)
        }
    }

    @Test("a signature that stands alone is no empty text; one of thoughts without words is kept")
    func loneSignatures() throws {
        try Gemini.withAnswer(
            Self.answer(
                #"""
                {"text":"","thought":true,"thoughtSignature":"YWI="},{"text":"a"},{"text":"","thoughtSignature":"Y2Q="},{"thoughtSignature":"Y2Q="},{"text":""}
                """#)
        ) { answer in
            #expect(answer.parts.map(\.kind) == [.thinking, .text])
            #expect(answer.parts.map(\.signature.text) == ["YWI=", ""])
        }
    }

    @Test("an error in a success, malformed arguments and fragments of arguments break an answer")
    func errors() {
        for json in [
            #"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}"#,
            Self.answer(#"{"functionCall":{"name":"f","args":"{}"}}"#), Self.answer(#"{"functionCall":{"args":{}}}"#),
            Self.answer(#"{"functionCall":{"name":"f","partialArgs":[{"jsonPath":"$.a","stringValue":"x"}]}}"#),
            Self.answer(#"{"functionCall":{"name":"f","willContinue":true}}"#),
        ] {
            #expect(throws: TranslationFault.self, "\(json)") { try Gemini.withAnswer(json) { _ in } }
        }
    }

    @Test("cached tokens are inside the prompt, thoughts and what tools put into the prompt beside their counts")
    func usage() throws {
        let more = #"""
            ,"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"thoughtsTokenCount":20,"toolUsePromptTokenCount":3,"totalTokenCount":40}
            """#
        try Gemini.withAnswer(Self.answer(#"{"text":"a"}"#, "STOP", more)) {
            #expect($0.usage == UsageCounts(prompt: 13, cached: 4, completion: 27, reasoning: 20))
        }
    }
}

@Suite("generateContent answers are written")
struct GenerateContentAnswerWriterTests {
    private func answer(_ parts: [Part], _ reason: Finish.Reason?, _ usage: UsageCounts? = nil) -> Answer {
        let answer = Answer()
        answer.parts = parts
        answer.finish = reason.map { Finish($0) }
        answer.usage = usage
        return answer
    }

    private func call(_ id: JSONString, _ arguments: JSONRaw, signature: JSONString = .empty) -> Part {
        var call = Part(.toolCall)
        call.id = id
        call.name = "f"
        call.arguments = arguments
        call.signature = signature
        return call
    }

    @Test("the worked example of the reference is written to the member")
    func workedExample() throws {
        let found = try Gemini.write(
            answer(
                [.text("Hi"), call("c1", "{ \"a\": 1 }")], .toolCalls, UsageCounts(prompt: 10, cached: 4, completion: 7)
            ))
        #expect(
            try found
                == Gemini.json(
                    #"""
                    {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"},{"functionCall":{"id":"c1","name":"f","args":{"a":1}}}]},"finishReason":"STOP","index":0}],
                     "usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"totalTokenCount":17},"modelVersion":"public","responseId":"own-id"}
                    """#))
    }

    @Test("thinking keeps its signature, a refusal is text, opaque thinking has no place")
    func parts() throws {
        var thinking = Part(.thinking)
        thinking.text = "t"
        thinking.signature = "EqQB"
        var odd = thinking
        odd.signature = "no base64!"
        var redacted = Part(.redactedThinking)
        redacted.text = "xx"
        var refusal = Part(.refusal)
        refusal.text = "No."
        let found = try Gemini.write(
            answer([thinking, odd, redacted, refusal, call("c", "{}", signature: "YWI=")], .stop))
        #expect(
            try found["candidates"]?.arrayValue?[0]["content"]?["parts"]
                == Gemini.json(
                    #"""
                    [{"text":"t","thought":true,"thoughtSignature":"EqQB"},{"text":"t","thought":true},{"text":"No."},{"functionCall":{"id":"c","name":"f","args":{}},"thoughtSignature":"YWI="}]
                    """#))
    }

    @Test(
        "reasons have Google's words, and a pause is not taken for an end",
        arguments: [
            (Finish.Reason.stop, "STOP"), (.stopSequence, "STOP"), (.toolCalls, "STOP"), (.length, "MAX_TOKENS"),
            (.contextFull, "MAX_TOKENS"), (.filtered, "SAFETY"), (.paused, "OTHER"),
        ])
    func reasons(_ reason: Finish.Reason, _ expected: String) throws {
        let candidate = try Gemini.write(answer([.text("a")], reason))["candidates"]?.arrayValue?[0]
        #expect(candidate?["finishReason"]?.stringValue == expected)
    }

    @Test("an answer that does not say how it ended is not given an ending; a withheld one has no content")
    func noInvention() throws {
        let open = try Gemini.write(answer([.text("a")], nil))["candidates"]?.arrayValue?[0]
        #expect(open?["finishReason"] == nil)
        let withheld = try Gemini.write(answer([], .filtered))["candidates"]?.arrayValue?[0]
        #expect(withheld?.text == #"{"finishReason":"SAFETY","index":0}"#)
        #expect(try Gemini.write(answer([], .stop))["usageMetadata"] == nil)
    }

    @Test("thoughts are counted beside the candidates, and the total is the sum")
    func usage() throws {
        let found = try Gemini.write(answer([], .stop, UsageCounts(prompt: 10, completion: 27, reasoning: 20)))
        #expect(
            found["usageMetadata"]?.text
                == #"{"promptTokenCount":10,"candidatesTokenCount":7,"thoughtsTokenCount":20,"totalTokenCount":37}"#)
    }

    @Test("the provider's id and model are kept where there are any")
    func identity() throws {
        let answer = answer([], .stop)
        answer.id = "msg_1"
        answer.model = "claude-x"
        let found = try Gemini.write(answer)
        #expect(found["responseId"]?.stringValue == "msg_1")
        #expect(found["modelVersion"]?.stringValue == "claude-x")
    }
}
