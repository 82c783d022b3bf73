// SPDX-License-Identifier: Apache-2.0
// Isobar

/// OpenAI's chat completions. An event is about 260 bytes in an HTTP chunk of its own.
struct ChatAnswers {
    let model: String

    static let fields =
        "x-request-id: req_5d41402abc4b2a76b9719d911017c592\r\nopenai-processing-ms: 181\r\nopenai-version: 2020-10-01\r\n"
        + "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n"

    var all: WireAnswers {
        WireAnswers(
            whole: .answer(json: completion, fields: Self.fields),
            opening: .streamHead(type: "text/event-stream; charset=utf-8", fields: Self.fields)
                + event(choices: Self.choice(#"{"role":"assistant","content":"","refusal":null}"#)),
            text: event(choices: Self.choice(#"{"content":"\#(AnswerText.piece)"}"#)),
            closing: event(choices: Self.choice("{}", finish: #""stop""#)),
            usage: event(
                choices: "[]", extra: #","usage":{"prompt_tokens":214,"completion_tokens":118,"total_tokens":332}"#),
            end: .chunk("data: [DONE]\n\n") + .end)
    }

    /// About 1 070 bytes, the size of a short real answer.
    private var completion: String {
        #"{"id":"chatcmpl-bench-NNNNNNNNNNNNNNNN","object":"chat.completion","created":1795000000,"model":"\#(model)","#
            + #""choices":[{"index":0,"message":{"role":"assistant","content":"\#(AnswerText.whole)","#
            + #""refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":214,"completion_tokens":118,"total_tokens":332,"#
            + #""prompt_tokens_details":{"cached_tokens":128,"audio_tokens":0},"#
            + #""completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"system_fingerprint":"fp_44709d6fcb"}"#
    }

    private static func choice(_ delta: String, finish: String = "null") -> String {
        #"[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}]"#
    }

    private func event(choices: String, extra: String = "") -> Draft {
        .chunk(
            #"data: {"id":"chatcmpl-bench-NNNNNNNNNNNNNNNN","object":"chat.completion.chunk","created":1795000000,"model":"\#(model)","#
                + #""system_fingerprint":"fp_44709d6fcb","choices":\#(choices)\#(extra)}"# + "\n\n")
    }
}
