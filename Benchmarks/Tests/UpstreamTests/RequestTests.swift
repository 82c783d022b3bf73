// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Testing

@testable internal import bench_upstream

@Suite struct WireTests {
    @Test(arguments: [
        ("/v1/chat/completions", Wire.chat, false), ("/v1/completions", .chat, false),
        ("/v1/messages", .messages, false), ("/v1/messages/count_tokens", .chat, false),
        ("/model/bench-model/converse", .converse, false),
        ("/model/a%2Fb%3A0/converse-stream", .converse, true),
        ("/v1beta/models/bench-model:generateContent", .generateContent, false),
        ("/v1beta/models/bench-model:streamGenerateContent?alt=sse", .generateContent, true),
        ("/v1beta/models/bench-model:streamGenerateContent", .chat, false),
    ])
    func `the path tells the wire and where it asks for a stream`(path: String, wire: Wire, streams: Bool) {
        // The second line must not be read.
        let head = Array("POST \(path) HTTP/1.1\r\nReferer: /model/x/converse-stream \r\n\r\n".utf8)
        let asked = head.withUnsafeBytes { Wire.asked(by: $0) }
        #expect(asked.wire == wire && asked.streams == streams)
    }
}

@Suite struct InquiryTests {
    private static let text = String(repeating: "She asked: why? ", count: 1000)

    @Test(arguments: [
        #"{"messages":[{"role":"user","content":"\#(text)"}],"model":"m","max_tokens":64,"temperature":0.7,"stream":true,"#
            + #""user":"caller-0000000000000042"}"#,
        #"{"max_tokens":64,"messages":[{"role":"user","content":"\#(text) caller-0000000000000042"}],"model":"m","#
            + #""stream":true,"system":"You are a careful assistant. Answer in short paragraphs.","temperature":0.7}"#,
        #"{"model":"m","max_tokens":64,"stream": true,"messages":[{"role":"user","content":[{"type":"text","#
            + #""text":"\#(text) caller-0000000000000042"}]}]}"#,
        #"{"model":"m","max_completion_tokens":64,"stream":true,"messages":[{"role":"user","#
            + #""content":"\#(text) caller-0000000000000042"}]}"#,
        #"{"stream":true,"inferenceConfig":{"maxTokens":64,"temperature":0.7},"messages":[{"role":"user","#
            + #""content":[{"text":"\#(text) caller-0000000000000042"}]}]}"#,
        #"{"stream":true,"contents":[{"role":"user","parts":[{"text":"\#(text) caller-0000000000000042"}]}],"#
            + #""generationConfig":{"maxOutputTokens":64,"temperature":0.7}}"#,
    ])
    func `number, stream and length are found on every wire`(body: String) throws {
        let body = Array(body.utf8)
        let inquiry = body.withUnsafeBytes { Inquiry(body: $0) }
        #expect(inquiry.wantsStream && inquiry.chunks == 64)
        let offset = try #require(inquiry.numberOffset)
        #expect(String(decoding: body[offset..<(offset + 16)], as: UTF8.self) == "0000000000000042")
    }

    @Test func `a body without a number has none`() {
        let body = Array(#"{"model":"m","messages":[],"stream":false,"user":"caller-1"}"#.utf8)
        let inquiry = body.withUnsafeBytes { Inquiry(body: $0) }
        #expect(inquiry.numberOffset == nil && !inquiry.wantsStream && inquiry.chunks == nil)
    }
}
