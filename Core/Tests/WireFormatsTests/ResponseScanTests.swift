// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func chunk(_ text: String) -> ChunkFacts { Array(text.utf8).withUnsafeBytes { ResponseScan.chunkFacts($0) } }
private func usage(_ text: String) -> UsageCounts? {
    Array(text.utf8).withUnsafeBytes { ResponseScan.usage(inTailOf: $0) }
}

/// A chunk of one choice with this delta.
private func delta(_ members: String, finish: String = "null") -> ChunkFacts {
    chunk(
        #"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{\#(members)},"logprobs":null,"finish_reason":\#(finish)}]}"#
    )
}

@Suite struct ChunkFactsTests {
    @Test(arguments: [
        #""content":"a""#, #""reasoning":"a""#, #""reasoning_content":"a""#, #""refusal":"a""#,
        #""role":"assistant","content":" ""#,
        #""tool_calls":[{"index":0}]"#, #""function_call":{"name":"f"}"#, #""audio":{"id":"x"}"#,
        #""content":"\u0000""#, #""something_new":"a""#,
    ]) func `whatever a caller could show is content`(_ members: String) {
        #expect(delta(members) == ChunkFacts(kind: .content))
    }

    @Test(arguments: [
        "", #""role":"assistant""#, #""role":"assistant","content":"""#, #""content":null"#,
        #""content":"","refusal":null"#, #""tool_calls":[]"#,
        #""function_call":{}"#, #""number":1,"flag":true"#,
    ]) func `a role and empty values are not content`(_ members: String) {
        #expect(delta(members) == ChunkFacts(kind: .noContent))
    }

    @Test func `a finish reason is content, because the answer has an end`() {
        #expect(delta("", finish: "\"stop\"") == ChunkFacts(kind: .content, hasFinishReason: true))
        #expect(delta(#""content":"a""#, finish: "\"length\"").hasFinishReason)
        #expect(!delta(#""content":"a""#).hasFinishReason)
    }

    @Test func `completions carry text`() {
        #expect(chunk(#"{"choices":[{"text":"a","index":0,"finish_reason":null}]}"#).kind == .content)
        #expect(chunk(#"{"choices":[{"text":"","index":0,"finish_reason":null}]}"#).kind == .noContent)
        #expect(chunk(#"{"choices":[{"text":"","index":0,"finish_reason":"stop"}]}"#).kind == .content)
    }

    @Test func `any of several choices counts`() {
        #expect(chunk(#"{"choices":[{"delta":{}},{"delta":{"content":"a"}}]}"#).kind == .content)
        #expect(chunk(#"{"choices":[{},{"delta":null},7,{"delta":{}}]}"#).kind == .noContent)
    }

    @Test func `usage comes alone, or with content`() {
        let counts =
            #""usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":4}}"#
        let expected = UsageCounts(promptTokens: 9, cachedTokens: 4, completionTokens: 12)
        #expect(chunk("{\"choices\":[],\(counts)}") == ChunkFacts(kind: .usageOnly, usage: expected))
        #expect(chunk("{\(counts)}").kind == .usageOnly)
        #expect(
            chunk(#"{"choices":[{"delta":{"content":"a"}}],\#(counts)}"#) == ChunkFacts(kind: .content, usage: expected)
        )
        #expect(chunk(#"{"choices":[{"delta":{}}],\#(counts)}"#) == ChunkFacts(kind: .noContent, usage: expected))
        #expect(chunk(#"{"choices":[],"usage":null}"#) == ChunkFacts(kind: .noContent))
    }

    @Test func `Azure's first chunk, with a filter's results and no choices, is no content`() {
        #expect(
            chunk(
                #"{"choices":[],"model":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#
            ).kind == .noContent)
    }

    @Test func `the end mark is not JSON`() {
        for text in ["[DONE]", "[DONE] ", "[done]"] { #expect(chunk(text) == ChunkFacts(kind: .done)) }
        for text in ["[DONE", "DONE", "[]"] { #expect(chunk(text).kind == .malformed) }
        #expect(chunk("").kind == .noContent)
    }

    @Test func `errors in a stream are seen in each known shape`() {
        #expect(chunk(#"{"error":{"message":"x","code":500}}"#).kind == .error)
        #expect(chunk(#"{"error":"overloaded"}"#).kind == .error)
        #expect(chunk(#"{"object":"error","message":"x","code":400}"#).kind == .error)
        #expect(chunk(#"{"choices":[{"delta":{"content":"a"}}],"error":{"message":"x"}}"#).kind == .error)
        for nothing in ["null", "false", #""""#, "{}", "[]"] {
            #expect(
                chunk(#"{"error":\#(nothing),"choices":[{"delta":{"content":"a"}}]}"#).kind == .content, "\(nothing)")
        }
    }

    @Test func `an error is one inside an array too, and nothing else is`() {
        #expect(chunk(#"[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]"#).kind == .error)
        for text in [#"[{"choices":[]}]"#, "[7]", #"[{"error":null}]"#, #"[{"error":{"message":"m""x":,}}]"#] { #expect(chunk(text).kind == .malformed) }
    }

    @Test(arguments: [
        "{", "nonsense", "{\"choices\":[{]}", "7", "\"x\"", "{} x", "{\"a\":\u{1}}", "{\"choices\":[],}", "<html>",
    ])
    func `what is not an object of JSON is malformed`(_ text: String) {
        #expect(chunk(text).kind == .malformed)
    }

    @Test func `names count at their own level only`() {
        #expect(chunk(#"{"metadata":{"error":{"message":"x"}},"choices":[]}"#).kind == .noContent)
        #expect(
            chunk(#"{"choices":[{"message":{"content":"a"},"usage":{"prompt_tokens":1}}]}"#)
                == ChunkFacts(kind: .noContent))
        #expect(delta(#""content":"\"error\":{}""#).kind == .content)
    }

    @Test func `every beginning of a chunk is malformed`() {
        let text = #"{"choices":[{"delta":{"content":"a\né"}}],"usage":{"prompt_tokens":1}}"#
        for count in 1..<text.utf8.count {
            let facts = Array(text.utf8.prefix(count)).withUnsafeBytes { ResponseScan.chunkFacts($0) }
            #expect(facts.kind == .malformed, "first \(count) bytes")
        }
    }
}

@Suite struct PlainChunkTests {
    private func isPlain(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { ResponseScan.isPlainChunk($0) } }

    /// A chunk with `text` at each distance from its beginning and its end, because the search goes 16 bytes a step.
    private func isPlainAnywhere(_ text: String) -> Set<Bool> {
        Set(
            (0..<40).flatMap { before in
                [0, 1, 15, 16, 17, 40].map { after in
                    isPlain(
                        "{\"" + String(repeating: "p", count: before) + "\":1,\(text)"
                            + String(repeating: " ", count: after) + "}")
                }
            })
    }

    @Test(arguments: [
        #""finish_reason":null"#, #""usage":null"#, #""usage" : null"#, #""content":"\"usage\":{}""#,
        #""content":"finish reason""#,
        #""usages":1"#, #""errors":1"#, #""content":"\"error\":1""#, #""e":1"#,
    ]) func `more content needs no closer look`(_ text: String) {
        #expect(isPlainAnywhere(text) == [true])
    }

    @Test(arguments: [
        #""finish_reason":"stop""#, #""finish_reason": "length""#, #""usage":{}"#, #""usage":{"prompt_tokens":1}"#,
        #""error":{}"#,
        #""error":null"#, #""object":"error""#, #""usage":nul"#, #""usage""#, #""content":"finish_reason""#,
    ]) func `an end, usage and errors are looked at`(_ text: String) {
        #expect(isPlainAnywhere(text) == [false])
    }

    @Test(arguments: ["", "{", "{}", "[DONE]", " {\"a\":1}", "x"])
    func `what is no object, or a tiny one, is looked at`(_ text: String) {
        #expect(!isPlain(text))
    }
}

@Suite struct UsageTests {
    @Test func `the last usage object of a body is read`() {
        #expect(
            usage(#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#)
                == UsageCounts(promptTokens: 3, completionTokens: 4))
        #expect(usage(#"{"usage":{"prompt_tokens":1},"x":1,"usage" : {"prompt_tokens":2}}"#)?.promptTokens == 2)
        #expect(usage(#"{"usage":{"prompt_tokens":5},"service":{"usage":null}}"#)?.promptTokens == 5)
        let far = #"{"usage":{"prompt_tokens":5},"pad":""# + String(repeating: "p", count: 20_000) + "\"}"
        #expect(usage(far)?.promptTokens == 5)
    }

    @Test func `text that speaks of usage is not usage`() {
        #expect(usage(#"{"content":"\"usage\":{\"prompt_tokens\":5}"}"#) == nil)
        #expect(usage(#"{"content":"usage"}"#) == nil)
        #expect(usage(#"{"a":"usage","b":{"prompt_tokens":5}}"#) == nil)
        for text in ["", "\"usage\"", "\"usage\":", "\"usage\":{", "\"usage\":7", "usage"] {
            #expect(usage(text) == nil, "\(text)")
        }
    }

    @Test func `counts that are none are 0, and break nothing`() {
        for value in ["null", "-1", "1.5", "1e3", "\"7\"", "{}", "[1]", "9999999999999999999999"] {
            #expect(
                usage(#"{"usage":{"prompt_tokens":\#(value),"completion_tokens":7}}"#)
                    == UsageCounts(completionTokens: 7), "\(value)")
        }
        #expect(usage(#"{"usage":{"prompt_tokens":999999999999999}}"#)?.promptTokens == 999_999_999_999_999)
        #expect(usage(#"{"usage":{"prompt_tokens_details":null,"prompt_tokens":7}}"#)?.promptTokens == 7)
    }
}
