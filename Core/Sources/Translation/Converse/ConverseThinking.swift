// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// How a model on Bedrock is told to think: as Claude is.
enum ConverseThinking: Equatable {
    /// At most so many tokens: 1024 or more, fewer than the bound on output.
    case budget(Int64)
    /// As much as it thinks fit, or as much as the effort says.
    case adaptive(Reasoning.Effort?)
}

// Whether and how much the model is to think.
extension ConverseBody {
    /// - Returns: `nil` for no thinking, which is the wire's default.
    mutating func planThinking() -> ConverseThinking? {
        guard let reasoning = conversation.reasoning, reasoning != .off else { return nil }
        let hasRoom = conversation.outputTokensMax.map { $0 > ThinkingBudget.smallest } ?? true
        // Claude refuses to think when it is forced to call a tool.
        switch target.capabilities.thinking {
        case .adaptive where !forcesCall: return .adaptive(Self.effort(reasoning))
        case .budget where !forcesCall && hasRoom: return .budget(budget(reasoning))
        case .none, .adaptive, .budget:
            losses.add(.reasoning)
            return nil
        }
    }

    private static func effort(_ reasoning: Reasoning) -> Reasoning.Effort? {
        switch reasoning {
        case .off, .adaptive: nil
        case .effort(let effort): effort
        case .budget(let tokens): ThinkingBudget.effort(tokens)
        }
    }

    /// A number is cut to what the wire allows. An effort is a wish, so there a quarter of the bound stays for the
    /// answer; without an effort it is `high`, Claude's own default.
    private func budget(_ reasoning: Reasoning) -> Int64 {
        let bound = conversation.outputTokensMax ?? .max
        let forWishes = bound - bound / 4
        let wanted =
            switch reasoning {
            case .budget(let tokens): min(tokens, bound - 1)
            case .effort(let effort): min(ThinkingBudget.tokens(effort), forWishes)
            case .off, .adaptive: min(ThinkingBudget.tokens(.high), forWishes)
            }
        return max(ThinkingBudget.smallest, wanted)
    }
}

extension Reasoning.Effort {
    var bedrockName: JSONString {
        switch self {
        case .minimal, .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .xhigh: "xhigh"
        case .max: "max"
        }
    }
}
