// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

private func withResponses<Result>(_ json: String, _ body: (Conversation) throws -> Result) throws -> Result {
    try Documents.withRequest(json, ResponsesRequestReader.self, body)
}

@Suite("Responses requests are read")
struct ReadResponsesRequestTests {
    @Test("a string is one turn, and instructions stand in front of other system text")
    func plain() throws {
        try withResponses(
            #"{"model":"m","input":"Hi","instructions":"Be brief.","stream":true,"max_output_tokens":9,"store":false,"background":false}"#
        ) { conversation in
            #expect(conversation.model == "m")
            #expect(conversation.isStream)
            #expect(conversation.outputTokensMax == 9)
            #expect(conversation.system.map(\.text.text) == ["Be brief."])
            #expect(conversation.turns.map(\.role) == [.user])
            #expect(conversation.parts.map(\.text.text) == ["Hi"])
            #expect(conversation.foreign.isEmpty)
        }
        try withResponses(
            #"{"input":[{"role":"developer","content":"second"},{"role":"user","content":"x"}],"instructions":"first"}"#
        ) { conversation in
            #expect(conversation.system.map(\.text.text) == ["first", "second"])
        }
    }

    @Test("items become turns: reasoning, text and calls of the assistant are one, neighbouring results too")
    func items() throws {
        try withResponses(
            #"""
            {"input":[{"role":"user","content":[{"type":"input_text","text":"Rain?"}]},
             {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"One."},{"type":"summary_text","text":"Two."}],"encrypted_content":"e1"},
             {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Checking.","annotations":[]}]},
             {"type":"function_call","id":"fc_1","call_id":"c1","name":"w","arguments":"{\"city\":\"Pune\"}"},
             {"type":"function_call","call_id":"c2","name":"w","arguments":""},
             {"type":"function_call_output","call_id":"c2","output":"missing"},
             {"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"dry"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},
             {"role":"user","content":"So?"},{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}]}
            """#
        ) { conversation in
            #expect(conversation.turns.map(\.role) == [.user, .assistant, .user, .user, .assistant, .assistant])
            #expect(
                conversation.turns.map(\.parts.count) == [1, 4, 5, 1, 1, 1])
            #expect(
                conversation.parts[1..<10].map(\.kind) == [
                    .thinking, .text, .toolCall, .toolCall, .toolResult, .text, .toolResult, .text, .image,
                ])
            #expect(conversation.parts[1].text.text == "One.\n\nTwo.")
            #expect(conversation.parts[1].signature == "e1")
            #expect(String(decoding: conversation.parts[3].arguments.bytes, as: UTF8.self) == #"{"city":"Pune"}"#)
            #expect(conversation.parts[4].arguments == "{}")
            #expect(conversation.parts[7].childCount == 2)
            #expect(conversation.foreign.isEmpty)
        }
    }

    @Test("images and files are read in every form")
    func media() throws {
        try withResponses(
            #"""
            {"input":[{"role":"user","content":[{"type":"input_image","image_url":"https://x/i.png","detail":"low"},
             {"type":"input_image","file_id":"f1"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"},
             {"type":"input_file","file_url":"https://x/a.pdf"},{"type":"input_file","file_id":"f2"}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts.map(\.kind) == [.image, .image, .document, .document, .document])
            #expect(conversation.parts.map(\.media.source) == [.url, .fileID, .base64, .url, .fileID])
            #expect(conversation.parts[0].detail == .low)
            #expect(conversation.parts[2].name == "a.pdf")
        }
    }

    @Test("tools stand flat; choice, format and effort are read")
    func wishes() throws {
        try withResponses(
            #"""
            {"input":"x","tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true},{"type":"function","name":"g","parameters":null}],
             "tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,"temperature":0.1,"top_p":0.2,"user":"u","metadata":{"a":"b"},
             "service_tier":"priority","reasoning":{"effort":"xhigh","summary":"auto"},"include":["reasoning.encrypted_content"],
             "text":{"format":{"type":"json_schema","name":"n","schema":{"a":1},"strict":true},"verbosity":"medium"},"truncation":"disabled","top_logprobs":0}
            """#
        ) { conversation in
            #expect(conversation.tools.map(\.name.text) == ["f", "g"])
            #expect(conversation.tools.map(\.isStrict) == [true, nil])
            #expect(conversation.tools[1].parameters == nil)
            guard case .named(let name) = conversation.toolChoice else {
                Issue.record("not a named choice")
                return
            }
            #expect(name == "f")
            #expect(conversation.allowsParallelCalls == false)
            #expect(conversation.reasoning.map(MessagesTesting.line) == "effort(xhigh)")
            #expect(conversation.showsThoughts)
            #expect(conversation.serviceTier == .priority)
            guard case .jsonSchema(let schema, let label, _, let isStrict) = conversation.format else {
                Issue.record("not a schema")
                return
            }
            #expect(schema == #"{"a":1}"#)
            #expect(label?.text == "n")
            #expect(isStrict == true)
            #expect(conversation.foreign.isEmpty)
        }
    }

    @Test("allowed tools restrict the choice")
    func allowedTools() throws {
        try withResponses(
            #"{"input":"x","tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]}}"#
        ) { conversation in
            #expect(conversation.allowedTools.map(\.text) == ["g"])
            guard case .any = conversation.toolChoice else {
                Issue.record("not required")
                return
            }
        }
    }

    @Test("whatever needs OpenAI's memory or its own tools is listed by its name")
    func foreign() throws {
        try withResponses(
            #"""
            {"input":[{"role":"user","content":"x"},{"type":"item_reference","id":"i"},{"type":"web_search_call","id":"w"}],
             "previous_response_id":"r","conversation":"c","store":true,"background":true,"prompt":{"id":"p"},"max_tool_calls":3,
             "include":["message.output_text.logprobs"],"truncation":"auto","text":{"verbosity":"low"},"reasoning":{"context":"all"},
             "tools":[{"type":"web_search"},{"type":"custom","name":"c"}],"tool_choice":{"type":"web_search"}}
            """#
        ) { conversation in
            #expect(
                Set(conversation.foreign.map(\.text)) == [
                    "input[].item_reference", "input[].web_search_call", "previous_response_id", "conversation",
                    "store", "background", "prompt", "max_tool_calls", "include.message.output_text.logprobs",
                    "truncation", "text.verbosity", "reasoning.context", "tools[].web_search", "tools[].custom",
                    "tool_choice.web_search",
                ])
            #expect(conversation.tools.isEmpty)
        }
    }

    @Test(
        "nonsense is refused with its place",
        arguments: [
            ("[]", ""), (#"{"input":7}"#, "input"), (#"{"input":[7]}"#, "input[0]"),
            (#"{"input":[{"content":"x"}]}"#, "input[0].role"),
            (#"{"input":[{"role":"tool","content":"x"}]}"#, "input[0].role"),
            (#"{"input":[{"role":"user","content":[{"type":"audio"}]}]}"#, "input[0].content[0].type"),
            (#"{"input":[{"role":"user","content":7}]}"#, "input[0].content"),
            (
                #"{"input":[{"role":"developer","content":[{"type":"input_image","image_url":"https://x"}]}]}"#,
                "input[0].content[0].type"
            ),
            (
                #"{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png,AAAA"}]}]}"#,
                "input[0].content[0].image_url"
            ),
            (
                #"{"input":[{"role":"user","content":[{"type":"input_file","file_data":"AAAA"}]}]}"#,
                "input[0].content[0].file_data"
            ),
            (#"{"input":[{"type":"function_call","name":"f","arguments":"{}"}]}"#, "input[0].call_id"),
            (
                #"{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"[1]"}]}"#,
                "input[0].arguments"
            ),
            (#"{"input":[{"type":"function_call_output","output":"x"}]}"#, "input[0].call_id"),
            (#"{"input":"x","tools":[{"type":"function"}]}"#, "tools[0].name"),
            (#"{"input":"x","tool_choice":"sometimes"}"#, "tool_choice"),
            (#"{"input":"x","reasoning":{"effort":"deep"}}"#, "reasoning.effort"),
            (#"{"input":"x","text":{"format":{"type":"yaml"}}}"#, "text.format"),
            (#"{"input":"x","max_output_tokens":1.5}"#, "max_output_tokens"),
        ])
    func nonsense(_ json: String, _ path: String) throws {
        let fault = #expect(throws: TranslationFault.self) { try withResponses(json) { _ in } }
        #expect(fault?.path == path)
    }
}
