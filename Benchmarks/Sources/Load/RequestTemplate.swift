// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// A chat request as an OpenAI client sends it, rendered once; only its number changes.
///
/// The model name and the options follow the messages, as the official Python client writes them, so a gateway has to
/// read past all of the text. The text has escaped quotes and line breaks, as real prompts do.
struct RequestTemplate {
    /// Digits of a request number.
    static let numberCount = 16
    private let bytes: UnsafeMutableRawBufferPointer
    private let numberOffset: Int

    init(_ plan: Plan) {
        let body = Self.body(plan)
        let head = Self.head(plan, bodyCount: body.utf8.count)
        bytes = .allocate(byteCount: head.utf8.count + body.utf8.count, alignment: 64)
        bytes.copyBytes(from: (head + body).utf8)
        guard let mark = UnsafeRawBufferPointer(bytes).offset(of: "NNNNNNNNNNNNNNNN") else {
            preconditionFailure("template has no number")
        }
        numberOffset = mark
    }

    func numbered(_ number: Int) -> UnsafeRawBufferPointer {
        var rest = number
        for index in stride(from: numberOffset + Self.numberCount - 1, through: numberOffset, by: -1) {
            bytes[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
        return UnsafeRawBufferPointer(bytes)
    }

    private static func head(_ plan: Plan, bodyCount: Int) -> String {
        """
        POST /v1/chat/completions HTTP/1.1\r
        Host: 127.0.0.1:\(plan.port)\r
        Accept: application/json\r
        Accept-Encoding: gzip, deflate\r
        Connection: keep-alive\r
        Content-Type: application/json\r
        User-Agent: OpenAI/Python 2.8.0\r
        X-Stainless-Lang: python\r
        X-Stainless-OS: Linux\r
        X-Stainless-Async: false\r
        Authorization: Bearer \(plan.key)\r
        Content-Length: \(bodyCount)\r
        \r

        """
    }

    /// Exactly `plan.bodyBytes` long (longer only if that leaves no room for text).
    private static func body(_ plan: Plan) -> String {
        let opening =
            #"{"messages":[{"role":"system","content":"You are a careful assistant. Answer in short paragraphs."}"#
        var closing =
            #"],"model":"\#(plan.model)","max_tokens":\#(plan.mode == .stream ? plan.chunks : 256),"temperature":0.7"#
        if plan.mode == .stream { closing += #","stream":true"# }
        if plan.asksUsage { closing += #","stream_options":{"include_usage":true}"# }
        closing += #","user":"caller-NNNNNNNNNNNNNNNN"}"#
        return opening + turns(filling: plan.bodyBytes - opening.utf8.count - closing.utf8.count) + closing
    }

    /// Alternating user and assistant messages of about 1 500 bytes, `count` bytes in all.
    private static func turns(filling count: Int) -> String {
        let sentence =
            #"She asked: \"Why does the wind not blow straight from high to low pressure?\"\nBecause the Earth turns, "#
            + "it bends until it follows the isobars. "
        var turns = ""
        var left = count
        var isUser = true
        while left > 0 {
            let frame = (open: #",{"role":"\#(isUser ? "user" : "assistant")","content":""#, close: #""}"#)
            let frameCount = frame.open.utf8.count + frame.close.utf8.count
            let textCount = max(0, left < 2000 ? left - frameCount : 1500)
            var text = String(repeating: sentence, count: textCount / sentence.utf8.count)
            text += String(repeating: "x", count: textCount - text.utf8.count)
            turns += frame.open + text + frame.close
            left -= frameCount + textCount
            isUser.toggle()
        }
        return turns
    }
}
