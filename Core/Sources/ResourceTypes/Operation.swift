// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a caller asks a model for, by the API it is asked on.
public enum Operation: UInt8, CaseIterable, BitwiseCopyable, Sendable {
    /// OpenAI's chat completions, completions, embeddings and Responses, and the count of what a response would read.
    case chatCompletions, completions, embeddings, responses, countInputTokens
    /// Anthropic's Messages, and the count of what one would cost.
    case messages, countTokens
    /// Google's generateContent and streamGenerateContent, and the count of what one would cost.
    case generateContent, countContentTokens
    /// OpenAI's audio, images, and the rerank that compatible servers share.
    case transcriptions, translations, speech, images, rerank

    /// The wire that the caller speaks, where it is one of chat: others can be translated to it.
    @inlinable public var chatWire: ChatWire? {
        switch self {
        case .chatCompletions: .chatCompletions
        case .responses: .responses
        case .messages: .messages
        case .generateContent: .generateContent
        case .completions, .embeddings, .countInputTokens, .countTokens, .countContentTokens, .transcriptions,
            .translations, .speech, .images, .rerank:
            nil
        }
    }

    /// Whether nothing is generated: only tokens are counted.
    @inlinable public var countsTokens: Bool {
        self == .countTokens || self == .countContentTokens || self == .countInputTokens
    }

    /// For people: command lines, messages.
    public var name: String {
        switch self {
        case .chatCompletions: "chat-completions"
        case .completions: "completions"
        case .embeddings: "embeddings"
        case .responses: "responses"
        case .countInputTokens: "count-input-tokens"
        case .messages: "messages"
        case .countTokens: "count-tokens"
        case .generateContent: "generate-content"
        case .countContentTokens: "count-content-tokens"
        case .transcriptions: "transcriptions"
        case .translations: "translations"
        case .speech: "speech"
        case .images: "images"
        case .rerank: "rerank"
        }
    }

    @inlinable public var set: OperationSet { OperationSet(rawValue: 1 << UInt16(rawValue)) }
}

/// Several operations.
public struct OperationSet: OptionSet, BitwiseCopyable, Hashable, Sendable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    public init(_ operations: [Operation]) { rawValue = operations.reduce(0) { $0 | $1.set.rawValue } }
    @inlinable public func contains(_ operation: Operation) -> Bool { rawValue & operation.set.rawValue != 0 }
    public static let all = OperationSet(rawValue: .max)
}

/// The wires that chat is spoken on.
public enum ChatWire: UInt8, CaseIterable, BitwiseCopyable, Sendable {
    /// OpenAI's chat completions, and every server compatible with them.
    case chatCompletions
    /// OpenAI's Responses.
    case responses
    /// Anthropic's Messages, also on Foundry, Vertex AI and Bedrock's InvokeModel.
    case messages
    /// Google's generateContent, on AI Studio and Vertex AI.
    case generateContent
    /// Amazon Bedrock's Converse. Only ever an endpoint's wire.
    case converse
}

/// How an endpoint counts the tokens of a request without answering it.
public enum TokenCountAPI: UInt8, CaseIterable, Hashable, BitwiseCopyable, Sendable {
    /// Anthropic's `count_tokens`; on Vertex AI with the model in the body all the same.
    case messages
    /// Google's `countTokens`.
    case generateContent
    /// Amazon Bedrock's CountTokens, of a Converse request or of what InvokeModel would get.
    case converse, invokeModel
    /// OpenAI's `input_tokens` of Responses.
    case responses
    /// vLLM's `tokenize`, of messages.
    case tokenize
}

/// An API as an endpoint offers it for one of its models.
public enum ServedAPI: String, CaseIterable, Hashable, Sendable {
    /// OpenAI's chat completions.
    case chat
    case responses
    case completions
    case embeddings
    /// Anthropic's Messages; at Bedrock through InvokeModel, at Vertex AI through rawPredict.
    case messages
    case generateContent = "generate-content"
    case converse
    /// Embeddings in a family's own words.
    case titanEmbeddings = "titan-embeddings"
    case novaEmbeddings = "nova-embeddings"
    case cohereEmbeddings = "cohere-embeddings"
    case vertexEmbeddings = "vertex-embeddings"
    case geminiEmbeddings = "gemini-embeddings"
    case transcriptions, translations, speech, images, rerank
}

/// What a model takes or gives besides text.
public enum Modality: String, CaseIterable, Hashable, Sendable {
    case text
    /// Takes images.
    case image
    /// Takes sound.
    case audio
    /// Gives sound.
    case speech
    /// Gives images.
    case imageGeneration = "image-generation"
    case embedding, rerank

    /// The operations that can carry it; chat can carry whatever a model takes and gives, but vectors and ranks.
    public var operations: OperationSet {
        let chat: [Operation] = [.chatCompletions, .responses, .messages, .generateContent]
        return switch self {
        case .text: OperationSet(chat + [.completions])
        case .image: OperationSet(chat)
        case .audio: OperationSet(chat + [.transcriptions, .translations])
        case .speech: OperationSet(chat + [.speech])
        case .imageGeneration: OperationSet(chat + [.images])
        case .embedding: OperationSet([.embeddings])
        case .rerank: OperationSet([.rerank])
        }
    }
}

/// What becomes of a request that asks for something the chosen endpoint's wire cannot say.
public enum UnsupportedPolicy: String, CaseIterable, Hashable, Sendable {
    /// 400, naming it.
    case refuse
    /// Served without it; `x-isobar-dropped` names it.
    case drop
}
