// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Writes OpenAI's answer to an embeddings request.
public enum EmbeddingsAnswerWriter {
    /// - Parameters:
    ///   - model: the public name.
    ///   - asBase64: what the caller asked for as `encoding_format`.
    public static func write(_ answer: EmbeddingsAnswer, model: JSONString, asBase64: Bool, to writer: JSONWriter) {
        writer.beginObject()
        writer.member("object", "list")
        writer.name("data")
        writer.beginArray()
        for (index, vector) in answer.vectors.enumerated() {
            writer.beginObject()
            writer.member("object", "embedding")
            writer.member("index", Int64(index))
            writer.name("embedding")
            if asBase64 { VectorText.writeBase64(vector, to: writer) } else { writer.raw(vector.raw) }
            writer.endObject()
        }
        writer.endArray()
        writer.member("model", model)
        // A count that nobody made is left out; zero would be a claim.
        if let tokens = answer.promptTokens { writeUsage(tokens, to: writer) }
        writer.endObject()
    }

    private static func writeUsage(_ tokens: Int64, to writer: JSONWriter) {
        writer.name("usage")
        writer.beginObject()
        writer.member("prompt_tokens", tokens)
        writer.member("total_tokens", tokens)
        writer.endObject()
    }
}
