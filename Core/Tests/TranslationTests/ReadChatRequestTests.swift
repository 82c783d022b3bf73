// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// Reads `json` as a chat completions request and hands over the conversation while its bytes are alive.
func withChat<Result>(_ json: String, _ body: (Conversation) throws -> Result) throws -> Result {
    try Documents.withRequest(json, ChatRequestReader.self, body)
}

@Suite("Chat completions requests are read")
struct ReadChatRequestTests {
    @Test("system text, turns, calls and results keep their order")
    func turns() throws {
        try withChat(
            #"""
            {"model":"m","messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Rain?"},
             {"role":"assistant","content":"Checking.","tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{\"city\":\"Pune\"}"}}]},
             {"role":"tool","tool_call_id":"c1","content":"dry"}]}
            """#
        ) { conversation in
            #expect(conversation.system.map(\.text.text) == ["Be brief."])
            #expect(conversation.turns.map(\.role) == [.user, .assistant, .user])
            #expect(conversation.parts.map(\.kind) == [.text, .text, .toolCall, .toolResult, .text])
            #expect(String(decoding: conversation.parts[2].arguments.bytes, as: UTF8.self) == #"{"city":"Pune"}"#)
            #expect(conversation.parts[3].childCount == 1)
        }
    }

    @Test("arguments that are no object are refused with their place", arguments: ["[1]", "7", "{\\\"a\\\":", "null"])
    func malformedArguments(_ text: String) {
        let json = #"""
            {"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"\#(text)"}}]}]}
            """#
        #expect(throws: TranslationFault(.malformedArguments, at: "messages[0].tool_calls[0].function.arguments")) {
            try withChat(json) { _ in }
        }
    }

    @Test(
        "a value of the wrong kind is refused, not left out",
        arguments: [
            ("temperature", #""hot""#), ("top_p", "true"), ("top_k", "[]"), ("seed", #""7""#),
            ("presence_penalty", "{}"),
            ("frequency_penalty", #""0""#), ("max_tokens", "5.5"), ("max_completion_tokens", #""9""#), ("user", "1"),
            ("parallel_tool_calls", #""no""#), ("stream", "1"), ("model", "1"),
        ])
    func wrongKinds(_ name: String, _ value: String) throws {
        let fault = #expect(throws: TranslationFault.self) {
            try withChat(#"{"messages":[{"role":"user","content":"x"}],"\#(name)":\#(value)}"#) { _ in }
        }
        #expect(fault?.path == name)
    }

    @Test("a tool's parameters are a schema, which is an object")
    func parameters() throws {
        let fault = #expect(throws: TranslationFault.self) {
            try withChat(
                #"{"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":"none"}}]}"#
            ) { _ in }
        }
        #expect(fault?.path == "tools[0].function.parameters")
    }

    @Test("members without a meaning elsewhere are listed, neutral values are not")
    func foreignMembers() throws {
        try withChat(
            #"{"messages":[{"role":"user","content":"x"}],"n":1,"logit_bias":{},"store":false,"future":1,"n":2,"logprobs":true}"#
        ) { conversation in
            #expect(conversation.foreign.map(\.text) == ["future", "n", "logprobs"])
        }
    }
}
