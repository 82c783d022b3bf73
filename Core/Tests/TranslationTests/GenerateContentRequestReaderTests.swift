// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("generateContent requests are read")
struct GenerateContentRequestReaderTests {
    // MARK: Turns

    @Test("system text, turns, calls and results keep their order")
    func turns() throws {
        try Gemini.withRequest(
            #"""
            {"systemInstruction":{"parts":[{"text":"Be brief."},{"text":"Be kind."}]},"contents":[
             {"role":"user","parts":[{"text":"Rain?"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
             {"role":"model","parts":[{"text":"Checking."},{"functionCall":{"id":"f1","name":"w","args":{"city":"Pune"}},"thoughtSignature":"c2ln"}]},
             {"role":"user","parts":[{"functionResponse":{"id":"f1","name":"w","response":{"output":"dry"}}}]}]}
            """#
        ) { conversation in
            #expect(conversation.system.map(\.text.text) == ["Be brief.", "Be kind."])
            #expect(conversation.turns.map(\.role) == [.user, .assistant, .user])
            #expect(conversation.parts.map(\.kind) == [.text, .image, .text, .toolCall, .toolResult, .text])
            let call = conversation.parts[3]
            #expect((call.id.text, call.name.text, call.signature.text) == ("f1", "w", "c2ln"))
            #expect(call.arguments.text == #"{"city":"Pune"}"#)
            #expect(conversation.parts[4].id.text == "f1")
            #expect(conversation.parts[4].childCount == 1)
            #expect(conversation.parts[5].text.text == "dry")
        }
    }

    @Test("names in snake case and lists of one without brackets are read like everything else")
    func lenience() throws {
        try Gemini.withRequest(
            #"""
            {"system_instruction":{"parts":{"text":"s"}},"contents":{"parts":{"text":"u"}},
             "tools":{"function_declarations":{"name":"f","parameters_json_schema":{"type":"object"}}},
             "tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":["f","g"]}},
             "generation_config":{"max_output_tokens":7,"top_k":3,"stop_sequences":"END","response_mime_type":"application/json"}}
            """#
        ) { conversation in
            #expect(conversation.system.map(\.text.text) == ["s"])
            #expect(conversation.turns.map(\.role) == [.user])
            #expect(conversation.tools.map(\.name.text) == ["f"])
            #expect(conversation.allowedTools.map(\.text) == ["f", "g"])
            #expect(conversation.outputTokensMax == 7)
            #expect(conversation.sampling.topK?.text == "3")
            #expect(conversation.stops.map(\.text) == ["END"])
            #expect(conversation.foreign.isEmpty)
            guard case .jsonObject? = conversation.format else { return #expect(Bool(false), "JSON was asked for") }
        }
    }

    @Test(
        "what makes no sense is refused with its place",
        arguments: [
            (#"{}"#, TranslationFault(.wrongType("a list of messages"), at: "contents")),
            (#"{"contents":[]}"#, TranslationFault(.wrongType("a list of messages"), at: "contents")),
            (#"{"contents":[7]}"#, TranslationFault(.wrongType("a message"), at: "contents[0]")),
            (
                #"{"contents":[{"role":"system","parts":[]}]}"#,
                TranslationFault(.wrongType("user or model"), at: "contents[0].role")
            ),
            (
                #"{"contents":[{"parts":[{"text":7}]}]}"#,
                TranslationFault(.wrongType("a string"), at: "contents[0].parts[0].text")
            ),
            (
                #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"not base64!"}}]}]}"#,
                TranslationFault(.malformedMedia, at: "contents[0].parts[0].inlineData.data")
            ),
            (
                #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png,x","data":"AAAA"}}]}]}"#,
                TranslationFault(.malformedMedia, at: "contents[0].parts[0].inlineData.mimeType")
            ),
            (
                #"{"contents":[{"role":"model","parts":[{"text":"a"},{"functionCall":{"name":"f","args":[1]}}]}]}"#,
                TranslationFault(.malformedArguments, at: "contents[0].parts[1].functionCall.args")
            ),
            (
                #"{"contents":[{"parts":[{"functionCall":{"name":"f"}}]}]}"#,
                TranslationFault(.wrongType("a part of a model's message"), at: "contents[0].parts[0]")
            ),
            (
                #"{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}}}"#,
                TranslationFault(
                    .wrongType("thinkingBudget or thinkingLevel, not both"), at: "generationConfig.thinkingConfig")
            ),
        ])
    func faults(_ json: String, _ fault: TranslationFault) {
        #expect(throws: fault) { try Gemini.withRequest(json) { _ in } }
    }

    // MARK: Calls and results

    @Test("calls and results without ids get them, in order among those of one name")
    func idsAreMade() throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"role":"user","parts":[{"text":"?"}]},
             {"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g"}},{"functionCall":{"name":"f","args":{"a":2}}}]},
             {"role":"function","parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}},{"functionResponse":{"name":"f","response":{"output":"2"}}},{"functionResponse":{"name":"g","response":{}}}]},
             {"role":"model","parts":[{"functionCall":{"name":"f"}}]},
             {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"3"}}}]}]}
            """#
        ) { conversation in
            let calls = conversation.parts.filter { $0.kind == .toolCall }
            #expect(calls.map(\.id.text) == ["call_0", "call_1", "call_2", "call_3"])
            let results = conversation.parts.filter { $0.kind == .toolResult }
            #expect(results.map(\.id.text) == ["call_0", "call_2", "call_1", "call_3"])
        }
    }

    @Test(
        "a result without its call is refused with its place",
        arguments: [
            #"{"id":"x","name":"f","response":{}}"#, #"{"name":"g","response":{}}"#, #"{"response":{}}"#,
        ])
    func unmatched(_ result: String) {
        let json = #"""
            {"contents":[{"role":"model","parts":[{"functionCall":{"id":"a","name":"f"}}]},{"parts":[{"functionResponse":\#(result)}]}]}
            """#
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "contents[1].parts[0].functionResponse")) {
            try Gemini.withRequest(json) { _ in }
        }
    }

    @Test(
        "a value of the wrong kind is refused with its place",
        arguments: [
            (#""generationConfig":{"temperature":"hot"}"#, "generationConfig.temperature"),
            (#""generationConfig":{"topK":[5]}"#, "generationConfig.topK"),
            (#""generationConfig":{"presencePenalty":""}"#, "generationConfig.presencePenalty"),
            (
                #""tools":[{"functionDeclarations":[{"name":"f","parameters":1}]}]"#,
                "tools[].functionDeclarations[].parameters"
            ),
            (
                #""tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":"{}"}]}]"#,
                "tools[].functionDeclarations[].parameters"
            ),
        ])
    func wrongKinds(_ members: String, _ path: String) {
        let fault = #expect(throws: TranslationFault.self) {
            try Gemini.withRequest(#"{"contents":[{"parts":[{"text":"u"}]}],\#(members)}"#) { _ in }
        }
        #expect(fault?.path == path)
    }

    @Test("a call is answered once, and only in the turn behind it")
    func answeredOnce() {
        let call = #"{"role":"model","parts":[{"functionCall":{"id":"a","name":"f"}}]}"#
        let result = #"{"parts":[{"functionResponse":{"id":"a","name":"f","response":{}}}]}"#
        for contents in [
            [call, result, result], [call, #"{"role":"user","parts":[{"text":"u"}]}"#, call, result, result],
        ] {
            #expect(throws: TranslationFault.self) {
                try Gemini.withRequest(#"{"contents":[\#(contents.joined(separator: ","))]}"#) { _ in }
            }
        }
        let later = [call, #"{"parts":[{"text":"u"}]}"#, #"{"role":"model","parts":[{"text":"m"}]}"#, result]
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "contents[3].parts[0].functionResponse")) {
            try Gemini.withRequest(#"{"contents":[\#(later.joined(separator: ","))]}"#) { _ in }
        }
    }

    @Test("more open calls than could be matched are refused instead of compared")
    func openCallsAreBounded() {
        let calls = Array(repeating: #"{"functionCall":{"name":"f"}}"#, count: 1025).joined(separator: ",")
        #expect(throws: TranslationFault.self) {
            try Gemini.withRequest(#"{"contents":[{"role":"model","parts":[\#(calls)]}]}"#) { _ in }
        }
    }

    @Test(
        "what a function gave back becomes text, and an error stays one",
        arguments: [
            (#"{"output":"a\nb"}"#, "a\nb", false), (#"{"error":"bad"}"#, "bad", true),
            (#"{"output":{"a":[1]}}"#, #"{"a":[1]}"#, false),
            (#"{"result":"x"}"#, #"{"result":"x"}"#, false),
            (#"{"output":"a","error":"b"}"#, #"{"output":"a","error":"b"}"#, false),
            (#"{"output":""}"#, "", false), (#"{"error":null}"#, "", true), ("{}", "{}", false),
            ("{ \"a\" :\n 1 }", "{ \"a\" :\n 1 }", false),
        ])
    func resultText(_ response: String, _ text: String, _ isError: Bool) throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"parts":[{"functionResponse":{"name":"f","response":\#(response)}}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts[1].isError == isError)
            #expect(conversation.parts[2...].map(\.text.text).joined() == text)
            #expect(conversation.parts[1].childCount == (text.isEmpty ? 0 : 1))
        }
    }

    @Test("pictures in a result are its children")
    func resultMedia() throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"parts":[{"functionResponse":{"name":"f",
              "response":{"output":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}],"scheduling":"SILENT"}}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts.map(\.kind) == [.toolCall, .toolResult, .text, .image])
            #expect(conversation.parts[1].childCount == 2)
            #expect(conversation.foreign.map(\.text) == ["contents[].parts[].functionResponse.scheduling"])
        }
    }

    // MARK: Thinking and signatures

    @Test("thinking in fragments becomes one part with the signature that ends it; several stay several, in order")
    func thinking() throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"role":"user","parts":[{"text":"?"}]},
             {"role":"model","parts":[{"text":"Let ","thought":true}]},{"role":"model","parts":[{"text":"me","thought":true}]},
             {"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"YWI="}]},
             {"role":"model","parts":[{"text":"two","thought":true,"thoughtSignature":"Y2Q="}]},
             {"role":"model","parts":[{"text":"unsigned","thought":true},{"text":"Hi"}]}]}
            """#
        ) { conversation in
            let parts = conversation.parts.dropFirst()
            #expect(parts.map(\.kind) == [.thinking, .thinking, .text])
            #expect(parts.map(\.text.text) == ["Let me", "two", "Hi"])
            #expect(parts.map(\.signature.text) == ["YWI=", "Y2Q=", ""])
            #expect(conversation.turns.allSatisfy { !$0.parts.isEmpty })
        }
    }

    @Test("bytes in the URL alphabet, as Google's clients send them, are given to others in the standard one")
    func base64() throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"parts":[{"inlineData":{"mimeType":"image/jpg","data":"-_-_"}},{"inlineData":{"mimeType":"audio/wav","data":"-_8"}},{"inlineData":{"mimeType":"application/pdf","data":"a\/+\u003d"}}]},
             {"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"-_8="},{"text":"t","thoughtSignature":"not base64!"}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts[..<3].map(\.kind) == [.image, .audio, .document])
            #expect(conversation.parts[..<3].map(\.media.value.text) == ["+/+/", "+/8=", "a/+="])
            #expect(conversation.parts[0].media.type.text == "image/jpeg")
            #expect(conversation.parts[3].signature.text == "+/8=")
            #expect(conversation.parts[4].signature.isEmpty, "a signature that is none is dropped, not refused")
        }
    }

    @Test("files in Cloud Storage are addresses, files uploaded to Google are nobody else's")
    func files() throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"parts":[{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/v.mp4"},"mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}},
              {"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts.map(\.media.source) == [.url, .fileID])
            #expect(conversation.parts.map(\.kind) == [.video, .document])
            #expect(conversation.parts[0].detail == .low)
        }
    }

    // MARK: Everything else

    @Test("what exists at Google alone is listed by its name, what changes nothing is not")
    func foreign() throws {
        try Gemini.withRequest(
            #"""
            {"contents":[{"parts":[{"text":"u"},{"text":"v","videoMetadata":{"fps":1},"partMetadata":{"a":1}},{"executableCode":{"code":"1"}}]}],"model":"models/m",
             "safetySettings":[{"category":"c"}],"cachedContent":"cachedContents/x","tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"f","response":{"type":"STRING"}}]}],
             "generationConfig":{"candidateCount":1,"responseModalities":["TEXT"],"responseLogprobs":false,"speechConfig":{"a":1},"presencePenalty":0,"responseMimeType":"text/x.enum"},
             "toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"},"retrievalConfig":{"languageCode":"de"}}}
            """#
        ) { conversation in
            #expect(
                Set(conversation.foreign.map(\.text)) == [
                    "contents[].parts[].videoMetadata", "contents[].parts[].executableCode", "safetySettings",
                    "cachedContent", "tools[].googleSearch", "tools[].functionDeclarations[].response",
                    "generationConfig.speechConfig", "generationConfig.responseMimeType",
                    "toolConfig.functionCallingConfig.mode", "toolConfig.retrievalConfig",
                ])
            #expect(conversation.sampling.presencePenalty == nil)
        }
    }

    @Test(
        "the configuration of thinking is read in either form",
        arguments: [
            (#"{"thinkingBudget":0}"#, Reasoning.off), (#"{"thinkingBudget":-1}"#, .adaptive),
            (#"{"thinkingBudget":2048,"includeThoughts":true}"#, .budget(2048)),
            (#"{"thinkingLevel":"MINIMAL"}"#, .effort(.minimal)),
            (#"{"thinking_level":"high"}"#, .effort(.high)), (#"{"includeThoughts":true}"#, .adaptive),
            (#"{"includeThoughts":false}"#, nil), ("{}", nil),
        ] as [(String, Reasoning?)])
    func reasoning(_ config: String, _ expected: Reasoning?) throws {
        try Gemini.withRequest(
            #"{"contents":[{"parts":[{"text":"u"}]}],"generationConfig":{"thinkingConfig":\#(config)}}"#
        ) { #expect($0.reasoning == expected) }
    }

    @Test(
        "modes of calling are choices",
        arguments: [
            (#"{"mode":"AUTO"}"#, "auto", []), (#"{"mode":"NONE"}"#, "none", []), (#"{"mode":"ANY"}"#, "any", []),
            (#"{"mode":"ANY","allowedFunctionNames":["f"]}"#, "named f", []),
            (#"{"mode":"ANY","allowedFunctionNames":["f","g"]}"#, "any", ["f", "g"]),
            (#"{"mode":"MODE_UNSPECIFIED"}"#, "nil", []),
        ] as [(String, String, [String])])
    func choice(_ config: String, _ expected: String, _ allowed: [String]) throws {
        try Gemini.withRequest(
            #"{"contents":[{"parts":[{"text":"u"}]}],"toolConfig":{"functionCallingConfig":\#(config)}}"#
        ) { conversation in
            let found =
                switch conversation.toolChoice {
                case .auto: "auto"
                case .some(.none): "none"
                case .any: "any"
                case .named(let name): "named \(name.text)"
                case nil: "nil"
                }
            #expect(found == expected)
            #expect(conversation.allowedTools.map(\.text) == allowed)
        }
    }

    @Test("service tiers and labels have a meaning elsewhere")
    func tierAndLabels() throws {
        try Gemini.withRequest(#"{"contents":[{"parts":[{"text":"u"}]}],"serviceTier":"FLEX","labels":{"team":"a"}}"#) {
            #expect($0.serviceTier == .flex)
            #expect($0.metadata?.text == #"{"team":"a"}"#)
            #expect($0.foreign.isEmpty)
        }
    }

    @Test(
        "a count that Google's SDKs write as a fraction of nothing is a whole number",
        arguments: [("40.0", "40"), ("40", "40"), ("40.50", "40.50"), ("1.0e1", "1.0e1"), ("40.000", "40")])
    func wholeTopK(_ written: String, _ expected: String) throws {
        try Gemini.withRequest(
            #"{"contents":[{"parts":[{"text":"u"}]}],"generationConfig":{"topK":\#(written)}}"#
        ) {
            #expect($0.sampling.topK?.text == expected)
        }
    }
}
