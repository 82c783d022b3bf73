// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads OpenAI's chat completions request.
///
/// Also takes what compatible servers and gateways added and clients send back: `reasoning_content`, `thinking_blocks`
/// (with signatures), Google's `extra_content` on tool calls, `cache_control` on parts, `top_k`.
struct ChatRequestReader: RequestReading {
    static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard body.isObject else { throw TranslationFault(.wrongType("an object")) }
        for (name, value) in body.members where !value.isNull {
            try read(name, value, body, into: conversation)
        }
    }

    // MARK: Members

    private static func read(
        _ name: JSONString, _ value: JSONElement, _ body: JSONElement, into conversation: Conversation
    ) throws(TranslationFault) {
        switch ChatMember(name) {
        case .model: conversation.model = try text(value, "model")
        case .messages: try ChatMessageReader.read(value, into: conversation)
        case .stream: conversation.isStream = try flag(value, "stream")
        case .maxCompletionTokens: conversation.outputTokensMax = try integer(value, "max_completion_tokens")
        case .maxTokens:
            let max = try integer(value, "max_tokens")
            if body.present("max_completion_tokens") == nil { conversation.outputTokensMax = max }
        case .temperature: conversation.sampling.temperature = try number(value, "temperature")
        case .topP: conversation.sampling.topP = try number(value, "top_p")
        case .topK: conversation.sampling.topK = try number(value, "top_k")
        case .seed: conversation.sampling.seed = try number(value, "seed")
        case .presencePenalty: conversation.sampling.presencePenalty = try penalty(value, "presence_penalty")
        case .frequencyPenalty: conversation.sampling.frequencyPenalty = try penalty(value, "frequency_penalty")
        case .stop: try readStops(value, into: conversation)
        case .tools: try ChatToolReader.read(value, into: conversation)
        case .toolChoice: try ChatToolReader.readChoice(value, into: conversation)
        case .parallelToolCalls: conversation.allowsParallelCalls = try flag(value, "parallel_tool_calls")
        case .responseFormat: conversation.format = try ChatFormat.read(value)
        case .reasoningEffort: conversation.reasoning = try readEffort(value)
        case .user: conversation.user = try text(value, "user")
        case .metadata: conversation.metadata = value.isEmpty ? nil : value.raw
        case .serviceTier: conversation.serviceTier = value.string.map { ServiceTier(openAI: $0) }
        case .neutral: break
        case .neutralWhenEmpty: if !value.isEmpty { conversation.foreign.append(name) }
        case .choices: if value.integer != 1 { conversation.foreign.append(name) }
        case .modalities:
            if value.raw.bytes.elementsEqual(#"["text"]"#.utf8) == false { conversation.foreign.append(name) }
        case nil: conversation.foreign.append(name)
        }
    }

    // A value of the wrong kind is refused: left out, it would be lost without a word.

    private static func text(_ value: JSONElement, _ path: String) throws(TranslationFault) -> JSONString {
        guard let text = value.string else { throw TranslationFault(.wrongType("a string"), at: path) }
        return text
    }

    private static func flag(_ value: JSONElement, _ path: String) throws(TranslationFault) -> Bool {
        guard let flag = value.bool else { throw TranslationFault(.wrongType("true or false"), at: path) }
        return flag
    }

    private static func integer(_ value: JSONElement, _ path: String) throws(TranslationFault) -> Int64 {
        guard let integer = value.integer else { throw TranslationFault(.wrongType("an integer"), at: path) }
        return integer
    }

    private static func number(_ value: JSONElement, _ path: String) throws(TranslationFault) -> JSONRaw {
        guard let number = value.number else { throw TranslationFault(.wrongType("a number"), at: path) }
        return number
    }

    /// Zero is what it is without being told.
    private static func penalty(_ value: JSONElement, _ path: String) throws(TranslationFault) -> JSONRaw? {
        let number = try number(value, path)
        return value.isEmpty ? nil : number
    }

    private static func readStops(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let single = value.string {
            conversation.stops.append(single)
            return
        }
        guard value.isArray else { throw TranslationFault(.wrongType("a string or an array of strings"), at: "stop") }
        for element in value.elements {
            guard let text = element.string else { throw TranslationFault(.wrongType("strings"), at: "stop") }
            conversation.stops.append(text)
        }
    }

    static func readEffort(_ value: JSONElement) throws(TranslationFault) -> Reasoning {
        guard let text = value.string, let reasoning = Reasoning(effort: text) else {
            throw TranslationFault(
                .wrongType("none, minimal, low, medium, high, xhigh or max"), at: "reasoning_effort")
        }
        return reasoning
    }

}

/// Members of a chat completions request that have a meaning on other wires, or none at all.
private enum ChatMember: WireMember {
    case model, messages, stream, maxCompletionTokens, maxTokens, temperature, topP, topK, seed, presencePenalty,
        frequencyPenalty, stop, tools, toolChoice, parallelToolCalls, responseFormat, reasoningEffort, user, metadata,
        serviceTier
    /// Changes nothing that another wire would have to say.
    case neutral
    /// Off when false, zero or empty; foreign otherwise.
    case neutralWhenEmpty
    case choices, modalities

    static let table: [(name: StaticString, member: ChatMember)] = [
        ("model", .model), ("messages", .messages), ("stream", .stream), ("max_tokens", .maxTokens),
        ("max_completion_tokens", .maxCompletionTokens), ("temperature", .temperature), ("top_p", .topP),
        ("tools", .tools), ("tool_choice", .toolChoice), ("stop", .stop), ("response_format", .responseFormat),
        ("stream_options", .neutral), ("user", .user), ("safety_identifier", .user), ("seed", .seed),
        ("top_k", .topK), ("presence_penalty", .presencePenalty), ("frequency_penalty", .frequencyPenalty),
        ("parallel_tool_calls", .parallelToolCalls), ("reasoning_effort", .reasoningEffort),
        ("metadata", .metadata), ("service_tier", .serviceTier), ("n", .choices), ("modalities", .modalities),
        ("prompt_cache_key", .neutral), ("store", .neutralWhenEmpty), ("logprobs", .neutralWhenEmpty),
        ("logit_bias", .neutralWhenEmpty), ("top_logprobs", .neutralWhenEmpty),
    ]
}

extension Reasoning {
    /// OpenAI's word for it; `nil` for a word it does not have.
    init?(effort text: JSONString) {
        if text == "none" {
            self = .off
        } else if let effort = Effort.allCases.first(where: { text == $0.openAIName }) {
            self = .effort(effort)
        } else {
            return nil
        }
    }
}

extension ServiceTier {
    init(openAI word: JSONString) {
        self = word == "default" ? .standard : word == "flex" ? .flex : word == "priority" ? .priority : .auto
    }

    /// `nil` where the provider is to choose, which it does without being told.
    var openAIName: JSONString? {
        switch self {
        case .auto: nil
        case .standard: "default"
        case .flex: "flex"
        case .priority: "priority"
        }
    }
}

extension Reasoning.Effort {
    var openAIName: StaticString {
        switch self {
        case .minimal: "minimal"
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .xhigh: "xhigh"
        case .max: "max"
        }
    }
}
