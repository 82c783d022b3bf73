// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

private func withMessages<Result>(_ json: String, _ body: (Conversation) throws -> Result) throws -> Result {
    try Documents.withRequest(json, MessagesRequestReader.self, body)
}

@Suite("Messages requests are read")
struct ReadMessagesRequestTests {
    @Test("system text, turns, calls and results keep their order and their marks")
    func turns() throws {
        try withMessages(
            #"""
            {"model":"claude","max_tokens":50,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"Rhyme."}],
             "messages":[{"role":"user","content":"Rain?"},
              {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s1"},{"type":"redacted_thinking","data":"d"},
               {"type":"text","text":"Checking."},{"type":"tool_use","id":"t1","name":"w","input":{"city":"Pune","n":12345678901234567890}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":"dry"},
               {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},{"type":"text","text":"So?","cache_control":{"type":"ephemeral"}}]}]}
            """#
        ) { conversation in
            #expect(conversation.outputTokensMax == 50)
            #expect(conversation.system.map(\.text.text) == ["Be brief.", "Rhyme."])
            #expect(conversation.system.map(\.cache) == [.oneHour, .none])
            #expect(conversation.turns.map(\.role) == [.user, .assistant, .user])
            #expect(
                conversation.parts.map(\.kind) == [
                    .text, .thinking, .redactedThinking, .text, .toolCall, .toolResult, .text, .image, .text,
                ])
            #expect(conversation.parts[1].signature == "s1")
            let arguments = String(decoding: conversation.parts[4].arguments.bytes, as: UTF8.self)
            #expect(arguments == #"{"city":"Pune","n":12345678901234567890}"#)
            #expect(conversation.parts[5].childCount == 2)
            #expect(conversation.parts[5].isError)
            #expect(conversation.parts[8].cache == .fiveMinutes)
            #expect(conversation.foreign.isEmpty)
        }
    }

    @Test("tools, choice, numbers and account are read")
    func envelope() throws {
        try withMessages(
            #"""
            {"model":"c","max_tokens":9,"stream":true,"temperature":0.2,"top_p":0.9,"top_k":40,"stop_sequences":["END"],
             "metadata":{"user_id":"u1"},"service_tier":"standard_only","tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
             "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}},
              {"type":"custom","name":"g","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"x"}]}
            """#
        ) { conversation in
            #expect(conversation.isStream)
            #expect(conversation.sampling.temperature.map { $0 == "0.2" } ?? false)
            #expect(conversation.sampling.topP.map { $0 == "0.9" } ?? false)
            #expect(conversation.sampling.topK.map { $0 == "40" } ?? false)
            #expect(conversation.stops.map(\.text) == ["END"])
            #expect(conversation.user?.text == "u1")
            #expect(conversation.serviceTier == .standard)
            #expect(conversation.allowsParallelCalls == false)
            #expect(conversation.tools.map(\.name.text) == ["f", "g"])
            #expect(conversation.tools.map(\.isStrict) == [true, nil])
            #expect(conversation.tools.map(\.cache) == [.fiveMinutes, .none])
            guard case .named(let name) = conversation.toolChoice else {
                Issue.record("not a named choice")
                return
            }
            #expect(name == "f")
        }
    }

    @Test(
        "thinking and effort are one wish",
        arguments: [
            (#""thinking":{"type":"enabled","budget_tokens":2048}"#, "budget(2048)", true),
            (#""thinking":{"type":"adaptive","display":"summarized"}"#, "adaptive", true),
            (#""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#, "effort(max)", true),
            (#""output_config":{"effort":"low"}"#, "effort(low)", false),
            (#""thinking":{"type":"disabled"}"#, "off", false),
        ])
    func thinking(_ members: String, _ reasoning: String, _ isShown: Bool) throws {
        try withMessages(#"{"messages":[],\#(members)}"#) { conversation in
            let read = conversation.reasoning.map(MessagesTesting.line)
            #expect(read == reasoning)
            #expect(conversation.showsThoughts == isShown)
            #expect(conversation.foreign.isEmpty)
        }
    }

    @Test("a cache mark for the whole request stands at its last block that can carry one")
    func automaticMark() throws {
        try withMessages(
            #"""
            {"cache_control":{"type":"ephemeral"},"messages":[{"role":"user","content":"a"},
             {"role":"assistant","content":[{"type":"text","text":"b"},{"type":"thinking","thinking":"t","signature":"s"}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts.map(\.cache) == [.none, .fiveMinutes, .none])
        }
    }

    @Test("every form of a document is read")
    func documents() throws {
        try withMessages(
            #"""
            {"messages":[{"role":"user","content":[
             {"type":"document","title":"T","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}},
             {"type":"document","source":{"type":"text","media_type":"text/plain","data":"a\nb"},"citations":{"enabled":false}},
             {"type":"document","source":{"type":"content","content":[{"type":"text","text":"one\t"},{"type":"text","text":"two"}]}},
             {"type":"document","source":{"type":"url","url":"https://x/a.pdf"}},
             {"type":"document","source":{"type":"file","file_id":"file_1"}}]}]}
            """#
        ) { conversation in
            #expect(conversation.parts.map(\.media.source) == [.base64, .text, .text, .url, .fileID])
            #expect(
                conversation.parts.map(\.media.value.text) == ["AAAA", "a\nb", "one\ttwo", "https://x/a.pdf", "file_1"])
            #expect(conversation.parts[0].name == "T")
            #expect(conversation.foreign.isEmpty)
        }
    }

    @Test("what no other wire has is listed by its name, what says nothing is not")
    func foreign() throws {
        try withMessages(
            #"""
            {"messages":[{"role":"user","content":[{"type":"text","text":"x","citations":[]},
              {"type":"document","context":"c","citations":{"enabled":true},"source":{"type":"text","data":"d"}},
              {"type":"container_upload","file_id":"f"}]},
             {"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"text","text":"y","citations":[{"type":"char_location"}]}]}],
             "tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","defer_loading":true,"eager_input_streaming":true}],
             "container":"c1","mcp_servers":[],"anthropic_beta":["b"],"thinking":{"type":"adaptive","display":"omitted"},"inference_geo":null}
            """#
        ) { conversation in
            #expect(
                Set(conversation.foreign.map(\.text)) == [
                    "messages[].content[].citations", "messages[].content[].context",
                    "messages[].content[].container_upload", "messages[].content[].server_tool_use",
                    "tools[].web_search_20250305", "tools[].defer_loading", "container", "anthropic_beta",
                    "thinking.display",
                ])
            #expect(conversation.foreign.count == 9)
            #expect(conversation.tools.map(\.name.text) == ["f"])
        }
    }

    @Test("a media type that many write and nobody lists is read as the one that is meant")
    func mediaTypes() throws {
        try withMessages(
            #"{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpg;x=1","data":"AAAA"}}]}]}"#
        ) { conversation in
            #expect(conversation.parts[0].media.type == "image/jpeg")
        }
    }

    @Test("search results stay as text")
    func searchResults() throws {
        try withMessages(
            #"{"messages":[{"role":"user","content":[{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"found"}]}]}]}"#
        ) { conversation in
            #expect(conversation.parts.map(\.text.text) == ["found"])
            #expect(conversation.foreign.map(\.text) == ["messages[].content[].search_result"])
        }
    }

    @Test(
        "nonsense is refused with its place",
        arguments: [
            (#"{"messages":{}}"#, "messages"), (#"{"messages":[{"content":"x"}]}"#, "messages[0].role"),
            (#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].role"),
            (#"{"messages":[{"role":"user","content":7}]}"#, "messages[0].content"),
            (#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#, "messages[0].content[0].type"),
            (#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0].text"),
            (
                #"{"messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}]}"#,
                "messages[0].content[0].type"
            ),
            (
                #"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}]}"#,
                "messages[0].content[0].input"
            ),
            (
                #"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"?"}}]}]}]}"#,
                "messages[0].content[0].content[0].source.data"
            ),
            (#"{"system":[{"type":"image"}],"messages":[]}"#, "system[0]"),
            (#"{"max_tokens":"9","messages":[]}"#, "max_tokens"),
            (#"{"temperature":"hot","messages":[]}"#, "temperature"),
            (#"{"tool_choice":{"type":"tool"},"messages":[]}"#, "tool_choice"),
            (#"{"tools":[{"name":""}],"messages":[]}"#, "tools[0].name"),
            (#"{"tools":[{"name":"f","input_schema":[]}],"messages":[]}"#, "tools[0].input_schema"),
            (#"{"thinking":{"type":"enabled"},"messages":[]}"#, "thinking.budget_tokens"),
            (#"{"thinking":{"type":"enabled","budget_tokens":0},"messages":[]}"#, "thinking.budget_tokens"),
            (#"{"thinking":{"type":"deep"},"messages":[]}"#, "thinking.type"),
            (#"{"output_config":{"effort":"none"},"messages":[]}"#, "output_config.effort"),
            (#"{"output_config":{"format":{"type":"json_schema"}},"messages":[]}"#, "output_config.format"),
            (#"{"service_tier":"fast","messages":[]}"#, "service_tier"), ("[]", ""),
        ])
    func nonsense(_ json: String, _ path: String) throws {
        let fault = #expect(throws: TranslationFault.self) { try withMessages(json) { _ in } }
        #expect(fault?.path == path)
    }
}
