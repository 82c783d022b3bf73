// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes `generationConfig`.
enum GenerateContentConfigWriter {
    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) {
        var config = OptionalObject("generationConfig", writer)
        if let tokens = conversation.outputTokensMax {
            config.open()
            writer.member("maxOutputTokens", tokens)
        }
        writeSampling(conversation.sampling, target.capabilities, &config, &losses)
        if !conversation.stops.isEmpty {
            config.open()
            writer.member("stopSequences", strings: conversation.stops)
        }
        if let format = conversation.format { write(format, target, &config, &losses) }
        if let reasoning = conversation.reasoning { write(reasoning, target.capabilities, &config, &losses) }
        config.close()
    }

    private static func writeSampling(
        _ sampling: Sampling, _ capabilities: Capabilities, _ config: inout OptionalObject, _ losses: inout Losses
    ) {
        if capabilities.takesSampling {
            config.member("temperature", raw: sampling.temperature)
            config.member("topP", raw: sampling.topP)
            config.member("topK", raw: sampling.topK)
        } else {
            if sampling.temperature != nil { losses.add(.temperature) }
            if sampling.topP != nil { losses.add(.topP) }
            if sampling.topK != nil { losses.add(.topK) }
        }
        config.member("seed", raw: sampling.seed)
        config.member("presencePenalty", raw: sampling.presencePenalty)
        config.member("frequencyPenalty", raw: sampling.frequencyPenalty)
    }

    private static func write(
        _ format: OutputFormat, _ target: EndpointTarget, _ config: inout OptionalObject, _ losses: inout Losses
    ) {
        config.member("responseMimeType", "application/json")
        guard case .jsonSchema(let schema, _, _, _) = format else { return }
        guard target.capabilities.takesSchemas else { return losses.add(.jsonSchema) }
        switch target.capabilities.schemas {
        case .jsonSchema: config.member("responseJsonSchema", raw: schema)
        case .openAPI:
            config.writer.name("responseSchema")
            OpenAPISchemaWriter.write(
                schema, of: .jsonSchema, home: target.home, to: config.writer, losses: &losses)
        }
    }

    // MARK: Thinking

    /// A budget for Gemini 2.5, a level for Gemini 3; both at once are refused. Thoughts are shown when thinking was
    /// asked for, because every other wire shows them then.
    private static func write(
        _ reasoning: Reasoning, _ capabilities: Capabilities, _ config: inout OptionalObject, _ losses: inout Losses
    ) {
        if capabilities.thinking == .none {
            if reasoning != .off { losses.add(.reasoning) }
            return
        }
        config.open()
        let writer = config.writer
        writer.name("thinkingConfig")
        writer.beginObject()
        if capabilities.thinking == .budget {
            writer.member("thinkingBudget", budget(reasoning))
        } else if let level = level(reasoning) {
            writer.member("thinkingLevel", level)
        }
        if reasoning != .off { writer.member("includeThoughts", true) }
        writer.endObject()
    }

    /// What every model of Gemini 2.5 takes; a budget is a bound, so a smaller one keeps the promise.
    static let budgetTokensMax: Int64 = 24576

    private static func budget(_ reasoning: Reasoning) -> Int64 {
        switch reasoning {
        case .off: 0
        case .adaptive: -1
        case .effort(let effort): min(ThinkingBudget.tokens(effort), budgetTokensMax)
        case .budget(let tokens): min(tokens, budgetTokensMax)
        }
    }

    /// Gemini 3 cannot be told not to think; the lowest level is what it has for that.
    private static func level(_ reasoning: Reasoning) -> JSONString? {
        switch reasoning {
        case .off: "MINIMAL"
        case .adaptive: nil
        case .effort(let effort): name(effort)
        case .budget(let tokens): name(ThinkingBudget.effort(tokens))
        }
    }

    private static func name(_ effort: Reasoning.Effort) -> JSONString {
        switch effort {
        case .minimal: "MINIMAL"
        case .low: "LOW"
        case .medium: "MEDIUM"
        case .high, .xhigh, .max: "HIGH"
        }
    }
}
