// SPDX-License-Identifier: Apache-2.0
// Isobar

import WireFormats

@testable import Translation

/// Documents read for as long as their bytes are alive, which is as long as what was read may be looked at.
enum Documents {
    /// Hands over the outermost value.
    static func withValue<Result>(_ json: String, _ body: (JSONElement) throws -> Result) throws -> Result {
        let tape = JSONTape()
        var json = json
        return try json.withUTF8 { bytes in try body(try tape.read(UnsafeRawBufferPointer(bytes))) }
    }

    /// Reads a request of the reader's wire.
    static func withRequest<Reader: RequestReading, Result>(
        _ json: String, _: Reader.Type, _ body: (Conversation) throws -> Result
    ) throws -> Result {
        let conversation = Conversation()
        return try withValue(json) { element in
            try Reader.read(element, into: conversation)
            return try body(conversation)
        }
    }

    /// Reads a complete answer of the reader's wire.
    static func withAnswer<Reader: AnswerReading, Result>(
        _ json: String, _: Reader.Type, _ body: (Answer) throws -> Result
    ) throws -> Result {
        let answer = Answer()
        return try withValue(json) { element in
            try Reader.read(element, into: answer)
            return try body(answer)
        }
    }
}

/// One conversation with everything in it, as chat completions has it: what each writer is shown first.
enum WorkedExample {
    static let chat = #"""
        {"model":"m","max_completion_tokens":300,"temperature":0.2,"stop":"END","parallel_tool_calls":true,"tool_choice":"auto",
         "tools":[{"type":"function","function":{"name":"get.weather","description":"w","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],
         "messages":[{"role":"system","content":"Be brief."},
          {"role":"user","content":[{"type":"text","text":"Rain?"},{"type":"image_url","image_url":{"url":"data:image/jpg;base64,AAAA"}}]},
          {"role":"assistant","content":"Checking.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"get.weather","arguments":"{\"city\":\"Pune\"}"}},{"id":"call_2","type":"function","function":{"name":"get.weather","arguments":""}}]},
          {"role":"tool","tool_call_id":"call_2","content":"missing city"},{"role":"tool","tool_call_id":"call_1","content":"dry"}]}
        """#
}
