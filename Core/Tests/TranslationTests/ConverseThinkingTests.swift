// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("Converse: thinking")
struct ConverseThinkingTests {
    private static let tool = #""tools":[{"type":"function","function":{"name":"f"}}]"#

    private func fields(_ written: ConverseWritten) -> String? { written["additionalModelRequestFields"]?.text }
    private func effort(_ written: ConverseWritten) -> String? { written["outputConfig"]?["effort"]?.stringValue }

    @Test(
        "an adaptive model gets an effort",
        arguments: [
            ("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high"), ("xhigh", "xhigh"),
            ("max", "max"),
        ])
    func adaptive(_ word: String, _ expected: String) throws {
        let written = try ConverseWritten(chat: Bedrock.chat(#""reasoning_effort":"\#(word)""#))
        #expect(effort(written) == expected)
        #expect(fields(written) == #"{"thinking":{"type":"adaptive"}}"#)
        #expect(written.losses.isEmpty)
    }

    @Test(
        "a model with budgets gets tokens, below the bound on output",
        arguments: [
            ("low", 100_000, 1024), ("medium", 100_000, 8192), ("high", 100_000, 24576), ("high", 4000, 3000),
            ("low", 1025, 1024),
        ])
    func budget(_ word: String, _ bound: Int, _ expected: Int) throws {
        let request = Bedrock.chat(#""reasoning_effort":"\#(word)","max_tokens":\#(bound)"#)
        let written = try ConverseWritten(chat: request, thinking: .budget)
        #expect(fields(written) == #"{"thinking":{"type":"enabled","budget_tokens":\#(expected)}}"#)
        #expect(effort(written) == nil && written.losses.isEmpty)
    }

    @Test("a budget in tokens is kept, cut to what the bound leaves, or turned into an effort")
    func tokens() throws {
        let budget = { (tokens: Int64, bound: Int64?, thinking: Capabilities.Thinking) in
            try ConverseWritten(chat: Bedrock.chat(), thinking: thinking) {
                $0.reasoning = .budget(tokens)
                $0.outputTokensMax = bound
            }
        }
        #expect(try fields(budget(5000, nil, .budget)) == #"{"thinking":{"type":"enabled","budget_tokens":5000}}"#)
        #expect(try fields(budget(5000, 2000, .budget)) == #"{"thinking":{"type":"enabled","budget_tokens":1999}}"#)
        #expect(try fields(budget(10, 2000, .budget)) == #"{"thinking":{"type":"enabled","budget_tokens":1024}}"#)
        #expect(try effort(budget(5000, nil, .adaptive)) == "medium")
    }

    @Test("as much as the model thinks fit says no effort")
    func free() throws {
        let written = try ConverseWritten(chat: Bedrock.chat()) { $0.reasoning = .adaptive }
        #expect(effort(written) == nil && fields(written) == #"{"thinking":{"type":"adaptive"}}"#)
        let budget = try ConverseWritten(chat: Bedrock.chat(), thinking: .budget) { $0.reasoning = .adaptive }
        #expect(fields(budget) == #"{"thinking":{"type":"enabled","budget_tokens":24576}}"#)
    }

    @Test("no thinking is the default and is not written", arguments: Capabilities.Thinking.allCases)
    func off(_ thinking: Capabilities.Thinking) throws {
        let written = try ConverseWritten(chat: Bedrock.chat(#""reasoning_effort":"none""#), thinking: thinking)
        #expect(fields(written) == nil && written["outputConfig"] == nil && written.losses.isEmpty)
    }

    @Test("thinking that cannot be is lost: no such model, no room, or a forced call")
    func lost() throws {
        let cases: [(String, Capabilities.Thinking)] = [
            ("", .none), (#","max_tokens":1024"#, .budget),
            (#","tool_choice":"required",\#(Self.tool)"#, .adaptive),
            (#","tool_choice":"required",\#(Self.tool)"#, .budget),
            (#","tool_choice":{"type":"function","function":{"name":"f"}},\#(Self.tool)"#, .adaptive),
        ]
        for (members, thinking) in cases {
            let written = try ConverseWritten(
                chat: Bedrock.chat(#""reasoning_effort":"high"\#(members)"#), thinking: thinking)
            #expect(fields(written) == nil && effort(written) == nil && written.losses == [.reasoning])
        }
    }

    @Test("thinking never forces a tool", arguments: ["", #""tool_choice":"auto","#])
    func neverForces(_ choice: String) throws {
        for thinking in [Capabilities.Thinking.adaptive, .budget] {
            let request = Bedrock.chat(#"\#(choice)"reasoning_effort":"high",\#(Self.tool)"#)
            let written = try ConverseWritten(chat: request, thinking: thinking)
            #expect(try written["toolConfig"]?["toolChoice"] == (choice.isEmpty ? nil : Bedrock.json(#"{"auto":{}}"#)))
            #expect(fields(written) != nil && written.losses.isEmpty)
        }
    }

    @Test("a model that thinks takes no sampling", arguments: [Capabilities.Thinking.adaptive, .budget])
    func sampling(_ thinking: Capabilities.Thinking) throws {
        let request = Bedrock.chat(
            #""reasoning_effort":"high","temperature":0.5,"top_p":0.5,"top_k":5,"max_tokens":9000"#)
        let written = try ConverseWritten(chat: request, thinking: thinking)
        #expect(try written["inferenceConfig"] == Bedrock.json(#"{"maxTokens":9000}"#))
        #expect(written["additionalModelRequestFields"]?["top_k"] == nil)
        #expect(written.losses == [.temperature, .topP, .topK])
    }

    // MARK: Replay

    private func history(_ thinking: Capabilities.Thinking) throws -> [JSONValue] {
        try ConverseWritten(chat: Bedrock.chat(), thinking: thinking) { conversation in
            conversation.add(
                .assistant,
                [
                    Part(.thinking, "one", signature: "s1"), Part(.thinking, "unsigned"),
                    Part(.redactedThinking, "AAEC"), Part(.thinking, "two", signature: "s2"), .text("answer"),
                ])
        }.blocks(1)
    }

    @Test("every signed thought is replayed in its place, unsigned ones are not")
    func replay() throws {
        let expected = try [
            #"{"reasoningContent":{"reasoningText":{"text":"one","signature":"s1"}}}"#,
            #"{"reasoningContent":{"redactedContent":"AAEC"}}"#,
            #"{"reasoningContent":{"reasoningText":{"text":"two","signature":"s2"}}}"#, #"{"text":"answer"}"#,
        ].map(Bedrock.json)
        #expect(try history(.adaptive) == expected)
        #expect(try history(.budget) == expected)
        #expect(try history(.none) == expected.suffix(1), "a model that does not think has signed nothing")
    }
}
