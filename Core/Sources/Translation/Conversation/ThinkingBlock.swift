// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Thinking as a block of Anthropic's Messages, and as an extension carries it through clients of chat completions.
enum ThinkingBlock {
    static func write(_ part: Part, to writer: JSONWriter) {
        writer.beginObject()
        if part.kind == .redactedThinking {
            writer.member("type", "redacted_thinking")
            writer.member("data", part.text)
        } else {
            writer.member("type", "thinking")
            writer.member("thinking", part.text)
            writer.member("signature", part.signature)
        }
        writer.endObject()
    }
}
