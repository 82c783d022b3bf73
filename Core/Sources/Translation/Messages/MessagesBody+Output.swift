// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// How Claude is told to think.
enum MessagesThinking: Equatable {
    /// At most so many tokens: 1024 or more, fewer than the bound on output.
    case budget(Int64)
    /// As much as it thinks fit, or as much as the effort says.
    case adaptive(Reasoning.Effort?)
}

// Sampling, thinking and the form of the output: what depends on the model as much as on the wire.
extension MessagesBody {
    // MARK: Thinking

    /// - Returns: `nil` for no thinking, which is the wire's default.
    mutating func planThinking() -> MessagesThinking? {
        guard let reasoning = conversation.reasoning, reasoning != .off else { return nil }
        // "Thinking may not be enabled when tool_choice forces tool use."
        guard target.capabilities.thinking != .none, !forcesCall else {
            losses.add(.reasoning)
            return nil
        }
        if target.capabilities.thinking == .adaptive { return .adaptive(effort(reasoning)) }
        guard outputTokensMax > ThinkingBudget.smallest, !resumesWithoutThinking else {
            losses.add(.reasoning)
            return nil
        }
        return .budget(budget(reasoning))
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
                if parts.contains(where: { takesThinking($0) }) { return false }
                if parts.contains(where: { $0.kind == .toolCall }) { hasCalls = true }
            }
            isAssistant = turn.role == .assistant
        }
        return hasCalls
    }

    private func takesThinking(_ part: Part) -> Bool {
        part.kind == .redactedThinking || part.kind == .thinking && !part.signature.isEmpty
    }

    private func effort(_ reasoning: Reasoning) -> Reasoning.Effort? {
        switch reasoning {
        case .off, .adaptive: nil
        case .effort(let effort): effort
        case .budget(let tokens): ThinkingBudget.effort(tokens)
        }
    }

    /// A number is cut to what the wire allows. An effort is a wish, so there a quarter of the bound stays for the
    /// answer; without an effort it is `high`, as Anthropic's own default.
    private func budget(_ reasoning: Reasoning) -> Int64 {
        let wanted: Int64
        let most: Int64
        switch reasoning {
        case .budget(let tokens):
            wanted = tokens
            most = outputTokensMax - 1
        case .effort(let effort):
            wanted = ThinkingBudget.tokens(effort)
            most = outputTokensMax - outputTokensMax / 4
        case .off, .adaptive:
            wanted = ThinkingBudget.tokens(.high)
            most = outputTokensMax - outputTokensMax / 4
        }
        return max(ThinkingBudget.smallest, min(wanted, most))
    }

    func writeOutput(_ thinking: MessagesThinking?, _ format: JSONRaw?) {
        writeThinking(thinking)
        var effort: Reasoning.Effort?
        if case .adaptive(let wanted) = thinking { effort = wanted }
        guard effort != nil || format != nil else { return }
        writer.name("output_config")
        writer.beginObject()
        if let effort { writer.member("effort", effort.anthropicName) }
        if let format {
            writer.name("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.member("schema", raw: format)
            writer.endObject()
        }
        writer.endObject()
    }

    mutating func writeOutput(_ thinking: MessagesThinking?) { writeOutput(thinking, schema()) }

    private func writeThinking(_ thinking: MessagesThinking?) {
        guard let thinking else { return }
        writer.name("thinking")
        writer.beginObject()
        switch thinking {
        case .budget(let tokens):
            writer.member("type", "enabled")
            writer.member("budget_tokens", tokens)
        case .adaptive: writer.member("type", "adaptive")
        }
        writer.endObject()
    }

    private mutating func schema() -> JSONRaw? {
        switch conversation.format {
        case nil: return nil
        case .jsonObject:
            if target.capabilities.takesSchemas { return #"{"type":"object","additionalProperties":true}"# }
            losses.add(.jsonObject)
        case .jsonSchema(let schema, _, _, _):
            if target.capabilities.takesSchemas { return schema }
            losses.add(.jsonSchema)
        }
        return nil
    }

    // MARK: Sampling

    /// Newer models take no sampling at all, and none takes it while it thinks.
    mutating func writeSampling(isThinking: Bool) {
        let sampling = conversation.sampling
        let takesSampling = target.capabilities.takesSampling && !isThinking
        if let temperature = sampling.temperature { write(temperature: temperature, takesSampling) }
        if let topP = sampling.topP {
            if takesSampling {
                writer.member("top_p", raw: topP)
            } else if SamplingNumber.value(topP) != 1 {
                losses.add(.topP)
            }
        }
        if let topK = sampling.topK { write(topK: topK, takesSampling) }
        if sampling.seed != nil { losses.add(.seed) }
        if let penalty = sampling.presencePenalty, SamplingNumber.value(penalty) != 0 { losses.add(.presencePenalty) }
        if let penalty = sampling.frequencyPenalty, SamplingNumber.value(penalty) != 0 {
            losses.add(.frequencyPenalty)
        }
    }

    /// Anthropic's temperatures end at 1, which is also what it takes without being told.
    private mutating func write(temperature: JSONRaw, _ takesSampling: Bool) {
        let value = SamplingNumber.value(temperature) ?? 1
        if value > 1 || (!takesSampling && value != 1) { losses.add(.temperature) }
        guard takesSampling else { return }
        writer.member("temperature", raw: value > 1 ? "1" : temperature)
    }

    /// Compatible servers say "all" as 0 or -1.
    private mutating func write(topK: JSONRaw, _ takesSampling: Bool) {
        guard (SamplingNumber.value(topK) ?? 0) > 0 else { return }
        if takesSampling { writer.member("top_k", raw: topK) } else { losses.add(.topK) }
    }
}

extension Reasoning.Effort {
    fileprivate var anthropicName: JSONString {
        switch self {
        case .minimal, .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .xhigh: "xhigh"
        case .max: "max"
        }
    }
}
