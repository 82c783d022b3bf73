// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Writes an embeddings request for an endpoint.
public enum EmbeddingsRequestWriter {
    /// - Parameter model: the endpoint's name for the model; only AI Studio wants it in the body, too.
    /// - Throws: `wrongType` at `input` for several texts where the model embeds one a call.
    public static func write(
        _ request: EmbeddingsRequest, for family: EmbeddingFamily, model: JSONString, to writer: JSONWriter,
        losses: inout Losses
    ) throws(TranslationFault) {
        guard let first = request.inputs.first else { throw TranslationFault(.emptyConversation, at: "input") }
        guard family.takesSeveral || request.inputs.count == 1 else {
            throw TranslationFault(.wrongType("one text: this model embeds one per request"), at: "input")
        }
        for member in request.foreign { losses.add(member) }
        if request.user != nil { losses.add(.user) }
        // Amazon's models are told no purpose, or one that says nothing.
        if request.purpose != nil, !family.takesSeveral { losses.add("input_type") }
        writer.beginObject()
        switch family {
        case .titan: writeTitan(first, request.dimensions, to: writer)
        case .nova: writeNova(first, request.dimensions, to: writer)
        case .cohere: writeCohere(request, to: writer)
        case .vertexPredict: writePredict(request, to: writer)
        case .batchEmbedContents: writeBatch(request, model, to: writer)
        }
        writer.endObject()
    }

    // MARK: Bedrock

    private static func writeTitan(_ text: JSONString, _ dimensions: Int64?, to writer: JSONWriter) {
        writer.member("inputText", text)
        if let dimensions { writer.member("dimensions", dimensions) }
    }

    private static func writeNova(_ text: JSONString, _ dimensions: Int64?, to writer: JSONWriter) {
        writer.member("taskType", "SINGLE_EMBEDDING")
        writer.name("singleEmbeddingParams")
        writer.beginObject()
        writer.member("embeddingPurpose", "GENERIC_INDEX")
        if let dimensions { writer.member("embeddingDimension", dimensions) }
        writer.name("text")
        writer.beginObject()
        writer.member("truncationMode", "END")
        writer.member("value", text)
        writer.endObject()
        writer.endObject()
    }

    /// Cohere demands a purpose; OpenAI's callers name none, and what is embedded without a purpose is most often kept.
    private static func writeCohere(_ request: EmbeddingsRequest, to writer: JSONWriter) {
        writer.name("texts")
        writer.beginArray()
        for text in request.inputs { writer.string(text) }
        writer.endArray()
        writer.member("input_type", JSONString(stringLiteral: (request.purpose ?? .document).cohereName))
        if let dimensions = request.dimensions { writer.member("output_dimension", dimensions) }
    }

    // MARK: Google

    /// A text that is too long is refused, as OpenAI refuses it, and not cut in silence.
    private static func writePredict(_ request: EmbeddingsRequest, to writer: JSONWriter) {
        writer.name("instances")
        writer.beginArray()
        for text in request.inputs {
            writer.beginObject()
            writer.member("content", text)
            if let purpose = request.purpose {
                writer.member("task_type", JSONString(stringLiteral: purpose.googleName))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.name("parameters")
        writer.beginObject()
        writer.member("autoTruncate", false)
        if let dimensions = request.dimensions { writer.member("outputDimensionality", dimensions) }
        writer.endObject()
    }

    private static func writeBatch(_ request: EmbeddingsRequest, _ model: JSONString, to writer: JSONWriter) {
        writer.name("requests")
        writer.beginArray()
        for text in request.inputs {
            writer.beginObject()
            writeModel(model, to: writer)
            writer.name("content")
            writer.beginObject()
            writer.name("parts")
            writer.beginArray()
            writer.beginObject()
            writer.member("text", text)
            writer.endObject()
            writer.endArray()
            writer.endObject()
            if let purpose = request.purpose {
                writer.member("taskType", JSONString(stringLiteral: purpose.googleName))
            }
            if let dimensions = request.dimensions { writer.member("outputDimensionality", dimensions) }
            writer.endObject()
        }
        writer.endArray()
    }

    /// The name of a resource: `models/…`.
    private static func writeModel(_ model: JSONString, to writer: JSONWriter) {
        writer.name("model")
        writer.beginString()
        if !model.begins("models/"), !model.begins("tunedmodels/") { writer.piece("models/") }
        writer.piece(model)
        writer.endString()
    }
}
