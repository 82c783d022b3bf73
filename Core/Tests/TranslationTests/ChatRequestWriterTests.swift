// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// Reads a chat completions request and writes it again as one.
private func rewrite(
    _ json: String, home: EndpointTarget.Home = .compatible, thinking: ThinkingStyle = .adaptive
) throws -> (body: JSONValue, losses: [String]) {
    try withChat(json) { conversation in
        let writer = JSONWriter()
        var losses = Losses()
        var target = EndpointTarget(model: "upstream", home: home)
        target.capabilities.thinking = thinking
        try ChatRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        #expect(writer.isBalanced)
        return (try JSONValue(parsing: Array(writer.bytes)), losses.names(in: .chatCompletions))
    }
}

@Suite("Chat completions requests are written")
struct ChatRequestWriterTests {
    /// What both sides can say, in the form in which it is written.
    private static let everything = #"""
        {"model":"upstream","messages":[{"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Rain?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
        {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}}]},
        {"role":"assistant","content":"Checking.","tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{\"city\":\"Pune\",\"n\":12345678901234567890}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"dry"},{"role":"user","content":"And?"}],
        "tools":[{"type":"function","function":{"name":"w","description":"weather","parameters":{"type":"object"},"strict":true}}],
        "tool_choice":{"type":"function","function":{"name":"w"}},"parallel_tool_calls":false,
        "max_tokens":300,"temperature":0.20,"top_p":1e-1,"seed":7,"presence_penalty":0.5,"frequency_penalty":-0.5,"stop":["END"],
        "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
        "reasoning_effort":"high","top_k":40,"user":"u","metadata":{"a":"b"},"service_tier":"flex",
        "stream":true,"stream_options":{"include_usage":true}}
        """#

    @Test("all that both sides can say survives, numbers and order included")
    func roundTrip() throws {
        let (body, losses) = try rewrite(Self.everything)
        #expect(body == (try JSONValue(parsing: Array(Self.everything.utf8))))
        #expect(losses == [])
    }

    @Test("OpenAI's own API is told developer, max_completion_tokens and not top_k")
    func ownHome() throws {
        let (body, losses) = try rewrite(Self.everything, home: .own)
        #expect(body["messages"]?.arrayValue?[0]["role"]?.stringValue == "developer")
        #expect(body["max_completion_tokens"]?.integerValue == 300 && body["max_tokens"] == nil && body["top_k"] == nil)
        #expect(losses == ["top_k"])
    }

    @Test("what has no place is named: thinking a model cannot do, members of no other wire, images in results")
    func losses() throws {
        let (_, losses) = try rewrite(
            #"""
            {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]},
            {"role":"tool","tool_call_id":"c","content":[{"type":"image_url","image_url":{"url":"https://a/b.png"}}]}],
            "reasoning_effort":"low","logprobs":true}
            """#, thinking: .none)
        #expect(Set(losses) == ["reasoning_effort", "logprobs", "messages[].content (image in a tool result)"])
    }

    @Test("allowed_tools leaves the others out")
    func allowedTools() throws {
        let (body, _) = try rewrite(
            #"""
            {"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}],
            "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"b"}}]}}}
            """#)
        #expect(body["tools"]?.arrayValue?.map { $0["function"]?["name"]?.stringValue } == ["b"])
        #expect(body["tool_choice"]?.stringValue == "required")
    }

    @Test("a demanded call of no tool is refused, a choice of none means nothing")
    func withoutTools() throws {
        let user = #""messages":[{"role":"user","content":"x"}]"#
        let unknown = #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"name":"b"}]}}"#
        let tools = #""tools":[{"type":"function","function":{"name":"a"}}]"#
        for members in [
            #""tool_choice":"none""#, #""tools":[],"tool_choice":"auto""#, "\(tools),\"tool_choice\":\(unknown)",
        ] {
            let (body, _) = try rewrite("{\(user),\(members)}")
            #expect(body["tools"] == nil && body["tool_choice"] == nil, "\(members)")
        }
        #expect(throws: TranslationFault(.wrongType("used together with tools"), at: "tool_choice")) {
            _ = try rewrite(#"{\#(user),"tool_choice":"required"}"#)
        }
    }

    @Test("names that OpenAI refuses are made into ones it takes, everywhere alike")
    func names() throws {
        let (body, _) = try rewrite(
            #"""
            {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"get.weather"}}]},
            {"role":"tool","tool_call_id":"c","content":"dry"}],"tools":[{"type":"function","function":{"name":"get.weather"}}],
            "tool_choice":{"type":"function","function":{"name":"get.weather"}}}
            """#)
        let call = body["messages"]?.arrayValue?[1]["tool_calls"]?.arrayValue?[0]
        let names = [call, body["tools"]?.arrayValue?[0], body["tool_choice"]].map {
            $0?["function"]?["name"]?.stringValue
        }
        #expect(names == [String?](repeating: "get_weather_2dc26e", count: 3))
    }

    @Test("what an assistant made of pictures is named as lost, and thinking alone is no conversation")
    func assistant() throws {
        let picture = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#
        let (_, losses) = try rewrite(
            #"{"messages":[{"role":"assistant","content":[{"type":"text","text":"x"},\#(picture)]}]}"#)
        #expect(losses == ["messages[].content[].image_url"])
        #expect(throws: TranslationFault(.emptyConversation)) {
            _ = try rewrite(
                #"{"messages":[{"role":"assistant","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"s"}]}]}"#
            )
        }
    }

    @Test(
        "data URLs that are none are refused with their place",
        arguments: ["data:image/png,AAAA", "data:image/png;base64,A A", "data:;base64,", "data:image;base64,AA==", #"data:image\/png;base64,AA=="#])
    func malformedMedia(_ url: String) {
        #expect(throws: TranslationFault(.malformedMedia, at: "messages[0].content[0].image_url.url")) {
            _ = try rewrite(
                #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"\#(url)"}}]}]}"#)
        }
    }
}
