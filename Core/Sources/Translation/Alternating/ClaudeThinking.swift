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
    /// - Parameter bound: on output tokens, thinking included; `nil`: the model's own.
    /// - Returns: `nil` for no thinking, which is the wires' default.
    mutating func planThinking(bound: Int64?) -> ClaudeThinking? {
        guard let reasoning = conversation.reasoning, reasoning != .off else { return nil }
        // "Thinking may not be enabled when tool_choice forces tool use."
        switch target.capabilities.thinking {
        case .adaptive where !conversation.forcesCall: return .adaptive(Self.effort(reasoning))
        case .budget where !conversation.forcesCall && bound ?? .max > ThinkingBudget.smallest:
            guard !resumesWithoutThinking else {
                // The caller cannot mend it: the turn goes on without, or not at all.
                losses.tell(.reasoning)
                return nil
            }
            return .budget(Self.budget(reasoning, bound ?? .max))
        case .none, .adaptive, .budget:
            losses.add(.reasoning)
            return nil
        }
    }

    /// Whether the conversation stands at the results of calls that came without thinking, because another provider
    /// made them or the caller did not keep it. Claude with a budget refuses to think on from there.
    private var resumesWithoutThinking: Bool {
        var hasResults = false
        var hasCalls = false
        var isAssistant = false
        for turn in conversation.turns.reversed() {
            let parts = conversation.parts[turn.parts]
            if turn.role == .user {
                if isAssistant { hasResults = false }
                if parts.contains(where: { $0.kind == .toolResult }) { hasResults = true }
            } else {
                // Whatever stands in front of a question is another turn.
                guard hasResults else { return hasCalls }
                if parts.contains(where: isTakenThinking) { return false }
                if parts.contains(where: { $0.kind == .toolCall }) { hasCalls = true }
            }
            isAssistant = turn.role == .assistant
        }
        return hasCalls
    }

    private func isTakenThinking(_ part: Part) -> Bool {
        part.kind == .redactedThinking && !part.text.isEmpty || part.kind == .thinking && !part.signature.isEmpty
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
