// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// One answer's way: from an endpoint of one wire to a caller of another, and with the next turn to any endpoint.
enum Travel {
    struct Endpoint: CustomTestStringConvertible, Sendable {
        var name: String
        var wire: ChatWire
        var origin: SignatureOrigin
        /// What its model says: thinking, signed or sealed where its vendor does that, and a call.
        var answer: String
        /// What only it can read, in that answer.
        var secrets: [String]

        var testDescription: String { name }
    }

    static let endpoints: [Endpoint] = [
        Endpoint(
            name: "anthropic", wire: .messages, origin: .anthropic,
            answer: #"""
                {"id":"msg_1","model":"c","content":[{"type":"thinking","thinking":"Hm","signature":"QU5USFJP"},
                 {"type":"redacted_thinking","data":"U0VBTEVE"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],
                 "stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}
                """#, secrets: ["QU5USFJP", "U0VBTEVE"]),
        Endpoint(
            name: "bedrock-claude", wire: .converse, origin: .anthropic,
            answer: #"""
                {"output":{"message":{"role":"assistant","content":[
                 {"reasoningContent":{"reasoningText":{"text":"Hm","signature":"Q09OVkVSU0U="}}},
                 {"toolUse":{"toolUseId":"tooluse_1","name":"f","input":{"a":1}}}]}},"stopReason":"tool_use"}
                """#, secrets: ["Q09OVkVSU0U="]),
        Endpoint(
            name: "bedrock-other", wire: .converse, origin: SignatureOrigin(.bedrock, endpoint: "nova"),
            answer: #"""
                {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm"}}},
                 {"reasoningContent":{"redactedContent":"Tk9WQQ=="}},
                 {"toolUse":{"toolUseId":"tooluse_1","name":"f","input":{"a":1}}}]}},"stopReason":"tool_use"}
                """#, secrets: ["Tk9WQQ=="]),
        Endpoint(
            name: "gemini", wire: .generateContent, origin: .google,
            answer: #"""
                {"candidates":[{"content":{"role":"model","parts":[{"text":"Hm","thought":true},
                 {"functionCall":{"id":"own1","name":"f","args":{"a":1}},"thoughtSignature":"R09PR0xF"}]},"finishReason":"STOP"}]}
                """#, secrets: ["R09PR0xF"]),
        Endpoint(
            name: "openai-responses", wire: .responses, origin: SignatureOrigin(.openAI, endpoint: "openai"),
            answer: #"""
                {"id":"resp_1","model":"g","status":"completed","output":[
                 {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"gAAAA_SE-LED="},
                 {"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\":1}"}]}
                """#, secrets: ["gAAAA_SE-LED="]),
        Endpoint(
            name: "azure-responses", wire: .responses, origin: SignatureOrigin(.openAI, endpoint: "azure"),
            answer: #"""
                {"id":"resp_2","model":"g","status":"completed","output":[
                 {"id":"rs_2","type":"reasoning","summary":[],"encrypted_content":"gAAAB_AZURE="},
                 {"id":"fc_2","type":"function_call","call_id":"call_2","name":"f","arguments":"{\"a\":1}"}]}
                """#, secrets: ["gAAAB_AZURE="]),
        Endpoint(
            name: "compatible", wire: .chatCompletions, origin: SignatureOrigin(.other, endpoint: "vllm"),
            answer: #"""
                {"id":"c1","model":"m","choices":[{"message":{"role":"assistant","content":null,"reasoning_content":"Hm",
                 "tool_calls":[{"id":"call_3","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
                 "finish_reason":"tool_calls"}]}
                """#, secrets: []),
    ]

    static let callers: [ChatWire] = [.chatCompletions, .responses, .messages, .generateContent]

    // MARK: There

    /// What the caller gets.
    static func told(_ answer: String, by endpoint: Endpoint, to caller: ChatWire, isThinkingAsked: Bool = false) throws
        -> JSONValue
    {
        guard endpoint.wire != caller else { return try JSONValue(parsing: Array(answer.utf8)) }
        let translator = AnswerTranslator()
        let model: StaticString = "public"
        translator.begin(
            from: endpoint.wire, of: endpoint.origin, to: caller, isThinkingAsked: isThinkingAsked, isStream: false,
            model: UnsafeRawBufferPointer(start: model.utf8Start, count: model.utf8CodeUnitCount), identifier: 7,
            createdUnixSeconds: 0, includesUsage: true, framing: .events, aliases: [])
        var answer = answer
        try answer.withUTF8 { try translator.whole(UnsafeRawBufferPointer($0)) }
        #expect(translator.output.isBalanced)
        return try JSONValue(parsing: Array(translator.output.bytes))
    }

    // MARK: Back

    /// The caller's next request: the question, the answer as it came, and the results of its calls or more words.
    static func next(_ answer: JSONValue, on caller: ChatWire, _ members: String = "") -> String {
        let turn = turn(answer, caller)
        switch caller {
        case .chatCompletions:
            let results = calls(turn["tool_calls"], "id").map {
                #"{"role":"tool","tool_call_id":"\#($0)","content":"r"}"#
            }
            return
                #"{"model":"m"\#(members),"messages":[{"role":"user","content":"q"},\#(list([turn.text], results))]}"#
        case .responses:
            let items = turn.arrayValue ?? []
            let results = calls(turn, "call_id").map {
                #"{"type":"function_call_output","call_id":"\#($0)","output":"r"}"#
            }
            return
                #"{"model":"m"\#(members),"input":[{"role":"user","content":"q"},\#(list(items.map(\.text), results))]}"#
        case .messages:
            let results = calls(turn["content"], "id").map {
                #"{"type":"tool_result","tool_use_id":"\#($0)","content":"r"}"#
            }
            let more = results.isEmpty ? #"{"type":"text","text":"and"}"# : results.joined(separator: ",")
            return #"""
                {"model":"m","max_tokens":9000\#(members),"messages":[{"role":"user","content":"q"},\#(turn.text),{"role":"user","content":[\#(more)]}]}
                """#
        case .generateContent, .converse:
            let parts = turn["parts"]?.arrayValue ?? []
            let results = parts.compactMap { $0["functionCall"] }.map { call in
                #"{"functionResponse":{"id":\#(call["id"]?.text ?? "null"),"name":\#(call["name"]?.text ?? ""),"response":{"output":"r"}}}"#
            }
            let more = results.isEmpty ? #"{"text":"and"}"# : results.joined(separator: ",")
            return
                #"{"contents":[{"role":"user","parts":[{"text":"q"}]},\#(turn.text),{"role":"user","parts":[\#(more)]}]\#(members)}"#
        }
    }

    private static func list(_ turn: [String], _ results: [String]) -> String {
        (turn + (results.isEmpty ? [#"{"role":"user","content":"and"}"#] : results)).joined(separator: ",")
    }

    private static func calls(_ list: JSONValue?, _ member: String) -> [String] {
        (list?.arrayValue ?? []).compactMap { $0[member]?.stringValue }.filter { !$0.hasPrefix("rs_") }
    }

    private static func turn(_ answer: JSONValue, _ caller: ChatWire) -> JSONValue {
        switch caller {
        case .chatCompletions: answer["choices"]?.arrayValue?.first?["message"] ?? .null
        case .responses: answer["output"] ?? .null
        case .messages: .object([("role", .string("assistant")), ("content", answer["content"] ?? .null)])
        case .generateContent, .converse: answer["candidates"]?.arrayValue?.first?["content"] ?? .null
        }
    }

    /// What the endpoint gets: the caller's own words where it speaks them, without marks; else a translation.
    static func sent(
        _ body: String, by caller: ChatWire, to endpoint: Endpoint, thinking: Capabilities.Thinking = .adaptive
    ) throws -> (body: String, told: [String]) {
        var target = MessagesTesting.target(thinking: thinking)
        target.origin = endpoint.origin
        let translator = RequestTranslator()
        var body = body
        return try body.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            if caller == endpoint.wire {
                guard try translator.removeMarks(from: bytes, on: caller, for: target) else {
                    return (String(decoding: bytes, as: UTF8.self), [])
                }
            } else {
                try translator.translate(bytes, from: caller, isStream: false, to: endpoint.wire, for: target)
            }
            _ = try JSONValue(parsing: Array(translator.body))
            return (String(decoding: translator.body, as: UTF8.self), translator.lossNames(in: caller))
        }
    }

    static func hasMark(_ body: String) -> Bool { body.contains("isobar-1") || body.contains("aXNvYmFy") }
}
