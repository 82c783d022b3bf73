// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("Token counts")
struct TokenCountTests {
    private struct Written {
        var text: String
        var losses: [String]
    }

    private func written(
        _ body: String, _ source: ChatWire, _ api: TokenCountAPI, home: EndpointTarget.Home = .own,
        origin: SignatureOrigin? = nil
    ) throws -> Written {
        let translator = TokenCountTranslator()
        var capabilities = Capabilities()
        capabilities.thinking = .budget
        var body = body
        return try body.withUTF8 { bytes in
            try translator.write(
                UnsafeRawBufferPointer(bytes), from: source, for: api,
                target: EndpointTarget(model: "m", home: home, capabilities: capabilities, origin: origin))
            return Written(
                text: String(decoding: translator.output, as: UTF8.self), losses: translator.lossNames(in: source))
        }
    }

    // MARK: Requests

    /// With everything that bears on the answer alone, which no counter takes.
    private static let messages =
        #"{"model":"public","max_tokens":9,"temperature":0.5,"stop_sequences":["x"],"metadata":{"user_id":"u"},"stream":false,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"},"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"hi"}]}"#

    private static let asked = #""messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#

    @Test(
        "Anthropic's question in the words of every counter",
        arguments: [
            (
                TokenCountAPI.messages, EndpointTarget.Home.own,
                #"{"model":"m","thinking":{"type":"enabled","budget_tokens":1024},"tool_choice":{"type":"auto"},"tools":[{"name":"f","input_schema":{"type":"object"}}],"system":[{"type":"text","text":"s"}],\#(asked)}"#
            ),
            (
                .messages, .vertex,
                #"{"anthropic_version":"vertex-2023-10-16","model":"m","thinking":{"type":"enabled","budget_tokens":1024},"tool_choice":{"type":"auto"},"tools":[{"name":"f","input_schema":{"type":"object"}}],"system":[{"type":"text","text":"s"}],\#(asked)}"#
            ),
            (
                .generateContent, .own,
                #"{"generateContentRequest":{"model":"models/m","generationConfig":{"thinkingConfig":{"thinkingBudget":1024,"includeThoughts":true}},"systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},"contents":[{"role":"user","parts":[{"text":"hi"}]}]}}"#
            ),
            (
                .generateContent, .vertex,
                #"{"generationConfig":{"thinkingConfig":{"thinkingBudget":1024,"includeThoughts":true}},"systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}],"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#
            ),
            (
                .converse, .bedrock,
                #"{"input":{"converse":{"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}],"toolChoice":{"auto":{}}},"system":[{"text":"s"}],"messages":[{"role":"user","content":[{"text":"hi"}]}],"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}}}}"#
            ),
            (
                .responses, .own,
                #"{"model":"m","reasoning":{"effort":"low"},"tool_choice":"auto","tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}],"input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"s"}]},{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#
            ),
            (
                .tokenize, .compatible,
                #"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#
            ),
        ])
    func fromMessages(_ api: TokenCountAPI, _ home: EndpointTarget.Home, _ expected: String) throws {
        let written = try written(Self.messages, .messages, api, home: home)
        #expect(written.losses.isEmpty)
        #expect(try Gemini.json(written.text) == Gemini.json(expected), "\(written.text)")
    }

    @Test("what InvokeModel would get is counted as it would get it, in base64")
    func invocation() throws {
        let written = try written(Self.messages, .messages, .invokeModel, home: .bedrock)
        let body = try Gemini.json(written.text)["input"]?["invokeModel"]?["body"]?.stringValue ?? ""
        let inner = try JSONValue(parsing: try #require(Base64.decode(body)))
        #expect(inner["anthropic_version"]?.stringValue == "bedrock-2023-05-31")
        #expect(inner["model"] == nil && inner["temperature"] == nil)
        #expect(inner["max_tokens"] != nil, "InvokeModel demands a bound")
        let asked = try Gemini.json("{\(Self.asked)}")["messages"]?.text
        #expect(inner["messages"]?.text == asked)
    }

    private static let contents = #""contents":[{"parts":[{"text":"hi"}],"role":"user"}]"#

    @Test(
        "Google's question is found in each of its places",
        arguments: [
            #"{\#(contents),"systemInstruction":{"parts":[{"text":"s"}]}}"#,
            #"{"generateContentRequest":{"model":"models/public",\#(contents),"systemInstruction":{"parts":[{"text":"s"}]}}}"#,
            #"{"generate_content_request":{\#(contents),"system_instruction":{"parts":[{"text":"s"}]}}}"#,
        ])
    func fromGenerateContent(_ body: String) throws {
        let written = try written(body, .generateContent, .messages)
        #expect(written.losses.isEmpty)
        #expect(
            try Gemini.json(written.text)
                == Gemini.json(#"{"model":"m","system":[{"type":"text","text":"s"}],\#(Self.asked)}"#))
    }

    @Test("OpenAI's question in another counter's words")
    func fromResponses() throws {
        let body = #"{"model":"public","instructions":"s","input":"hi","store":false,"max_output_tokens":16}"#
        let written = try written(body, .responses, .messages)
        #expect(written.losses.isEmpty)
        #expect(
            try Gemini.json(written.text)
                == Gemini.json(#"{"model":"m","system":[{"type":"text","text":"s"}],\#(Self.asked)}"#))
    }

    @Test("between Google's own APIs members stay byte for byte, in the place where each wants them")
    func passage() throws {
        let members =
            #""contents":[{"parts":[{"videoMetadata": {"fps":1},"fileData":{"fileUri":"gs://a"}}]}],"tools":[{"googleSearch":{}}]"#
        let body =
            #"{"generateContentRequest":{"model":"models/public",\#(members),"toolConfig":{},"safetySettings":[]}}"#
        #expect(
            try written(body, .generateContent, .generateContent).text
                == #"{"generateContentRequest":{"model":"models/m",\#(members),"toolConfig":{},"safetySettings":[]}}"#)
        let vertex = try written(body, .generateContent, .generateContent, home: .vertex)
        #expect(vertex.text == "{\(members)}" && vertex.losses.isEmpty)
        let cached = #"{\#(Self.contents),"cachedContent":"c"}"#
        #expect(try written(cached, .generateContent, .generateContent, home: .vertex).losses == ["cachedContent"])
    }

    @Test("between Google's own APIs marks come off, and what the other one signed goes")
    func marks() throws {
        func mark(_ text: String) -> String { String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self) }
        func body(_ signature: String, _ other: String) -> String {
            #"{"contents":[{"role":"model","parts":[{"text":"a"\#(signature)}]},{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"b"\#(other)}]}]}"#
        }
        let marked = body(
            #","thoughtSignature":"\#(mark("isobar-1.google.b3du"))""#,
            #","thoughtSignature":"\#(mark("isobar-1.vertex.b3RoZXI="))""#)
        let expected = body(#","thoughtSignature":"b3du""#, "").dropFirst().dropLast()
        #expect(
            try written(marked, .generateContent, .generateContent, origin: .google).text
                == #"{"generateContentRequest":{"model":"models/m",\#(expected)}}"#)
        let vertex = try written(marked, .generateContent, .generateContent, home: .vertex, origin: .vertex)
        #expect(vertex.text == body("", #","thoughtSignature":"b3RoZXI=""#))
        let unmarked = body(#","thoughtSignature":"b3du""#, "")
        #expect(
            try written(unmarked, .generateContent, .generateContent, home: .vertex, origin: .vertex).text
                == body("", ""))
    }

    @Test("what a counter cannot be told is named")
    func losses() throws {
        let format =
            #"{"model":"public","messages":[{"role":"user","content":"hi"}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}"#
        #expect(try written(format, .messages, .converse, home: .bedrock).losses == ["output_config.format"])
        #expect(try written(format, .messages, .responses).losses.isEmpty)
        let foreign = #"{"model":"public","messages":[{"role":"user","content":"hi"}],"container":"c"}"#
        #expect(try written(foreign, .messages, .tokenize, home: .compatible).losses == ["container"])
    }

    @Test(
        "nothing to count is the caller's fault",
        arguments: [#"{}"#, #"{"contents":[]}"#, #"{"generateContentRequest":3}"#])
    func nothing(_ body: String) {
        for api in TokenCountAPI.allCases {
            #expect(throws: TranslationFault.self) {
                try written(body, .generateContent, api, home: api == .converse ? .bedrock : .own)
            }
        }
    }

    // MARK: Answers

    private func answered(_ body: String, _ api: TokenCountAPI, _ caller: ChatWire) throws -> String {
        let translator = TokenCountTranslator()
        var body = body
        return try body.withUTF8 { bytes in
            try translator.write(answer: UnsafeRawBufferPointer(bytes), from: api, to: caller)
            return String(decoding: translator.output, as: UTF8.self)
        }
    }

    @Test(
        "every counter's answer becomes the caller's",
        arguments: [
            (TokenCountAPI.messages, #"{"input_tokens":14,"context_management":{"original_input_tokens":14}}"#),
            (.responses, #"{"object":"response.input_tokens","input_tokens":14}"#),
            (.converse, #"{"inputTokens":14}"#), (.invokeModel, #"{"inputTokens":14}"#),
            (.tokenize, #"{"count":14,"max_model_len":4096,"tokens":[1,2]}"#),
            (.generateContent, #"{"totalTokens":14,"promptTokensDetails":[{"modality":"TEXT","tokenCount":14}]}"#),
        ])
    func answers(_ api: TokenCountAPI, _ body: String) throws {
        #expect(try answered(body, api, .messages) == #"{"input_tokens":14}"#)
        #expect(try answered(body, api, .responses) == #"{"object":"response.input_tokens","input_tokens":14}"#)
        #expect(
            try answered(body, api, .generateContent) == (api == .generateContent ? body : #"{"totalTokens":14}"#))
    }

    @Test("an answer without a count is none", arguments: TokenCountAPI.allCases)
    func noCount(_ api: TokenCountAPI) {
        for body in [#"{}"#, #"{"input_tokens":"14","totalTokens":-1,"inputTokens":1.5,"count":null}"#, "[]"] {
            #expect(throws: TranslationFault.self) { try answered(body, api, .messages) }
        }
    }
}
