// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// From chat completions, whose reader is tested elsewhere, to Messages.
private func fromChat(
    _ json: String, _ target: EndpointTarget = MessagesTesting.target()
) throws -> (body: JSONValue, losses: [String]) {
    let translated = try MessagesTesting.translate(
        json, from: ChatRequestReader.self, to: MessagesRequestWriter.self, target: target)
    return (translated.body, translated.losses.names(in: .chatCompletions, max: 99))
}

private let ask = #""messages":[{"role":"user","content":"x"}]"#

@Suite("Messages requests are written")
struct WriteMessagesRequestTests {
    @Test("the reference's example comes out as the reference says")
    func example() throws {
        let written = try fromChat(WorkedExample.chat)
        #expect(written.losses.isEmpty)
        #expect(
            written.body
                == (try MessagesTesting.value(
                    #"""
                    {"model":"m","max_tokens":300,"temperature":0.2,"stop_sequences":["END"],"tool_choice":{"type":"auto","disable_parallel_tool_use":false},
                     "tools":[{"name":"get_weather_2dc26e","description":"w","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],
                     "system":[{"type":"text","text":"Be brief."}],
                     "messages":[{"role":"user","content":[{"type":"text","text":"Rain?"},{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}}]},
                      {"role":"assistant","content":[{"type":"text","text":"Checking."},{"type":"tool_use","id":"call_1","name":"get_weather_2dc26e","input":{"city":"Pune"}},{"type":"tool_use","id":"call_2","name":"get_weather_2dc26e","input":{}}]},
                      {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_2","content":"missing city"},{"type":"tool_result","tool_use_id":"call_1","content":"dry"}]}]}
                    """#)))
    }

    @Test("each home has its own envelope")
    func homes() throws {
        let json = #"{"model":"public","stream":true,"max_tokens":5,\#(ask)}"#
        let messages = #""messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]"#
        let expected: [(EndpointTarget.Home, String)] = [
            (.own, #"{"model":"m","max_tokens":5,"stream":true,\#(messages)}"#),
            (.bedrock, #"{"anthropic_version":"bedrock-2023-05-31","max_tokens":5,\#(messages)}"#),
            (.vertex, #"{"anthropic_version":"vertex-2023-10-16","max_tokens":5,"stream":true,\#(messages)}"#),
        ]
        for (home, body) in expected {
            #expect(try fromChat(json, MessagesTesting.target(home)).body == MessagesTesting.value(body))
        }
    }

    @Test("without a bound the target's own one is used, not a guess")
    func outputBound() throws {
        let written = try fromChat("{\(ask)}", MessagesTesting.target(outputTokensDefault: 64000))
        #expect(written.body["max_tokens"] == .number("64000"))
    }

    @Test("neighbours of one role become one message, with every result in front")
    func merging() throws {
        let written = try fromChat(
            #"""
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":" "},{"role":"user","content":"b"},
              {"role":"assistant","content":"c","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},
              {"role":"user","content":"d"},{"role":"tool","tool_call_id":"1","content":""}]}
            """#)
        #expect(
            written.body["messages"]
                == (try MessagesTesting.value(
                    #"""
                    [{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
                     {"role":"assistant","content":[{"type":"text","text":"c"},{"type":"tool_use","id":"1","name":"f","input":{}}]},
                     {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":""},{"type":"text","text":"d"}]}]
                    """#)))
    }

    @Test("a conversation of blank texts says nothing", arguments: ["", " ", #"\n\t"#])
    func empty(_ text: String) {
        #expect(throws: TranslationFault(.emptyConversation)) {
            try fromChat(#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"\#(text)"}]}"#)
        }
    }

    @Test("a call without its result and a result without its call are refused")
    func unmatched() {
        let call = #"{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{}"}}]}"#
        let result = #"{"role":"tool","tool_call_id":"c1","content":"r"}"#
        let text = #"{"role":"user","content":"x"}"#
        for messages in [
            [text, call], [text, call, text], [text, result],
            [call, text, #"{"role":"assistant","content":"y"}"#, result],
        ] {
            #expect(throws: TranslationFault(.unmatchedToolCall, at: "c1")) {
                try fromChat(#"{"messages":[\#(messages.joined(separator: ","))]}"#)
            }
        }
    }

    @Test("a tool without parameters has the schema of an empty object")
    func emptySchema() throws {
        let written = try fromChat(
            #"{"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g","parameters":{}}}],\#(ask)}"#
        )
        for tool in written.body["tools"]?.arrayValue ?? [] {
            #expect(tool["input_schema"] == (try MessagesTesting.value(#"{"type":"object","properties":{}}"#)))
        }
        #expect(written.body["tools"]?.arrayValue?.count == 2)
    }

    @Test("allowed tools are the only ones")
    func allowedTools() throws {
        let tools =
            #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]"#
        let written = try fromChat(
            #"{\#(tools),"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}},\#(ask)}"#
        )
        #expect(written.body["tools"]?.arrayValue?.map { $0["name"] } == [.string("g")])
        #expect(written.body["tool_choice"] == .object([("type", .string("any"))]))
    }

    @Test(
        "the choice among tools is said in Anthropic's words",
        arguments: [
            (#""tool_choice":"none","parallel_tool_calls":false"#, #"{"type":"none"}"#),
            (#""tool_choice":"required""#, #"{"type":"any"}"#),
            (
                #""tool_choice":{"type":"function","function":{"name":"a.b"}},"parallel_tool_calls":false"#,
                #"{"type":"tool","name":"a_b_8bf51c","disable_parallel_tool_use":true}"#
            ),
            (#""parallel_tool_calls":false"#, #"{"type":"auto","disable_parallel_tool_use":true}"#),
        ])
    func choice(_ members: String, _ expected: String) throws {
        let written = try fromChat(
            #"{"tools":[{"type":"function","function":{"name":"a.b"}}],\#(members),\#(ask)}"#)
        #expect(written.body["tool_choice"] == (try MessagesTesting.value(expected)))
        #expect(written.losses.isEmpty)
    }

    @Test("parallel calls allowed and no choice made is the default and not said")
    func defaultChoice() throws {
        let written = try fromChat(
            #"{"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":true,\#(ask)}"#)
        #expect(written.body["tool_choice"] == nil)
    }

    @Test("a forced call of no tool makes no sense")
    func forcedWithoutTools() {
        #expect(throws: TranslationFault(.wrongType("used together with tools"), at: "tool_choice")) {
            try fromChat(#"{"tool_choice":"required",\#(ask)}"#)
        }
    }

    @Test("what the wire cannot say is reported, neutral values are not")
    func losses() throws {
        let written = try fromChat(
            #"""
            {"seed":1,"presence_penalty":0.5,"frequency_penalty":0,"temperature":1.7,"top_k":40,"logit_bias":{"1":2},"n":2,
             "metadata":{"a":"b"},"service_tier":"flex","user":"u","stop":["\n","END"],
             "messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
              {"type":"image_url","image_url":{"url":"gs://b/i.png"}},{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AAAA"}},
              {"type":"file","file":{"file_id":"file-1"}},{"type":"video_url","video_url":{"url":"https://v"}}]}]}
            """#)
        #expect(
            Set(written.losses) == [
                "seed", "presence_penalty", "temperature", "logit_bias", "n", "metadata", "service_tier", "stop",
                "messages[].content[].input_audio", "messages[].content[].image_url",
                "messages[].content[].file.file_id", "messages[].content[].video_url",
            ])
        #expect(
            written.body
                == (try MessagesTesting.value(
                    #"""
                    {"model":"m","max_tokens":4096,"temperature":1,"top_k":40,"stop_sequences":["END"],"metadata":{"user_id":"u"},
                     "messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}
                    """#)))
    }

    @Test("a model without sampling gets none, and only what differs from its default is lost")
    func withoutSampling() throws {
        let target = MessagesTesting.target(sampling: false)
        let neutral = try fromChat(#"{"temperature":1.0,"top_p":1,\#(ask)}"#, target)
        #expect(neutral.losses.isEmpty)
        #expect(neutral.body["temperature"] == nil && neutral.body["top_p"] == nil)
        let lost = try fromChat(#"{"temperature":0,"top_p":0.5,"top_k":3,\#(ask)}"#, target)
        #expect(Set(lost.losses) == ["temperature", "top_p", "top_k"])
        #expect(lost.body["top_k"] == nil)
    }

    @Test("formats are schemas where the model takes them and losses where not")
    func formats() throws {
        let object = #"{"response_format":{"type":"json_object"},\#(ask)}"#
        let schema =
            #"{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","z":1,"a":2}}},\#(ask)}"#
        #expect(
            try fromChat(object).body["output_config"]
                == MessagesTesting.value(
                    #"{"format":{"type":"json_schema","schema":{"type":"object","additionalProperties":true}}}"#))
        #expect(
            try fromChat(schema).body["output_config"]
                == MessagesTesting.value(#"{"format":{"type":"json_schema","schema":{"type":"object","z":1,"a":2}}}"#))
        for json in [object, schema] {
            let lost = try fromChat(json, MessagesTesting.target(schemas: false))
            #expect(lost.losses == ["response_format"])
            #expect(lost.body["output_config"] == nil)
        }
    }

    @Test("strict tools are said where schemas are enforced")
    func strictTools() throws {
        let json =
            #"{"tools":[{"type":"function","function":{"name":"f","strict":true}},{"type":"function","function":{"name":"g","strict":false}}],\#(ask)}"#
        let written = try fromChat(json)
        #expect(written.body["tools"]?.arrayValue?.map { $0["strict"] } == [.bool(true), nil])
        #expect(try fromChat(json, MessagesTesting.target(schemas: false)).losses == ["tools[].function.strict"])
    }

    @Test("documents go as the wire has them: PDF as it is, text as text, anything else not at all")
    func documents() throws {
        let written = try fromChat(
            #"""
            {"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}},
              {"type":"file","file":{"filename":"b.txt","file_data":"data:text/plain;base64,YSJiCg=="}},
              {"type":"file","file":{"file_data":"data:text/plain;base64,_w"}},
              {"type":"file","file":{"file_data":"data:application/zip;base64,AAAA"}}]}]}
            """#)
        #expect(written.losses == ["messages[].content[].file"])
        #expect(
            written.body["messages"]
                == (try MessagesTesting.value(
                    #"""
                    [{"role":"user","content":[
                      {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"},"title":"a.pdf"},
                      {"type":"document","source":{"type":"text","media_type":"text/plain","data":"a\"b\n"},"title":"b.txt"}]}]
                    """#)))
    }

    @Test("signed thinking goes back in its order, unsigned thinking goes nowhere")
    func thinkingBlocks() throws {
        let written = try fromChat(
            #"""
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","thinking_blocks":[
              {"type":"thinking","thinking":"one","signature":"s1"},{"type":"redacted_thinking","data":"d"},
              {"type":"thinking","thinking":"two","signature":"s2"},{"type":"thinking","thinking":"three","signature":""}]}]}
            """#)
        #expect(
            written.body["messages"]?.arrayValue?[1]["content"]
                == (try MessagesTesting.value(
                    #"""
                    [{"type":"thinking","thinking":"one","signature":"s1"},{"type":"redacted_thinking","data":"d"},
                     {"type":"thinking","thinking":"two","signature":"s2"},{"type":"text","text":"b"}]
                    """#)))
    }

    @Test("of more than four cache marks the last four stay")
    func cacheMarks() throws {
        let mark = #""cache_control":{"type":"ephemeral","ttl":"1h"}"#
        let texts = (0..<5).map { #"{"type":"text","text":"\#($0)",\#(mark)}"# }.joined(separator: ",")
        let written = try fromChat(
            #"""
            {"tools":[{"type":"function",\#(mark),"function":{"name":"f"}}],"messages":[{"role":"user","content":[\#(texts)]}]}
            """#)
        #expect(written.losses == ["cache_control"])
        #expect(written.body["tools"]?.arrayValue?.first?["cache_control"] == nil)
        let blocks = written.body["messages"]?.arrayValue?.first?["content"]?.arrayValue ?? []
        let expected = try MessagesTesting.value(#"{"type":"ephemeral","ttl":"1h"}"#)
        #expect(blocks.map { $0["cache_control"] } == [nil, expected, expected, expected, expected])
    }

    @Test("ids that Anthropic refuses are renamed on both sides")
    func ids() throws {
        let written = try fromChat(
            #"""
            {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"call.1","function":{"name":"f","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"call.1","content":"r"}]}
            """#)
        let messages = written.body["messages"]?.arrayValue ?? []
        let id = messages[1]["content"]?.arrayValue?.first?["id"]?.stringValue ?? ""
        #expect(id.hasPrefix("call_1_"))
        #expect(messages[2]["content"]?.arrayValue?.first?["tool_use_id"] == .string(id))
    }

    @Test("calls without ids, as Google's are, get the same id as their results")
    func withoutIDs() throws {
        let conversation = Conversation()
        conversation.parts = [.text("x"), Part(.toolCall), Part(.toolCall), Part(.toolResult), Part(.toolResult)]
        conversation.parts[1].name = "f"
        conversation.parts[2].name = "g"
        conversation.parts[3].name = "g"
        conversation.parts[4].name = "f"
        conversation.turns = [
            Turn(role: .user, start: 0, end: 1), Turn(role: .assistant, start: 1, end: 3),
            Turn(role: .user, start: 3, end: 5),
        ]
        let writer = JSONWriter()
        var losses = Losses()
        try MessagesRequestWriter.write(conversation, for: MessagesTesting.target(), to: writer, losses: &losses)
        let messages = try MessagesTesting.value(writer)["messages"]?.arrayValue ?? []
        let calls = messages[1]["content"]?.arrayValue ?? []
        let results = messages[2]["content"]?.arrayValue ?? []
        #expect(calls.map { $0["id"] } == [.string("call_1"), .string("call_2")])
        #expect(results.map { $0["tool_use_id"] } == [.string("call_2"), .string("call_1")])
    }
}

@Suite("Thinking is asked for as the model takes it")
struct MessagesThinkingTests {
    @Test(
        "efforts, budgets and models",
        arguments: [
            ("high", 40000, Capabilities.Thinking.budget, #"{"type":"enabled","budget_tokens":24576}"#),
            ("low", 40000, .budget, #"{"type":"enabled","budget_tokens":1024}"#),
            // A quarter of the bound stays for the answer.
            ("max", 4000, .budget, #"{"type":"enabled","budget_tokens":3000}"#),
            ("high", 1025, .budget, #"{"type":"enabled","budget_tokens":1024}"#),
            ("minimal", 10, .adaptive, #"{"type":"adaptive"}"#),
        ])
    func efforts(_ effort: String, _ bound: Int, _ style: Capabilities.Thinking, _ expected: String) throws {
        let written = try fromChat(
            #"{"reasoning_effort":"\#(effort)","max_tokens":\#(bound),\#(ask)}"#,
            MessagesTesting.target(thinking: style))
        #expect(written.body["thinking"] == (try MessagesTesting.value(expected)))
        #expect(written.losses.isEmpty)
        let words = ["minimal": "low"]
        let configured = style == .adaptive ? JSONValue.string(words[effort] ?? effort) : nil
        #expect(written.body["output_config"]?["effort"] == configured)
    }

    @Test("a budget is kept below the bound, or becomes an effort")
    func budgets() throws {
        let json =
            #"{"max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":9000},"messages":[{"role":"user","content":"x"}]}"#
        let cut = try MessagesTesting.translate(
            json, from: MessagesRequestReader.self, to: MessagesRequestWriter.self,
            target: MessagesTesting.target(thinking: .budget))
        #expect(cut.body["thinking"]?["budget_tokens"] == .number("1999"))
        let effort = try MessagesTesting.translate(
            json, from: MessagesRequestReader.self, to: MessagesRequestWriter.self)
        #expect(effort.body["thinking"] == .object([("type", .string("adaptive"))]))
        #expect(effort.body["output_config"]?["effort"] == .string("high"))
    }

    @Test("thinking is lost where the model, the bound or a forced call has no room for it")
    func lost() throws {
        let tools = #""tools":[{"type":"function","function":{"name":"f"}}]"#
        let cases: [(String, EndpointTarget)] = [
            (#"{"reasoning_effort":"low",\#(ask)}"#, MessagesTesting.target(thinking: .none)),
            (#"{"reasoning_effort":"low","max_tokens":1024,\#(ask)}"#, MessagesTesting.target(thinking: .budget)),
            (#"{"reasoning_effort":"low",\#(tools),"tool_choice":"required",\#(ask)}"#, MessagesTesting.target()),
        ]
        for (json, target) in cases {
            let written = try fromChat(json, target)
            #expect(written.losses == ["reasoning_effort"])
            #expect(written.body["thinking"] == nil)
        }
    }

    @Test("a budgeted model does not think on behind calls that came without thinking")
    func resuming() throws {
        let question = #"{"role":"user","content":"x"}"#
        let calls = #""tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]"#
        let unthought = #"{"role":"assistant",\#(calls)}"#
        let thought =
            #"{"role":"assistant","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"s"}],\#(calls)}"#
        let result = #"{"role":"tool","tool_call_id":"c","content":"r"}"#
        let answer = #"{"role":"assistant","content":"a"}"#
        let cases: [([String], Bool)] = [
            ([question, unthought, result], true), ([question, unthought, result, question], true),
            ([question, thought, result], false), ([question, thought, result, unthought, result], false),
            ([question, unthought, result, answer, question], false),
            ([question, thought, result, answer, question, unthought, result], true),
        ]
        for (messages, isLost) in cases {
            let json = #"{"reasoning_effort":"low","messages":[\#(messages.joined(separator: ","))]}"#
            let written = try fromChat(json, MessagesTesting.target(thinking: .budget))
            #expect(written.losses == (isLost ? ["reasoning_effort"] : []))
            #expect((written.body["thinking"] == nil) == isLost)
            #expect(try fromChat(json).losses.isEmpty)
            let converse = try ConverseWritten(chat: json, thinking: .budget)
            #expect((converse["additionalModelRequestFields"] == nil) == isLost && converse.losses.isEmpty)
        }
    }

    @Test("auto stays auto while the model thinks")
    func autoChoice() throws {
        let written = try fromChat(
            #"{"reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto",\#(ask)}"#
        )
        #expect(written.body["tool_choice"] == .object([("type", .string("auto"))]))
        #expect(written.body["thinking"] != nil)
    }

    @Test("no thinking is the wire's default and not said", arguments: Capabilities.Thinking.allCases)
    func off(_ style: Capabilities.Thinking) throws {
        let written = try fromChat(#"{"reasoning_effort":"none",\#(ask)}"#, MessagesTesting.target(thinking: style))
        #expect(written.body["thinking"] == nil)
        #expect(written.losses.isEmpty)
    }

    @Test("a thinking model gets no sampling")
    func sampling() throws {
        let written = try fromChat(#"{"reasoning_effort":"low","temperature":0.3,"top_p":1,\#(ask)}"#)
        #expect(written.losses == ["temperature"])
        #expect(written.body["temperature"] == nil && written.body["top_p"] == nil)
    }
}
