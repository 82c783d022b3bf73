// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Bedrock's Converse and ConverseStream. Text comes without a block's start, as in recorded streams, and payloads
/// carry Bedrock's padding `p` (botocore's `bedrock-runtime`, read 2026-11).
struct ConverseAnswers {
    private static let fields = "x-amzn-RequestId: 5d41402a-bc4b-4a76-b971-9d911017c592\r\n"
    private static let usage =
        #""usage":{"inputTokens":86,"outputTokens":118,"totalTokens":332,"cacheReadInputTokens":128,"cacheWriteInputTokens":0}"#
    private static let metrics = #""metrics":{"latencyMs":181}"#

    var all: WireAnswers {
        WireAnswers(
            whole: .answer(
                json: #"{\#(Self.metrics),"output":{"message":{"content":[{"text":"\#(AnswerText.whole)"}],"#
                    + #""role":"assistant"}},"stopReason":"end_turn",\#(Self.usage)}"#,
                fields: Self.fields),
            opening: .streamHead(type: "application/vnd.amazon.eventstream", fields: Self.fields)
                + Self.event("messageStart", #""p":"abcdefghijklmnopqrst","role":"assistant""#),
            text: Self.event(
                "contentBlockDelta",
                #""contentBlockIndex":0,"delta":{"text":"\#(AnswerText.piece)"},"p":"abcdefghijklm""#),
            closing: Self.event("contentBlockStop", #""contentBlockIndex":0,"p":"abcdefghijklmnopqrstuvw""#)
                + Self.event("messageStop", #""p":"abcdefghijk","stopReason":"end_turn""#)
                + Self.event("metadata", "\(Self.metrics),\(Self.usage)"))
    }

    private static func event(_ name: String, _ members: String) -> Draft {
        .chunk(frame: EventStreamFrame(event: name, payload: "{\(members)}"))
    }
}
