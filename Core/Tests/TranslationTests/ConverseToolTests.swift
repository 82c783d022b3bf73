// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("Converse: tools")
struct ConverseToolTests {
    private static let tools =
        #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]"#

    private func config(_ members: String) throws -> (JSONValue?, [Feature]) {
        let written = try ConverseWritten(chat: Bedrock.chat(members))
        return (written["toolConfig"], written.losses)
    }

    private func names(_ config: JSONValue?) -> [String]? {
        config?["tools"]?.arrayValue?.compactMap { $0["toolSpec"]?["name"]?.stringValue }
    }

    @Test(
        "a choice is Bedrock's own word for it",
        arguments: [
            (#""auto""#, #"{"auto":{}}"#), (#""required""#, #"{"any":{}}"#),
            (#"{"type":"function","function":{"name":"g"}}"#, #"{"tool":{"name":"g"}}"#),
        ])
    func choice(_ choice: String, _ expected: String) throws {
        let (found, losses) = try config(#""tool_choice":\#(choice),\#(Self.tools)"#)
        #expect(try found?["toolChoice"] == Bedrock.json(expected))
        #expect(names(found) == ["f", "g"] && losses.isEmpty)
    }

    @Test("no choice stays no choice")
    func noChoice() throws { #expect(try config(Self.tools).0?["toolChoice"] == nil) }

    @Test("none sends no tools, for which there is no other word")
    func none() throws {
        let (found, losses) = try config(#""tool_choice":"none",\#(Self.tools)"#)
        #expect(found == nil && losses.isEmpty)
    }

    @Test("an empty list of tools is no list", arguments: [#""tools":[]"#, #""tools":[],"tool_choice":"none""#, ""])
    func noTools(_ members: String) throws { #expect(try config(members).0 == nil) }

    @Test("a call cannot be forced without tools", arguments: ["", #","tools":[]"#])
    func forced(_ tools: String) {
        #expect(throws: TranslationFault(.wrongType("used together with tools"), at: "tool_choice")) {
            try config(#""tool_choice":"required"\#(tools)"#)
        }
    }

    @Test("allowed tools are as if only they were there")
    func allowed() throws {
        let choice =
            #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#
        let (found, _) = try config(#""tool_choice":\#(choice),\#(Self.tools)"#)
        #expect(names(found) == ["g"])
        #expect(try found?["toolChoice"] == Bedrock.json(#"{"any":{}}"#))
    }

    @Test(
        "a tool has a schema, and a description only if it says something",
        arguments: [
            (#"{"name":"f"}"#, #"{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}"#),
            (
                #"{"name":"f","description":"","parameters":null,"strict":false}"#,
                #"{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}"#
            ),
            (
                #"{"name":"f","description":"d","parameters":{},"strict":true}"#,
                #"{"name":"f","description":"d","inputSchema":{"json":{"type":"object","properties":{}}},"strict":true}"#
            ),
            (
                #"{"name":"f","parameters":{"type":"object","z":12345678901234567890,"a":1.0}}"#,
                #"{"name":"f","inputSchema":{"json":{"type":"object","z":12345678901234567890,"a":1.0}}}"#
            ),
        ])
    func specification(_ function: String, _ expected: String) throws {
        let (found, losses) = try config(#""tools":[{"type":"function","function":\#(function)}]"#)
        #expect(try found?["tools"]?.arrayValue?.first?["toolSpec"] == Bedrock.json(expected))
        #expect(losses.isEmpty)
    }

    @Test("strictness is lost on a model without schemas, one call at a time on every model")
    func lost() throws {
        let strict = Bedrock.chat(#""tools":[{"type":"function","function":{"name":"f","strict":true}}]"#)
        let written = try ConverseWritten(chat: strict, takesSchemas: false)
        #expect(written["toolConfig"]?.text.contains("strict") == false && written.losses == [.strictTools])
        #expect(try config(#""parallel_tool_calls":false,\#(Self.tools)"#).1 == [.parallelToolCalls])
        #expect(try config(#""parallel_tool_calls":true,\#(Self.tools)"#).1.isEmpty)
        #expect(try config(#""parallel_tool_calls":false"#).1.isEmpty, "without tools it means nothing")
    }

    @Test(
        "a name that Bedrock refuses is another one, the same in tools, choice and history",
        arguments: [
            "get.weather", "größe", "a b", String(repeating: "n", count: 65),
        ])
    func names(_ name: String) throws {
        let written = try ConverseWritten(
            chat: #"""
                {"tools":[{"type":"function","function":{"name":"\#(name)"}}],
                 "tool_choice":{"type":"function","function":{"name":"\#(name)"}},
                 "messages":[{"role":"user","content":"x"},
                  {"role":"assistant","tool_calls":[{"id":"c","function":{"name":"\#(name)","arguments":"{}"}}]},
                  {"role":"tool","tool_call_id":"c","content":"y"}]}
                """#)
        let config = written["toolConfig"]
        let sent = names(config)?.first ?? ""
        #expect(sent.wholeMatch(of: /[a-zA-Z0-9_-]{1,64}/) != nil && sent != name)
        #expect(config?["toolChoice"]?["tool"]?["name"]?.stringValue == sent)
        #expect(written.blocks(1).first?["toolUse"]?["name"]?.stringValue == sent)
    }

    // MARK: History

    private func history(_ members: String) throws -> ConverseWritten {
        try ConverseWritten(
            chat: #"""
                {"messages":[{"role":"user","content":"x"},
                  {"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},
                  {"role":"tool","tool_call_id":"c","content":"y"}]\#(members)}
                """#)
    }

    @Test(
        "calls in the history demand tools: without any, one stands in for them",
        arguments: [
            "", #","tools":[]"#, #","tool_choice":"none""#,
        ])
    func placeholder(_ members: String) throws {
        let written = try history(members)
        let tools = written["toolConfig"]?["tools"]?.arrayValue ?? []
        #expect(tools.count == 1 && tools.first?["toolSpec"]?["inputSchema"]?["json"]?["type"]?.stringValue == "object")
        #expect(written["toolConfig"]?["toolChoice"] == nil && written.losses.isEmpty)
    }

    @Test("none is lost where the history demands the tools")
    func noneWithHistory() throws {
        let written = try history(#","tool_choice":"none",\#(Self.tools)"#)
        #expect(names(written["toolConfig"]) == ["f", "g"])
        #expect(written["toolConfig"]?["toolChoice"] == nil && written.losses == [.toolChoiceNone])
    }

    @Test("a cache mark on a tool is an entry behind it")
    func mark() throws {
        let (found, _) = try config(
            #""tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral","ttl":"1h"}}]"#)
        #expect(try found?["tools"]?.arrayValue?.last == Bedrock.json(#"{"cachePoint":{"type":"default","ttl":"1h"}}"#))
    }

    @Test("arguments go as they were written, in their order and with all their digits")
    func arguments() throws {
        let written = try ConverseWritten(
            chat: #"""
                {"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"z\":12345678901234567890,\"a\":\"\\\"\"}"}}]},
                  {"role":"tool","tool_call_id":"c","content":"y"}]}
                """#)
        #expect(written.blocks(0).first?["toolUse"]?["input"]?.text == #"{"z":12345678901234567890,"a":"\""}"#)
    }

    @Test("arguments that are no object never reach Bedrock", arguments: ["[1]", "x", "{"])
    func malformedArguments(_ arguments: String) {
        #expect(throws: TranslationFault(.malformedArguments, at: "messages[0].tool_calls[0].function.arguments")) {
            try ConverseWritten(
                chat: #"""
                    {"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"\#(arguments)"}}]},
                      {"role":"tool","tool_call_id":"c","content":"y"}]}
                    """#)
        }
    }
}
