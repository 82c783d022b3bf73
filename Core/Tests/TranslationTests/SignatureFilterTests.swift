// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

// Golden pairs: bodies with marks on their way to an endpoint of their own wire. O is the endpoint's own mark, F another's.

@Suite("Marks are taken off on the caller's own wire")
struct SignatureFilterTests {
    private func filter(
        _ body: String, _ wire: ChatWire, _ origin: SignatureOrigin?, thinking: Capabilities.Thinking = .adaptive
    ) throws -> (body: String, told: [String]) {
        let endpoint = Travel.Endpoint(
            name: "", wire: wire, origin: origin ?? SignatureOrigin(.other, scope: 9), answer: "", secrets: [])
        return try Travel.sent(body, by: wire, to: endpoint, thinking: thinking)
    }

    private func google(_ text: String) -> String { String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self) }

    @Test("a body without marks stays as it is, to the byte")
    func unmarked() throws {
        let bodies: [(String, ChatWire)] = [
            (
                #"{ "model":"m", "messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}]}]}"#,
                .messages
            ),
            (#"{"input":[ {"type":"reasoning","summary":[],"encrypted_content":"e"} ]}"#, .responses),
            (#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]}] }"#, .generateContent),
            (#"{"messages":[{"role":"user","content":"isobar-1.anthropic.s"}]}"#, .chatCompletions),
            (#"{"messages":[{"role":"user","content":[{"type":"text","text":"isobar-1.anthropic.s"}]}]}"#, .messages),
        ]
        for (body, wire) in bodies { #expect(try filter(body, wire, .anthropic).body == body) }
    }

    @Test("Messages: own blocks get their signature back, others go, what only Anthropic knows stays")
    func messages() throws {
        let body = #"""
            {"model":"m","betas":[1.50],"messages":[{"role":"user","content":"isobar-1.x"},
             {"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"isobar-1.anthropic.s1","x":1},
              {"type":"redacted_thinking","data":"isobar-1.anthropic.d1"},{"type":"thinking","thinking":"b","signature":"isobar-1.google."},
              {"type":"redacted_thinking","data":"isobar-1.other-00000001.d2"},{"type":"server_tool_use","id":"z", "input":{"q":1e3}}]},
             {"role":"assistant","content":[{"type":"thinking","thinking":"only","signature":"isobar-1.openai-00000001.e"}]},
             {"role":"user","content":[{"type":"text","text":"q"}]}],"stream":true}
            """#
        let expected = #"""
            {"model":"m","betas":[1.50],"messages":[{"role":"user","content":"isobar-1.x"},{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"s1","x":1},{"type":"redacted_thinking","data":"d1"},{"type":"server_tool_use","id":"z", "input":{"q":1e3}}]},{"role":"user","content":[{"type":"text","text":"q"}]}],"stream":true}
            """#
        #expect(try filter(body, .messages, .anthropic) == (expected, []))
    }

    @Test("Messages: a turn that waits for results of calls whose thinking is gone goes on without, and says so")
    func resuming() throws {
        let call = #"{"type":"tool_use","id":"c","name":"f","input":{}}"#
        let result = #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"r"}]}"#
        func assistant(_ signature: String) -> String {
            #"{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"\#(signature)"},\#(call)]}"#
        }
        let (own, foreign) = (assistant("isobar-1.anthropic.s"), assistant("isobar-1.google."))
        let question = #"{"role":"user","content":"q"}"#
        let cases: [(String, [String], Bool)] = [
            ("enabled", [question, foreign, result], true), ("adaptive", [question, foreign, result], false),
            ("enabled", [question, own, result], false), ("enabled", [question, foreign, result, own, result], false),
            ("enabled", [question, foreign, result, question], true),
            ("enabled", [question, foreign, result, #"{"role":"assistant","content":"a"}"#, question], false),
        ]
        for (type, messages, isOff) in cases {
            let thinking = #""thinking":{"type":"\#(type)","budget_tokens":2000}"#
            let sent = try filter(
                #"{\#(thinking),"messages":[\#(messages.joined(separator: ","))]}"#, .messages, .anthropic)
            #expect(sent.body.contains("budget_tokens") != isOff && sent.told == (isOff ? ["thinking"] : []))
        }
    }

    @Test("Responses: others' reasoning items go, own ones get their seal back")
    func responses() throws {
        let own = SignatureOrigin(.openAI, scope: 0x1A)
        let body = #"""
            {"input":[{"role":"user","content":"q"},{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"isobar-1.openai-0000001a.e"},
             {"type":"reasoning","summary":[],"encrypted_content":"isobar-1.openai-0000001b.e"},
             {"type":"reasoning","summary":[],"encrypted_content":"isobar-1.anthropic.redacted_thinking:d"},
             {"type":"function_call", "call_id":"c","name":"f","arguments":"{}"}],"store":false}
            """#
        let expected =
            #"{"input":[{"role":"user","content":"q"},{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"e"},"#
            + #"{"type":"function_call", "call_id":"c","name":"f","arguments":"{}"}],"store":false}"#
        #expect(try filter(body, .responses, own) == (expected, []))
        let text = #"{"input":"isobar-1.anthropic.s"}"#
        #expect(try filter(text, .responses, own).body == text)
    }

    @Test("chat completions: blocks of others go with the words beside them, and signatures of calls")
    func chat() throws {
        let call = #""id":"c","function":{"name":"f"}"#
        func google(_ signature: String) -> String {
            #"{\#(call),"extra_content":{"google":{"thought_signature":"\#(signature)"}}}"#
        }
        let body = #"""
            {"messages":[{"role":"assistant","content":"a","reasoning_content":"t","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"isobar-1.anthropic.s"}]},
             {"role":"assistant","reasoning_content":"kept","tool_calls":[\#(google("isobar-1.vertex.s")),\#(google("isobar-1.google.s")),{\#(call)}]},
             {"role":"assistant","thinking_blocks":[{"type":"redacted_thinking","data":"isobar-1.vertex.d"},{"type":"thinking","thinking":"u","signature":"own"}]}]}
            """#
        let expected = #"""
            {"messages":[{"role":"assistant","content":"a"},{"role":"assistant","reasoning_content":"kept","tool_calls":[\#(google("s")),{\#(call)},{\#(call)}]},{"role":"assistant","thinking_blocks":[{"type":"redacted_thinking","data":"d"},{"type":"thinking","thinking":"u","signature":"own"}]}]}
            """#
        #expect(try filter(body, .chatCompletions, .vertex) == (expected, []))
    }

    @Test("generateContent: others' thoughts go, their calls get the word for a lost signature, texts keep their words")
    func generateContent() throws {
        let foreign = google("isobar-1.anthropic.s")
        let mark = google("isobar-1.anthropic.")
        let call = #""functionCall":{"name":"f","args":{"a": 1.0}}"#
        let body = #"""
            {"contents":[{"role":"user","parts":[{"text":"q"}]},
             {"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"\#(foreign)"},{"text":"said","thought_signature":"\#(foreign)"},
              {"text":"","thoughtSignature":"\#(foreign)"},{\#(call),"thoughtSignature":"\#(mark)"},{"thoughtSignature":"\#(mark)",\#(call)}]},
             {"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"\#(mark)"}]},
             {"role":"user","parts":[{"text":"q"}]},
             {"role":"model","parts":[{\#(call),"thoughtSignature":"\#(google("isobar-1.google.b3du"))"},{\#(call)}]}]}
            """#
        func expected(_ word: String) -> String {
            #"{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"said"},"#
                + #"{\#(call)\#(word)},{\#(call)}]},{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{\#(call),"thoughtSignature":"b3du"},{\#(call)}]}]}"#
        }
        #expect(
            try filter(body, .generateContent, .google).body
                == expected(#","thoughtSignature":"skip_thought_signature_validator""#))
        #expect(try filter(body, .generateContent, .google, thinking: .budget).body == expected(""))
    }

    @Test(
        "generateContent: of a turn that was streamed into several contents all thoughts go with the mark of the last")
    func streamed() throws {
        let mark = google("isobar-1.anthropic.c2ln")
        let body = #"""
            {"contents":[{"role":"model","parts":[{"text":"a","thought":true},{"text":"b","thought":true}]},
             {"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"\#(mark)"}]},{"role":"model","parts":[{"text":"said"}]},
             {"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"own","thought":true},{"functionCall":{"name":"f"}}]}]}
            """#
        let expected =
            #"{"contents":[{"role":"model","parts":[{"text":"said"}]},{"role":"user","parts":[{"text":"q"}]},"#
            + #"{"role":"model","parts":[{"text":"own","thought":true},{"functionCall":{"name":"f"}}]}]}"#
        #expect(try filter(body, .generateContent, .google).body == expected)
    }

    @Test("generateContent: the calls of a turn that was streamed get one word for a lost signature among them, on the first")
    func streamedCalls() throws {
        let mark = google("isobar-1.vertex.")
        let call = #"{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"\#(mark)"}]}"#
        let expected =
            #"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"}]},"#
            + #"{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]}"#
        #expect(try filter(#"{"contents":[\#(call),\#(call)]}"#, .generateContent, .google).body == expected)
    }

    @Test("generateContent: what has no mark is AI Studio's, whose signatures Vertex AI is not sent")
    func unmarkedOfTheOther() throws {
        let call = #""functionCall":{"name":"f"}"#
        let body = #"""
            {"contents":[{"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"YQ=="},{"text":"said"},{\#(call),"thought_signature":"Yg=="},{\#(call)}]}]}
            """#
        #expect(try filter(body, .generateContent, .google).body == body)
        let expected = #"{"contents":[{"role":"model","parts":[{"text":"said"},{\#(call)},{\#(call)}]}]}"#
        #expect(try filter(body, .generateContent, .vertex, thinking: .budget).body == expected)
        let own = body.replacing("YQ==", with: google("isobar-1.vertex.YQ=="))
            .replacing("Yg==", with: google("isobar-1.vertex.Yg=="))
        let sent = try filter(own, .generateContent, .vertex).body
        #expect(sent.contains(#""thoughtSignature":"YQ==""#) && sent.contains(#""thoughtSignature":"Yg==""#))
    }

    @Test("what the scan of a body does not see has no mark, and what it sees may have one", arguments: Travel.callers)
    func scan(_ caller: ChatWire) throws {
        let kinds: [ChatWire: RequestKind] = [
            .chatCompletions: .chatCompletions, .responses: .responses, .messages: .messages,
            .generateContent: .generateContent,
        ]
        for source in Travel.endpoints {
            let body = Travel.next(try Travel.told(source.answer, by: source, to: caller), on: caller)
            var facts = RequestFacts()
            var text = body
            let fault = try text.withUTF8 {
                RequestScan.facts(
                    UnsafeRawBufferPointer($0), kind: try #require(kinds[caller]), hashesPrefix: false, into: &facts)
            }
            #expect(fault == nil)
            #expect(facts.mayBeMarked == Travel.hasMark(body), "\(source.name): \(body)")
        }
    }
}
