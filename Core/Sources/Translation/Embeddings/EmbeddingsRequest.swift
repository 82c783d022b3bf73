// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

// Embeddings: OpenAI's request in the words of the models that have a form of their own, and their answers in OpenAI's.
// Sources: Amazon's, Cohere's and Google's API references as the reference on wires has them (6.6, 7.1), read 2026-11.

/// How an embedding model wants to be asked.
public enum EmbeddingFamily: UInt8, CaseIterable, BitwiseCopyable, Sendable {
    /// Amazon Titan V2, InvokeModel. One text a call.
    case titan
    /// Amazon Nova, InvokeModel. One text a call; tokens are in a header.
    case nova
    /// Cohere on Bedrock, InvokeModel. Tokens are in a header.
    case cohere
    /// Vertex AI's `:predict`.
    case vertexPredict
    /// AI Studio's `:batchEmbedContents`.
    case batchEmbedContents

    /// More than one text can be embedded by one call.
    public var takesSeveral: Bool {
        switch self {
        case .titan, .nova: false
        case .cohere, .vertexPredict, .batchEmbedContents: true
        }
    }
}

/// What a caller wants embedded. Reused: `reset` keeps the memory.
/// - Lifetime: texts point into the body that was read.
public final class EmbeddingsRequest {
    /// The public model name as the caller wrote it.
    public internal(set) var model = JSONString.empty
    public internal(set) var inputs: [JSONString] = []
    /// Length of the vectors; `nil`: the model's own.
    public internal(set) var dimensions: Int64?
    /// The vectors are wanted as base64 of little-endian 32-bit floats instead of as numbers.
    public internal(set) var wantsBase64 = false
    /// What the vectors are for: Cohere's `input_type`, which OpenAI's compatible servers took over.
    public internal(set) var purpose: Purpose?
    /// The caller's own name for its user.
    public internal(set) var user: JSONString?
    /// Members of the body that have no place here.
    public internal(set) var foreign: [JSONString] = []

    public enum Purpose: UInt8, CaseIterable, BitwiseCopyable, Sendable {
        case document, query, classification, clustering
    }

    public init() {}

    public func reset() {
        model = .empty
        inputs.removeAll(keepingCapacity: true)
        dimensions = nil
        wantsBase64 = false
        purpose = nil
        user = nil
        foreign.removeAll(keepingCapacity: true)
    }
}
