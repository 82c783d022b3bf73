// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("generateContent requests are written")
struct GenerateContentRequestWriterTests {
    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#

    private func contents(_ messages: String, for target: EndpointTarget = Gemini.target()) throws -> JSONValue? {
        try Gemini.fromChat(#"{"messages":[\#(messages)]}"#, for: target).body["contents"]
    }

    @Test("the worked example of the reference is written to the member")
    func workedExample() throws {
        let written = try Gemini.fromChat(WorkedExample.chat)
        #expect(
            try written.body
                == Gemini.json(
                    #"""
                    {"generationConfig":{"maxOutputTokens":300,"temperature":0.2,"stopSequences":["END"]},"systemInstruction":{"parts":[{"text":"Be brief."}]},
                     "tools":[{"functionDeclarations":[{"name":"get.weather","description":"w","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}],
                     "toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},
                     "contents":[{"role":"user","parts":[{"text":"Rain?"},{"inlineData":{"mimeType":"image/jpeg","data":"AAAA"}}]},
                      {"role":"model","parts":[{"text":"Checking."},{"functionCall":{"name":"get.weather","args":{"city":"Pune"}}},{"functionCall":{"name":"get.weather","args":{}}}]},
                      {"role":"user","parts":[{"functionResponse":{"name":"get.weather","response":{"output":"dry"}}},{"functionResponse":{"name":"get.weather","response":{"output":"missing city"}}}]}]}
                    """#))
        #expect(written.losses.isEmpty)
    }

    @Test("nothing that was not asked for is written: no bound on tokens, no tier, no configuration")
    func minimal() throws {
        let written = try Gemini.fromChat(#"{\#(Self.hello),"service_tier":"auto","tools":[],"tool_choice":"auto"}"#)
        #expect(try written.body == Gemini.json(#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#))
        #expect(written.losses.isEmpty)
    }

    // MARK: Turns

    @Test("neighbours of one role are one entry, also across a turn that says nothing, and blank texts are none")
    func merging() throws {
        let found = try contents(
            #"""
            {"role":"user","content":"a"},{"role":"user","content":" "},{"role":"user","content":"b"},{"role":"assistant","content":""},
            {"role":"user","content":"c"},{"role":"assistant","content":"d"},{"role":"assistant","content":"e"}
            """#)
        #expect(
            try found
                == Gemini.json(
                    #"""
                    [{"role":"user","parts":[{"text":"a"},{"text":"b"},{"text":"c"}]},{"role":"model","parts":[{"text":"d"},{"text":"e"}]}]
                    """#))
    }

    @Test("a conversation of blanks is refused")
    func empty() {
        for content in [#""""#, #"" \n ""#, "[]"] {
            #expect(throws: TranslationFault(.emptyConversation, at: "contents")) {
                try contents(#"{"role":"user","content":\#(content)}"#)
            }
        }
    }

    @Test("text stays before the calls it stands before")
    func sourceOrder() throws {
        let written = try Gemini.withRequest(
            #"""
            {"contents":[{"parts":[{"text":"u"}]},{"role":"model","parts":[{"text":"a"},{"functionCall":{"name":"f"}},{"text":"b"},{"functionCall":{"name":"g"}}]}]}
            """#
        ) { try Gemini.write($0) }
        let parts = written.body["contents"]?.arrayValue?[1]["parts"]?.arrayValue ?? []
        #expect(parts.map { $0.members?.first?.0 } == ["text", "functionCall", "text", "functionCall"])
    }

    // MARK: Results

    private static let calls = #"""
        {"role":"user","content":"u"},{"role":"assistant","tool_calls":[{"id":"call_a","function":{"name":"f","arguments":"{}"}},{"id":"call_b","function":{"name":"g","arguments":"{}"}}]}
        """#

    @Test("results stand alone in their entry, in the order of their calls, and what the user says comes behind")
    func resultsAlone() throws {
        let found = try contents(
            Self.calls + #"""
                ,{"role":"tool","tool_call_id":"call_b","content":"2"},{"role":"user","content":"and?"},{"role":"tool","tool_call_id":"call_a","content":""}
                """#)
        #expect(
            found?.arrayValue?.dropFirst(2).map(\.text)
                == [
                    #"{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":""}}},{"functionResponse":{"name":"g","response":{"output":"2"}}}]}"#,
                    #"{"role":"user","parts":[{"text":"and?"}]}"#,
                ])
    }

    @Test("a result whose call is not in the turn before is refused by its id")
    func unmatched() {
        let stranger = Self.calls + #",{"role":"tool","tool_call_id":"call_c","content":"x"}"#
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "call_c")) { try contents(stranger) }
        let twice =
            Self.calls
            + #",{"role":"tool","tool_call_id":"call_a","content":"x"},{"role":"tool","tool_call_id":"call_a","content":"y"}"#
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "call_a")) { try contents(twice) }
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "call_a")) {
            try contents(#"{"role":"tool","tool_call_id":"call_a","content":"x"}"#)
        }
        let half = Self.calls + #",{"role":"tool","tool_call_id":"call_b","content":"x"}"#
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "call_a")) { try contents(half) }
    }

    @Test("calls with the same id get their results in order")
    func sameIDs() throws {
        let found = try contents(
            #"""
            {"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}},{"id":"c","function":{"name":"g"}}]},
            {"role":"tool","tool_call_id":"c","content":"1"},{"role":"tool","tool_call_id":"c","content":"2"}
            """#)
        let results = found?.arrayValue?[1]["parts"]?.arrayValue?.map { $0["functionResponse"] }
        #expect(results?.map { $0?["name"]?.stringValue } == ["f", "g"])
        #expect(results?.map { $0?["response"]?["output"]?.stringValue } == ["1", "2"])
    }

    @Test("an error is said as one, pictures go along, and texts are joined")
    func resultContent() throws {
        let conversation = Conversation()
        var call = Part(.toolCall)
        call.id = "toolu_1"
        call.name = "f"
        var result = Part(.toolResult)
        result.id = "toolu_1"
        result.isError = true
        result.childCount = 4
        var picture = Part(.image)
        picture.media = Media(.base64, type: "image/png", value: "AAAA")
        var remote = Part(.image)
        remote.media = Media(.url, type: .empty, value: "https://x/y.png")
        conversation.parts = [call, result, .text("a"), picture, .text(#"\nb"#), remote]
        conversation.turns = [Turn(role: .assistant, start: 0, end: 1), Turn(role: .user, start: 1, end: 6)]
        let written = try Gemini.write(conversation)
        #expect(
            try written.body["contents"]?.arrayValue?[1]
                == Gemini.json(
                    #"""
                    {"role":"user","parts":[{"functionResponse":{"id":"toolu_1","name":"f","response":{"error":"a\nb"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]}
                    """#))
        #expect(written.losses == ["messages[].content[].image_url"])
    }

    @Test("ids go to AI Studio when they may be its own, and to Vertex AI never")
    func ids() throws {
        let messages = #"""
            {"role":"assistant","tool_calls":[{"id":"8f2b1a3c","function":{"name":"f"}},{"id":"call_r_0","function":{"name":"f"}}]},{"role":"tool","tool_call_id":"8f2b1a3c","content":"x"},{"role":"tool","tool_call_id":"call_r_0","content":"x"}
            """#
        func ids(_ home: EndpointTarget.Home) throws -> [String?] {
            let entries = try contents(messages, for: Gemini.target(home: home))?.arrayValue ?? []
            return entries.flatMap { $0["parts"]?.arrayValue ?? [] }
                .map { ($0["functionCall"] ?? $0["functionResponse"])?["id"]?.stringValue }
        }
        #expect(try ids(.own) == ["8f2b1a3c", nil, "8f2b1a3c", nil])
        #expect(try ids(.vertex) == [nil, nil, nil, nil])
    }

    // MARK: Signatures

    private static let signed = #"""
        {"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"g"},"extra_content":{"google":{"thought_signature":"c2ln"}}}]}
        """#

    @Test("a signature returns on exactly the call it came with")
    func signatures() throws {
        for thinking in [Capabilities.Thinking.budget, .adaptive] {
            let parts = try contents(Self.signed, for: Gemini.target(thinking))?.arrayValue?[0]["parts"]?.arrayValue
            #expect(parts?.map { $0["thoughtSignature"]?.stringValue } == [nil, "c2ln"])
        }
    }

    @Test("where every signature is lost, Gemini 3 is told so on the first call, and older models are told nothing")
    func lostSignatures() throws {
        func found(_ thinking: Capabilities.Thinking) throws -> [String?] {
            let step = #"{"role":"user","content":"again"}"#
            let entries = try contents("\(Self.calls),\(step),\(Self.signed)", for: Gemini.target(thinking))?.arrayValue
            return entries?.flatMap { $0["parts"]?.arrayValue ?? [] }.filter { $0["functionCall"] != nil }
                .map { $0["thoughtSignature"]?.stringValue } ?? []
        }
        #expect(try found(.adaptive) == ["skip_thought_signature_validator", nil, nil, "c2ln"])
        #expect(try found(.budget) == [nil, nil, nil, "c2ln"])
        #expect(try found(.none) == [nil, nil, nil, "c2ln"])
    }

    @Test("another provider's thinking, which Google would refuse, is left out")
    func foreignThinking() throws {
        let found = try contents(
            #"""
            {"role":"user","content":"u"},{"role":"assistant","content":"a","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"EqQB"},{"type":"redacted_thinking","data":"xx"}]}
            """#)
        #expect(
            try found?.arrayValue?[1]
                == Gemini.json(#"{"role":"model","parts":[{"text":"a"}]}"#))
    }
}
