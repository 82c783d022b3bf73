// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

private func fromChat(
    _ json: String, _ target: EndpointTarget = MessagesTesting.target()
) throws -> (body: JSONValue, losses: [String]) {
    let translated = try MessagesTesting.translate(
        json, from: ChatRequestReader.self, to: ResponsesRequestWriter.self, target: target)
    return (translated.body, translated.losses.names(in: .chatCompletions, max: 99))
}

private let ask = #""messages":[{"role":"user","content":"x"}]"#

@Suite("Responses requests are written")
struct WriteResponsesRequestTests {
    @Test("a conversation of Anthropic's, with images in a result and signed thinking, comes out whole")
    func fromMessages() throws {
        let translated = try MessagesTesting.translate(
            #"""
            {"model":"claude","max_tokens":300,"stream":true,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Rhyme."}],
             "thinking":{"type":"enabled","budget_tokens":9000},"tool_choice":{"type":"any","disable_parallel_tool_use":true},
             "tools":[{"name":"w","description":"d","input_schema":{"type":"object","properties":{"b":1,"a":2}}}],
             "messages":[{"role":"user","content":[{"type":"text","text":"Rain?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
               {"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"BBBB"}}]},
              {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"Checking."},
               {"type":"tool_use","id":"t1","name":"w","input":{"city":"Pune","n":12345678901234567890}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"dry"},{"type":"image","source":{"type":"url","url":"https://x/i.png"}}]},{"type":"text","text":"So?"}]}]}
            """#, from: MessagesRequestReader.self, to: ResponsesRequestWriter.self)
        #expect(translated.losses.isEmpty)
        #expect(
            translated.body
                == (try MessagesTesting.value(
                    #"""
                    {"model":"m","max_output_tokens":300,"stream":true,"store":false,"reasoning":{"effort":"high","summary":"auto"},"include":["reasoning.encrypted_content"],
                     "tool_choice":"required","parallel_tool_calls":false,
                     "tools":[{"type":"function","name":"w","description":"d","parameters":{"type":"object","properties":{"b":1,"a":2}},"strict":false}],
                     "input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."},{"type":"input_text","text":"Rhyme."}]},
                      {"type":"message","role":"user","content":[{"type":"input_text","text":"Rain?"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"},
                       {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BBBB"}]},
                      {"type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"s"},
                      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Checking."}]},
                      {"type":"function_call","call_id":"t1","name":"w","arguments":"{\"city\":\"Pune\",\"n\":12345678901234567890}"},
                      {"type":"function_call_output","call_id":"t1","output":[{"type":"input_text","text":"dry"},{"type":"input_image","image_url":"https://x/i.png"}]},
                      {"type":"message","role":"user","content":[{"type":"input_text","text":"So?"}]}]}
                    """#)))
    }

    @Test("a tool without parameters has the schema of an empty object, and strictness is always said")
    func tools() throws {
        let written = try fromChat(
            #"{"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"a.b","strict":true}}],"tool_choice":{"type":"function","function":{"name":"a.b"}},\#(ask)}"#
        )
        #expect(
            written.body["tools"]
                == (try MessagesTesting.value(
                    #"""
                    [{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false},
                     {"type":"function","name":"a_b_8bf51c","parameters":{"type":"object","properties":{}},"strict":true}]
                    """#)))
        #expect(written.body["tool_choice"] == (try MessagesTesting.value(#"{"type":"function","name":"a_b_8bf51c"}"#)))
    }

    @Test("where no allowed tool is there, none is written, and a call that is demanded is refused")
    func noAllowedTool() throws {
        func body(_ mode: String) -> String {
            #"{"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"\#(mode)","tools":[{"type":"function","function":{"name":"g"}}]}},\#(ask)}"#
        }
        let written = try fromChat(body("auto")).body
        #expect(written["tools"] == nil && written["tool_choice"] == nil)
        #expect(throws: TranslationFault.self) { try fromChat(body("required")) }
    }

    @Test("OpenAI is told which tools are allowed, compatible servers only get those")
    func allowedTools() throws {
        let json =
            #"{"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}},\#(ask)}"#
        let own = try fromChat(json).body
        #expect(own["tools"]?.arrayValue?.count == 2)
        #expect(
            own["tool_choice"]
                == (try MessagesTesting.value(
                    #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g"}]}"#)))
        let compatible = try fromChat(json, MessagesTesting.target(.compatible)).body
        #expect(compatible["tools"]?.arrayValue?.map { $0["name"] } == [.string("g")])
        #expect(compatible["tool_choice"] == .string("auto"))
    }

    @Test("compatible servers get the older role")
    func roles() throws {
        let json = #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"x"}]}"#
        #expect(try fromChat(json).body["input"]?.arrayValue?.first?["role"] == .string("developer"))
        #expect(
            try fromChat(json, MessagesTesting.target(.compatible)).body["input"]?.arrayValue?.first?["role"]
                == .string("system"))
    }

    @Test(
        "reasoning is asked for by effort, with what a later turn needs",
        arguments: [
            ("none", #"{"effort":"none"}"#, false), ("minimal", #"{"effort":"minimal"}"#, true),
            ("max", #"{"effort":"max"}"#, true),
        ])
    func reasoning(_ effort: String, _ expected: String, _ isSealed: Bool) throws {
        let body = try fromChat(#"{"reasoning_effort":"\#(effort)",\#(ask)}"#).body
        #expect(body["reasoning"] == (try MessagesTesting.value(expected)))
        #expect((body["include"] != nil) == isSealed)
        let none = try fromChat(
            #"{"reasoning_effort":"\#(effort)",\#(ask)}"#, MessagesTesting.target(thinking: .none))
        #expect(none.losses == (effort == "none" ? [] : ["reasoning_effort"]))
        #expect(none.body["reasoning"] == nil && none.body["include"] == nil)
    }

    @Test(
        "who asked to see thoughts gets a summary of them, and what a later turn needs comes sealed in any case",
        arguments: [
            (#""thinking":{"type":"enabled","budget_tokens":2048}"#, #"{"effort":"medium","summary":"auto"}"#, true),
            (#""thinking":{"type":"adaptive"}"#, #"{"summary":"auto"}"#, true),
            (
                #""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#,
                #"{"effort":"max","summary":"auto"}"#, true
            ),
            (#""output_config":{"effort":"low"}"#, #"{"effort":"low"}"#, true),
            (#""thinking":{"type":"disabled"}"#, #"{"effort":"none"}"#, false), (#""top_p":1"#, nil, false),
        ])
    func summariesForMessages(_ members: String, _ expected: String?, _ isSealed: Bool) throws {
        let translated = try MessagesTesting.translate(
            #"{"model":"c","max_tokens":9,\#(members),"messages":[{"role":"user","content":"x"}]}"#,
            from: MessagesRequestReader.self, to: ResponsesRequestWriter.self)
        try expectReasoning(translated, expected, isSealed)
    }

    @Test(
        "the same for a caller of Gemini's API",
        arguments: [
            (#"{"includeThoughts":true}"#, #"{"summary":"auto"}"#, true),
            (#"{"thinkingBudget":-1,"includeThoughts":true}"#, #"{"summary":"auto"}"#, true),
            (#"{"thinkingLevel":"HIGH","include_thoughts":true}"#, #"{"effort":"high","summary":"auto"}"#, true),
            (#"{"thinkingLevel":"HIGH"}"#, #"{"effort":"high"}"#, true),
            (#"{"thinkingBudget":-1}"#, nil, true),
            (#"{"thinkingBudget":0,"includeThoughts":true}"#, #"{"effort":"none"}"#, false),
            (#"{"includeThoughts":false}"#, nil, false),
        ])
    func summariesForGemini(_ config: String, _ expected: String?, _ isSealed: Bool) throws {
        let translated = try MessagesTesting.translate(
            #"{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"thinkingConfig":\#(config)}}"#,
            from: GenerateContentRequestReader.self, to: ResponsesRequestWriter.self)
        try expectReasoning(translated, expected, isSealed)
    }

    private func expectReasoning(
        _ translated: (body: JSONValue, losses: Losses), _ expected: String?, _ isSealed: Bool
    ) throws {
        #expect(translated.losses.isEmpty)
        #expect(translated.body["reasoning"] == (try expected.map { try MessagesTesting.value($0) }))
        let sealed = isSealed ? try MessagesTesting.value(#"["reasoning.encrypted_content"]"#) : nil
        #expect(translated.body["include"] == sealed)
    }

    @Test("formats stand one level up")
    func formats() throws {
        #expect(
            try fromChat(#"{"response_format":{"type":"json_object"},\#(ask)}"#).body["text"]
                == MessagesTesting.value(#"{"format":{"type":"json_object"}}"#))
        #expect(
            try fromChat(
                #"{"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"z":1},"strict":true}},\#(ask)}"#
            ).body["text"]
                == MessagesTesting.value(
                    #"{"format":{"type":"json_schema","name":"n","description":"d","schema":{"z":1},"strict":true}}"#))
    }

    @Test("what the wire cannot say is reported")
    func losses() throws {
        let written = try fromChat(
            #"""
            {"seed":1,"presence_penalty":1,"top_k":5,"stop":"END","logit_bias":{"1":2},"temperature":0.5,"top_p":1,"user":"u","metadata":{"a":"b"},"service_tier":"default",
             "messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},{"type":"file","file":{"file_id":"f"}}]}]}
            """#, MessagesTesting.target(sampling: false))
        #expect(
            Set(written.losses) == [
                "seed", "presence_penalty", "top_k", "stop", "logit_bias", "temperature",
                "messages[].content[].input_audio", "messages[].content[].file.file_id",
            ])
        #expect(
            written.body
                == (try MessagesTesting.value(
                    #"""
                    {"model":"m","store":false,"user":"u","metadata":{"a":"b"},"service_tier":"default",
                     "input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}]}
                    """#)))
    }

    @Test("a conversation of blank texts says nothing")
    func empty() {
        #expect(throws: TranslationFault(.emptyConversation)) {
            try fromChat(
                #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":" "},{"role":"assistant","content":""}]}"#
            )
        }
    }

    @Test(
        "a restriction that says nothing of a choice leaves it free, and no choice stays none",
        arguments: [
            ("", #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g"}]}"#),
            (#","mode":"NONE""#, #""none""#), (#","mode":"ANY""#, #"{"type":"function","name":"g"}"#),
        ])
    func restrictedChoice(_ mode: String, _ expected: String) throws {
        let translated = try MessagesTesting.translate(
            #"""
            {"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],
             "toolConfig":{"functionCallingConfig":{"allowedFunctionNames":["g"]\#(mode)}}}
            """#, from: GenerateContentRequestReader.self, to: ResponsesRequestWriter.self)
        #expect(try translated.body["tool_choice"] == MessagesTesting.value(expected))
    }

    @Test("a forced call of no tool makes no sense")
    func forcedWithoutTools() {
        #expect(throws: TranslationFault(.wrongType("used together with tools"), at: "tool_choice")) {
            try fromChat(#"{"tool_choice":"required",\#(ask)}"#)
        }
    }

    @Test("calls without ids get the same id as their results, and a result without either is refused")
    func withoutIDs() throws {
        let conversation = Conversation()
        conversation.parts = [Part(.toolCall), Part(.toolResult)]
        conversation.parts[0].name = "f"
        conversation.turns = [Turn(role: .assistant, start: 0, end: 1), Turn(role: .user, start: 1, end: 2)]
        let writer = JSONWriter()
        var losses = Losses()
        try ResponsesRequestWriter.write(conversation, for: MessagesTesting.target(), to: writer, losses: &losses)
        let input = try MessagesTesting.value(writer)["input"]?.arrayValue ?? []
        #expect(input.map { $0["call_id"] } == [.string("call_0"), .string("call_0")])
        conversation.parts[1].name = "g"
        writer.reset()
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "g")) {
            try ResponsesRequestWriter.write(conversation, for: MessagesTesting.target(), to: writer, losses: &losses)
        }
    }
}
