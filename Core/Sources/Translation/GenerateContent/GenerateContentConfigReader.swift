// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads `generationConfig`.
enum GenerateContentConfigReader {
    static func read(_ config: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard config.isObject else { throw TranslationFault(.wrongType("an object"), at: "generationConfig") }
        for (name, value) in config.members where !value.isNull {
            try read(name, value, into: conversation)
        }
        try readFormat(config, into: conversation)
    }

    private static func read(
        _ name: JSONString, _ value: JSONElement, into conversation: Conversation
    ) throws(TranslationFault) {
        switch Member(name) {
        case .temperature: conversation.sampling.temperature = try number(value, "generationConfig.temperature")
        case .topP: conversation.sampling.topP = try number(value, "generationConfig.topP")
        case .topK:
            _ = try number(value, "generationConfig.topK")
            conversation.sampling.topK = value.wholeNumber
        case .seed: conversation.sampling.seed = try number(value, "generationConfig.seed")
        case .presencePenalty:
            let penalty = try number(value, "generationConfig.presencePenalty")
            conversation.sampling.presencePenalty = value.isEmpty ? nil : penalty
        case .frequencyPenalty:
            let penalty = try number(value, "generationConfig.frequencyPenalty")
            conversation.sampling.frequencyPenalty = value.isEmpty ? nil : penalty
        case .maxOutputTokens: conversation.outputTokensMax = try value.integer(at: "generationConfig.maxOutputTokens")
        case .stopSequences: try readStops(value, into: conversation)
        case .thinkingConfig:
            conversation.showsThoughts = includesThoughts(value)
            conversation.reasoning = try readThinking(value)
        case .format: break
        case .candidateCount: if value.integer != 1 { foreign(name, conversation) }
        case .modalities: if !isTextAlone(value) { foreign(name, conversation) }
        case nil: if !value.isEmpty { foreign(name, conversation) }
        }
    }

    private static func foreign(_ name: JSONString, _ conversation: Conversation) {
        conversation.addForeign("generationConfig.", name)
    }

    /// A value of the wrong kind is refused: left out, it would be lost without a word.
    private static func number(_ value: JSONElement, _ path: StaticString) throws(TranslationFault) -> JSONRaw {
        guard let number = value.number else { throw TranslationFault(.wrongType("a number"), at: "\(path)") }
        return number
    }

    private static func readStops(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        try value.forEachItem { (element, _) throws(TranslationFault) in
            guard let text = element.string else {
                throw TranslationFault(.wrongType("strings"), at: "generationConfig.stopSequences")
            }
            conversation.stops.append(text)
        }
    }

    private static func isTextAlone(_ value: JSONElement) -> Bool {
        guard value.isArray else { return value.string?.matches("text") ?? false }
        return value.elements.allSatisfy { $0.string?.matches("text") ?? false }
    }

    // MARK: Thinking

    /// A budget of 0 is off, -1 is as much as the model thinks fit. Thoughts that come unasked are shown: a Google client
    /// tells them from text by itself.
    private static func readThinking(_ config: JSONElement) throws(TranslationFault) -> Reasoning? {
        let budget = config.either("thinkingBudget", "thinking_budget")
        let level = config.either("thinkingLevel", "thinking_level")
        guard budget == nil || level == nil else {
            throw TranslationFault(
                .wrongType("thinkingBudget or thinkingLevel, not both"), at: "generationConfig.thinkingConfig")
        }
        if let budget {
            let tokens = try budget.integer(at: "generationConfig.thinkingConfig.thinkingBudget")
            return tokens == 0 ? .off : tokens < 0 ? .adaptive : .budget(tokens)
        }
        if let level { return .effort(try effort(level)) }
        return includesThoughts(config) ? .adaptive : nil
    }

    private static func includesThoughts(_ config: JSONElement) -> Bool {
        config.either("includeThoughts", "include_thoughts")?.bool ?? false
    }

    private static func effort(_ level: JSONElement) throws(TranslationFault) -> Reasoning.Effort {
        let text = level.string ?? .empty
        if text.matches("minimal") { return .minimal }
        if text.matches("low") { return .low }
        if text.matches("medium") { return .medium }
        if text.matches("high") { return .high }
        throw TranslationFault(
            .wrongType("MINIMAL, LOW, MEDIUM or HIGH"), at: "generationConfig.thinkingConfig.thinkingLevel")
    }

    // MARK: Format

    private static func readFormat(_ config: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        let jsonSchema =
            config.either("responseJsonSchema", "response_json_schema") ?? config.present("_responseJsonSchema")
        let schema = config.either("responseSchema", "response_schema")
        guard jsonSchema == nil || schema == nil else {
            throw TranslationFault(
                .wrongType("the only schema: responseSchema or responseJsonSchema"),
                at: "generationConfig.responseSchema")
        }
        if let found = jsonSchema?.raw ?? schema.map({ GenerateContentSchema.jsonSchema($0, conversation.arena) }) {
            conversation.format = .jsonSchema(schema: found, name: nil, description: nil, isStrict: nil)
        }
        guard let type = config.either("responseMimeType", "response_mime_type")?.string else { return }
        if type == "application/json" {
            if conversation.format == nil { conversation.format = .jsonObject }
        } else if !(type == "text/plain") {
            conversation.format = nil
            foreign("responseMimeType", conversation)
        }
    }

    /// Members with a meaning on other wires.
    private enum Member: WireMember {
        case temperature, topP, topK, seed, presencePenalty, frequencyPenalty, maxOutputTokens, stopSequences
        case thinkingConfig, candidateCount, modalities
        /// Read together.
        case format

        static let table: [(name: StaticString, member: Member)] = [
            ("temperature", .temperature), ("topP", .topP), ("topK", .topK), ("maxOutputTokens", .maxOutputTokens),
            ("stopSequences", .stopSequences), ("thinkingConfig", .thinkingConfig), ("seed", .seed),
            ("responseMimeType", .format), ("responseSchema", .format), ("responseJsonSchema", .format),
            ("_responseJsonSchema", .format), ("presencePenalty", .presencePenalty),
            ("frequencyPenalty", .frequencyPenalty), ("candidateCount", .candidateCount),
            ("responseModalities", .modalities), ("top_p", .topP), ("top_k", .topK),
            ("max_output_tokens", .maxOutputTokens), ("stop_sequences", .stopSequences),
            ("thinking_config", .thinkingConfig), ("response_mime_type", .format), ("response_schema", .format),
            ("response_json_schema", .format), ("presence_penalty", .presencePenalty),
            ("frequency_penalty", .frequencyPenalty), ("candidate_count", .candidateCount),
            ("response_modalities", .modalities),
        ]
    }
}

extension JSONElement {
    /// A number without a fraction of zeros. Google's own SDKs write `topK` as a floating point number, `5.0`, and other
    /// providers refuse that where they count (google-genai 3.6, read 2026-11).
    fileprivate var wholeNumber: JSONRaw? {
        guard let bytes = number?.bytes, let point = bytes.firstIndex(of: UInt8(ascii: ".")) else { return number }
        let isWhole = bytes[(point + 1)...].allSatisfy { $0 == UInt8(ascii: "0") }
        return isWhole ? JSONRaw(UnsafeRawBufferPointer(rebasing: bytes[..<point])) : number
    }
}
