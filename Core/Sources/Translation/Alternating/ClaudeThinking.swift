// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// How Claude, and on Bedrock every other model too, is told to think.
enum ClaudeThinking: Equatable {
    /// At most so many tokens: 1024 or more, fewer than the bound on output.
    case budget(Int64)
    /// As much as it thinks fit, or as much as the effort says.
    case adaptive(Reasoning.Effort?)
}

extension AlternatingBody {
    /// Whether and how much the model is to think.
    /// - Parameters:
    ///   - bound: on output tokens, thinking included; `nil`: the model's own.
    ///   - mayBudget: whether a model that is told a number of tokens may think at this point of the conversation.
    /// - Returns: `nil` for no thinking, which is the wires' default.
    mutating func planThinking(bound: Int64?, mayBudget: Bool) -> ClaudeThinking? {
        guard let reasoning = conversation.reasoning, reasoning != .off else { return nil }
        // "Thinking may not be enabled when tool_choice forces tool use."
        switch target.capabilities.thinking {
        case .adaptive where !conversation.forcesCall: return .adaptive(Self.effort(reasoning))
        case .budget where !conversation.forcesCall && mayBudget && bound ?? .max > ThinkingBudget.smallest:
            return .budget(Self.budget(reasoning, bound ?? .max))
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
    private static func budget(_ reasoning: Reasoning, _ bound: Int64) -> Int64 {
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

extension ClaudeThinking {
    /// The value of the model's own member `thinking`.
    func write(to writer: JSONWriter) {
        writer.beginObject()
        switch self {
        case .budget(let tokens):
            writer.member("type", "enabled")
            writer.member("budget_tokens", tokens)
        case .adaptive: writer.member("type", "adaptive")
        }
        writer.endObject()
    }

    /// The word for how much, which stands apart from it.
    var effort: JSONString? {
        guard case .adaptive(let effort?) = self else { return nil }
        return switch effort {
        case .minimal, .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .xhigh: "xhigh"
        case .max: "max"
        }
    }
}
