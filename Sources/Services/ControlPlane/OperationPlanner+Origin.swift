// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Whose signatures an endpoint makes and takes back, by what it speaks and who runs it.
extension OperationPlanner {
    func origin(_ operation: Operation, _ plan: OperationPlan) -> SignatureOrigin? {
        switch plan.speech {
        case .chat(let wire, _): origin(wire)
        case .count(let api, _): origin(api.wire)
        case .embeddings: nil
        case .same: (operation.chatWire ?? operation.countedWire).map(origin)
        }
    }

    private func origin(_ wire: ChatWire) -> SignatureOrigin {
        switch (wire, flavor) {
        case (.messages, .anthropic), (.messages, .azure), (.messages, .bedrock), (.messages, .vertex): .anthropic
        case (.converse, _): isClaude ? .anthropic : model(.bedrock)
        case (_, .gemini): .google
        case (_, .vertex): .vertex
        // One organisation's, whatever the model.
        case (_, .openai), (_, .azure): SignatureOrigin(.openAI, endpoint: endpoint)
        case (_, .bedrock): model(.bedrock)
        default: model(.other)
        }
    }

    private func model(_ family: SignatureOrigin.Family) -> SignatureOrigin {
        SignatureOrigin(family, endpoint: "\(endpoint)/\(modelName)")
    }

    /// Bedrock's ids name the model's vendor: `anthropic.…`, `us.anthropic.…`, and ARNs of either. An ARN that names
    /// neither (an application's inference profile, provisioned throughput) stands for itself alone.
    private var isClaude: Bool {
        let identifier = modelName.split(separator: "/").last ?? ""
        return identifier.split(separator: ".").prefix(2).contains("anthropic")
    }
}

extension Operation {
    /// The wire in whose words a count is asked for.
    fileprivate var countedWire: ChatWire? {
        switch self {
        case .countTokens: .messages
        case .countContentTokens: .generateContent
        case .countInputTokens: .responses
        default: nil
        }
    }
}

extension TokenCountAPI {
    /// The wire in whose words the conversation stands.
    fileprivate var wire: ChatWire {
        switch self {
        case .messages, .invokeModel: .messages
        case .generateContent: .generateContent
        case .converse: .converse
        case .responses: .responses
        case .tokenize: .chatCompletions
        }
    }
}
