// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
public import Routing

/// What an endpoint is asked in: a wire that it speaks itself.
public enum ProbeWire: Hashable, Sendable {
    case chatCompletions, completions, responses, generateContent, converse
    case messages(OperationPlan.Home)
    /// OpenAI's embeddings, or a family's own.
    case embeddings(OperationPlan.EmbeddingsFamily?)
    case rerank, speech, transcriptions

    /// The wire that performs `operation` by `plan`; `nil` where nothing tiny and free of cost can be asked.
    init?(_ operation: Operation, _ plan: OperationPlan) {
        switch plan.speech {
        case .embeddings(let family): self = .embeddings(family)
        case .chat(let wire, let home): self = Self.chat(wire, home)
        case .count: return nil
        case .same:
            switch operation {
            case .chatCompletions: self = .chatCompletions
            case .completions: self = .completions
            case .embeddings: self = .embeddings(nil)
            case .responses: self = .responses
            case .messages: self = .messages(.own)
            case .generateContent: self = .generateContent
            case .rerank: self = .rerank
            case .speech: self = .speech
            case .transcriptions: self = .transcriptions
            case .countInputTokens, .countTokens, .countContentTokens, .translations, .images: return nil
            }
        }
    }

    private static func chat(_ wire: ChatWire, _ home: OperationPlan.Home) -> ProbeWire {
        switch wire {
        case .chatCompletions: .chatCompletions
        case .responses: .responses
        case .messages: .messages(home)
        case .generateContent: .generateContent
        case .converse: .converse
        }
    }

    /// For people.
    public var name: String {
        switch self {
        case .chatCompletions: "chat"
        case .completions: "completions"
        case .responses: "responses"
        case .generateContent: "generate-content"
        case .converse: "converse"
        case .messages: "messages"
        case .embeddings: "embeddings"
        case .rerank: "rerank"
        case .speech: "speech"
        case .transcriptions: "transcriptions"
        }
    }

    /// Members of the answer, one of which is there when the endpoint speaks this wire. Empty: the answer is no JSON.
    var answerMembers: [String] {
        switch self {
        case .chatCompletions, .completions: ["choices"]
        case .responses, .converse: ["output"]
        case .messages: ["content"]
        case .generateContent: ["candidates", "promptFeedback"]
        case .embeddings(nil): ["data"]
        case .embeddings(.titan): ["embedding", "embeddingsByType"]
        case .embeddings(.nova), .embeddings(.cohere), .embeddings(.gemini): ["embeddings"]
        case .embeddings(.vertex): ["predictions"]
        case .rerank: ["results"]
        case .transcriptions: ["text"]
        case .speech: []
        }
    }
}
