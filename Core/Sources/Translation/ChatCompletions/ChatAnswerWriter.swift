// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes a complete chat completion.
struct ChatAnswerWriter: AnswerWriting {
    static func write(_ answer: Answer, for target: AnswerTarget, to writer: JSONWriter) {
        writer.beginObject()
        writer.member("id", answer.id.isEmpty ? target.id : answer.id)
        writer.member("object", "chat.completion")
        writer.member("created", target.createdUnixSeconds)
        writer.member("model", answer.model.isEmpty ? target.model : answer.model)
        writer.name("choices")
        writer.beginArray()
        writer.beginObject()
        writer.member("index", 0)
        writeMessage(answer, target, writer)
        writer.member("logprobs", raw: "null")
        writer.name("finish_reason")
        if let finish = answer.finish { writer.string(ChatFinish.word(finish.reason)) } else { writer.null() }
        writer.endObject()
        writer.endArray()
        if let usage = answer.usage { ChatUsage.write(usage, writer) }
        writer.endObject()
    }

    private static func writeMessage(_ answer: Answer, _ target: AnswerTarget, _ writer: JSONWriter) {
        writer.name("message")
        writer.beginObject()
        writer.member("role", "assistant")
        writeJoined("content", .text, answer, writer)
        writeJoined("refusal", .refusal, answer, writer)
        writeThinking(answer, writer)
        if answer.hasToolCalls {
            writer.name("tool_calls")
            writer.beginArray()
            for (number, part) in answer.parts.enumerated() where part.kind == .toolCall {
                ChatToolCall.write(part, name: part.name, writer) {
                    target.writeCallID(part.id, number, writer)
                }
            }
            writer.endArray()
        }
        writer.endObject()
    }

    /// All parts of a kind as one string, `null` when there are none. An answer with nothing in it has empty content.
    private static func writeJoined(_ name: JSONString, _ kind: Part.Kind, _ answer: Answer, _ writer: JSONWriter) {
        writer.name(name)
        guard answer.parts.contains(where: { $0.kind == kind }) || (kind == .text && answer.parts.isEmpty) else {
            return writer.null()
        }
        writer.beginString()
        for part in answer.parts where part.kind == kind { writer.piece(part.text) }
        writer.endString()
    }

    /// `reasoning_content` for people, `thinking_blocks` (with signatures) for whoever sends the turn back.
    private static func writeThinking(_ answer: Answer, _ writer: JSONWriter) {
        let blocks = answer.parts.filter { $0.kind == .thinking || $0.kind == .redactedThinking }
        guard !blocks.isEmpty else { return }
        if blocks.contains(where: { $0.kind == .thinking }) {
            writer.name("reasoning_content")
            writer.beginString()
            for part in blocks where part.kind == .thinking { writer.piece(part.text) }
            writer.endString()
        }
        guard blocks.contains(where: { $0.kind == .redactedThinking || !$0.signature.isEmpty }) else { return }
        writer.name("thinking_blocks")
        writer.beginArray()
        for part in blocks { ThinkingBlock.write(part, to: writer) }
        writer.endArray()
    }
}
