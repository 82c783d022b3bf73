// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("Native answers are marked where another endpoint could be sent them")
struct NativeSignaturesTests {
    private static let own = SignatureOrigin(.other, scope: 0x1A)
    private static let mark = "isobar-1.other-0000001a."

    private func translator(_ wire: ChatWire, isStream: Bool) -> AnswerTranslator {
        let translator = AnswerTranslator()
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        translator.begin(
            from: wire, of: Self.own, to: nil, marksNative: true, isStream: isStream, model: none, identifier: 1,
            createdUnixSeconds: 0, includesUsage: true, framing: .events, aliases: [])
        return translator
    }

    private func whole(_ body: String, _ wire: ChatWire) throws -> String {
        let translator = translator(wire, isStream: false)
        var body = body
        try body.withUTF8 { try translator.whole(UnsafeRawBufferPointer($0)) }
        return String(decoding: translator.output.bytes, as: UTF8.self)
    }

    private func event(_ name: String, _ data: String, _ wire: ChatWire) throws -> String {
        let translator = translator(wire, isStream: true)
        var (name, data, raw) = (name, data, "event: \(name)\ndata: \(data)\n\n")
        return try name.withUTF8 { name in
            try data.withUTF8 { data in
                try raw.withUTF8 { raw in
                    _ = try translator.event(
                        WireEvent(name: UnsafeRawBufferPointer(name), data: UnsafeRawBufferPointer(data)),
                        raw: UnsafeRawBufferPointer(raw))
                    return String(decoding: translator.output.bytes, as: UTF8.self)
                }
            }
        }
    }

    @Test("whole answers: signatures and seals, and nothing that only looks like one")
    func wholes() throws {
        let google = String(decoding: Base64.encode(Array("\(Self.mark)c2ln".utf8)), as: UTF8.self)
        let unsigned = String(decoding: Base64.encode(Array(Self.mark.utf8)), as: UTF8.self)
        let rows: [(ChatWire, String, String)] = [
            (
                .messages,
                #"{"content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"thinking","thinking":"u","signature":""},{"type":"tool_use","name":"f","input":{ "type":"thinking","signature":"x"}}],"stop_reason":"tool_use"}"#,
                #"{"content":[{"type":"thinking","thinking":"t","signature":"\#(Self.mark)s"},{"type":"redacted_thinking","data":"\#(Self.mark)d"},{"type":"thinking","thinking":"u","signature":""},{"type":"tool_use","name":"f","input":{"type":"thinking","signature":"x"}}],"stop_reason":"tool_use"}"#
            ),
            (
                .responses,
                #"{"status":"completed","output":[{"type":"reasoning","summary":[],"encrypted_content":"e"},{"type":"message","content":[{"type":"output_text","text":"encrypted_content"}]}]}"#,
                #"{"status":"completed","output":[{"type":"reasoning","summary":[],"encrypted_content":"\#(Self.mark)e"},{"type":"message","content":[{"type":"output_text","text":"encrypted_content"}]}]}"#
            ),
            (
                .generateContent,
                #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"thoughtSignature":"x"}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}"#,
                #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"thoughtSignature":"x"}},"thoughtSignature":"\#(google)"}]},"finishReason":"STOP"}]}"#
            ),
            (
                .generateContent,
                #"{"candidates":[{"content":{"parts":[{"text":"t"},{"functionCall":{"name":"f","args":{"functionCall":{}}}}]},"finishReason":"STOP"}]}"#,
                #"{"candidates":[{"content":{"parts":[{"text":"t"},{"functionCall":{"name":"f","args":{"functionCall":{}}},"thoughtSignature":"\#(unsigned)"}]},"finishReason":"STOP"}]}"#
            ),
        ]
        for (wire, body, expected) in rows { #expect(try whole(body, wire) == expected) }
    }

    @Test("what is not signed passes as it is: whole answers untouched, events to the byte")
    func unsigned() throws {
        #expect(
            try whole(#"{ "content":[{"type":"text","text":"signature"}],"stop_reason":"end_turn"}"#, .messages).isEmpty
        )
        let data = #"{ "type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#
        #expect(try event("content_block_delta", data, .messages) == "event: content_block_delta\ndata: \(data)\n\n")
    }

    @Test("events are framed anew with their signature marked, also the last one that repeats all")
    func events() throws {
        let delta = #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#
        #expect(
            try event("content_block_delta", delta, .messages)
                == "event: content_block_delta\ndata: \(delta.replacing("\"s\"", with: "\"\(Self.mark)s\""))\n\n")
        let item = #"{"type":"reasoning","summary":[],"encrypted_content":"e"}"#
        let marked = item.replacing("\"e\"", with: "\"\(Self.mark)e\"")
        let rows = [
            ("response.output_item.done", #"{"type":"response.output_item.done","output_index":0,"item":\#(item)}"#),
            (
                "response.completed",
                #"{"type":"response.completed","response":{"id":"r","status":"completed","output":[\#(item)]}}"#
            ),
        ]
        for (name, data) in rows {
            #expect(
                try event(name, data, .responses) == "event: \(name)\ndata: \(data.replacing(item, with: marked))\n\n")
        }
    }

    @Test("native answers are marked where one endpoint could be sent another's signature unseen")
    func mistakable() {
        let (one, two) = (SignatureOrigin(.openAI, endpoint: "one"), SignatureOrigin(.openAI, endpoint: "two"))
        let kimi = SignatureOrigin(.other, endpoint: "kimi")
        let rows: [(ChatWire, [SignatureOrigin], [SignatureOrigin], Bool)] = [
            (.responses, [one], [one], false), (.responses, [one], [one, .anthropic], false),
            (.responses, [one, two], [one, two], true), (.messages, [.anthropic], [.anthropic, .google], false),
            (.messages, [.anthropic, .anthropic], [.anthropic], false), (.messages, [kimi], [kimi], false),
            (.messages, [kimi], [kimi, .google], false), (.messages, [kimi], [kimi, .anthropic], true),
            (.messages, [.anthropic, kimi], [.anthropic, kimi], true), (.messages, [], [.anthropic, kimi], false),
            (.generateContent, [.google, .vertex], [.google, .vertex], true),
            (.generateContent, [.vertex], [.vertex, one], true),
            (.generateContent, [.google], [.google, one], false), (.chatCompletions, [one, kimi], [one, kimi], false),
        ]
        for (wire, natives, all, expected) in rows {
            #expect(SignatureOrigin.areMistakable(natives, among: all, on: wire) == expected, "\(wire) \(natives) \(all)")
        }
    }
}
