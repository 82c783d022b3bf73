// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes a complete answer for a caller of Google's wire.
struct GenerateContentAnswerWriter: AnswerWriting {
    static func write(_ answer: Answer, for target: AnswerTarget, to writer: JSONWriter) {
        writer.beginObject()
        writer.name("candidates")
        writer.beginArray()
        writer.beginObject()
        // A candidate that was withheld has no content in Google's own answers.
        if !answer.parts.isEmpty || answer.finish?.reason != .filtered { writeContent(answer, to: writer) }
        if let finish = answer.finish { writer.member("finishReason", GenerateContentFinish.name(finish.reason)) }
        writer.member("index", 0)
        writer.endObject()
        writer.endArray()
        if let usage = answer.usage { GenerateContentUsage.write(usage, to: writer) }
        writer.member("modelVersion", answer.model.isEmpty ? target.model : answer.model)
        writer.member("responseId", answer.id.isEmpty ? target.id : answer.id)
        writer.endObject()
    }

    private static func writeContent(_ answer: Answer, to writer: JSONWriter) {
        writer.name("content")
        writer.beginObject()
        writer.member("role", "model")
        writer.name("parts")
        writer.beginArray()
        for part in answer.parts { GenerateContentAnswerPart.write(part, to: writer) }
        writer.endArray()
        writer.endObject()
    }
}

/// A part of an answer, as complete and streamed answers have it.
enum GenerateContentAnswerPart {
    /// Thinking that only its provider can read has no place here; no other kind is left out.
    static func write(_ part: Part, to writer: JSONWriter) {
        switch part.kind {
        case .toolCall:
            writer.beginObject()
            writer.name("functionCall")
            writer.beginObject()
            if !part.id.isEmpty { writer.member("id", part.id) }
            writer.member("name", part.name)
            writer.name("args")
            writer.compact(part.arguments)
            writer.endObject()
            end(part, to: writer)
        case .text, .refusal, .thinking:
            guard !part.text.isEmpty || !part.signature.isEmpty else { return }
            writer.beginObject()
            writer.member("text", part.text)
            if part.kind == .thinking { writer.member("thought", true) }
            end(part, to: writer)
        case .redactedThinking, .image, .document, .audio, .video, .toolResult: break
        }
    }

    /// Google's clients refuse a whole answer for a signature that is no base64.
    private static func end(_ part: Part, to writer: JSONWriter) {
        if !part.signature.isEmpty, Base64.isText(part.signature.bytes) {
            writer.member("thoughtSignature", part.signature)
        }
        writer.endObject()
    }
}
