// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Anthropic's Messages, with every event that a stream of text has (Anthropic, "Streaming Messages", read 2026-11).
struct MessagesAnswers {
    let model: String

    private static let fields =
        "request-id: req_5d41402abc4b2a76b9719d91\r\nanthropic-organization-id: 5d41402a-bc4b-4a76-b971-9d911017c592\r\n"
        + "anthropic-ratelimit-requests-limit: 10000\r\nanthropic-ratelimit-requests-remaining: 9999\r\n"
        + "anthropic-ratelimit-requests-reset: 2026-11-21T10:00:00Z\r\n"

    var all: WireAnswers {
        WireAnswers(
            whole: .answer(
                json: message(
                    content: #"[{"type":"text","text":"\#(AnswerText.whole)"}]"#, stop: #""end_turn""#, output: 118),
                fields: Self.fields),
            opening: .streamHead(type: "text/event-stream; charset=utf-8", fields: Self.fields)
                + Self.event(
                    "message_start", #","message":\#(message(content: "[]", stop: "null", output: 1))"#)
                + Self.event("content_block_start", #","index":0,"content_block":{"type":"text","text":""}"#)
                + Self.event("ping"),
            text: Self.event(
                "content_block_delta", #","index":0,"delta":{"type":"text_delta","text":"\#(AnswerText.piece)"}"#),
            closing: Self.event("content_block_stop", #","index":0"#)
                + Self.event(
                    "message_delta",
                    #","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":118}"#)
                + Self.event("message_stop"))
    }

    private func message(content: String, stop: String, output: Int) -> String {
        #"{"id":"msg_bench_NNNNNNNNNNNNNNNN","type":"message","role":"assistant","model":"\#(model)","#
            + #""content":\#(content),"stop_reason":\#(stop),"stop_sequence":null,"#
            + #""usage":{"input_tokens":86,"cache_creation_input_tokens":0,"cache_read_input_tokens":128,"#
            + #""cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"#
            + #""output_tokens":\#(output),"service_tier":"standard"}}"#
    }

    private static func event(_ name: String, _ members: String = "") -> Draft {
        .chunk("event: \(name)\ndata: {\"type\":\"\(name)\"\(members)}\n\n")
    }
}
