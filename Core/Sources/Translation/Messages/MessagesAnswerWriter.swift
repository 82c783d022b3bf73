// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes a complete message for a caller of Anthropic's wire.
struct MessagesAnswerWriter: AnswerWriting {
    static func write(_ answer: Answer, for target: AnswerTarget, to writer: JSONWriter) {
        writer.beginObject()
        writer.member("id", answer.id.isEmpty ? target.id : answer.id)
        writer.member("type", "message")
        writer.member("role", "assistant")
        writer.member("model", answer.model.isEmpty ? target.model : answer.model)
        writer.name("content")
        writer.beginArray()
        for (number, part) in answer.parts.enumerated() { write(part, number, target, writer) }
        writer.endArray()
        MessagesFinish.write(
            answer.finish, hasRefusal: answer.parts.contains { $0.kind == .refusal }, writer)
        MessagesUsage.write(answer.usage, writer)
        writer.endObject()
    }

    /// Blank text is refused when the caller sends the turn back, so it does not go out.
    private static func write(_ part: Part, _ number: Int, _ target: AnswerTarget, _ writer: JSONWriter) {
        switch part.kind {
        case .text, .refusal:
            guard !part.text.isEmpty else { return }
            writer.beginObject()
            writer.member("type", "text")
            writer.member("text", part.text)
            writer.endObject()
        case .thinking, .redactedThinking: ThinkingBlock.write(part, to: writer)
        case .toolCall:
            writer.beginObject()
            begin(call: part.name, part.id, number, target, writer)
            writer.member("input", raw: part.arguments)
            writer.endObject()
        case .image, .document, .audio, .video, .toolResult: break
        }
    }

    /// The members of a call in front of its input.
    static func begin(
        call name: JSONString, _ id: JSONString, _ number: Int, _ target: AnswerTarget, _ writer: JSONWriter
    ) {
        writer.member("type", "tool_use")
        writer.name("id")
        target.writeCallID(id, number, writer)
        writer.member("name", name)
    }
}
