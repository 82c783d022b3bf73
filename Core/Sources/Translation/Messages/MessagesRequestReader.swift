// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads Anthropic's Messages request (its reference and SDK types, read 2026-11).
struct MessagesRequestReader: RequestReading {
    static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard body.isObject else { throw TranslationFault(.wrongType("an object")) }
        for (name, value) in body.members where !value.isNull { try read(name, value, into: conversation) }
        try readReasoning(body, into: conversation)
        if let control = body.present("cache_control") { markLast(CacheMark(control), conversation) }
    }

    // MARK: Members

    private static func read(
        _ name: JSONString, _ value: JSONElement, into conversation: Conversation
    ) throws(TranslationFault) {
        switch MessagesMember(name) {
        case .model: conversation.model = try value.text(at: "model")
        case .messages: try MessagesTurnReader.read(value, into: conversation)
        case .system: try MessagesTurnReader.readSystem(value, into: conversation)
        case .stream: conversation.isStream = try value.flag(at: "stream")
        case .maxTokens: conversation.outputTokensMax = try value.integer(at: "max_tokens")
        case .temperature: conversation.sampling.temperature = try value.number(at: "temperature")
        case .topP: conversation.sampling.topP = try value.number(at: "top_p")
        case .topK: conversation.sampling.topK = try value.number(at: "top_k")
        case .stops: try readStops(value, into: conversation)
        case .tools: try MessagesToolReader.read(value, into: conversation)
        case .toolChoice: try MessagesToolReader.readChoice(value, into: conversation)
        case .metadata: try readMetadata(value, into: conversation)
        case .serviceTier: try readTier(value, into: conversation)
        case .elsewhere: break
        case .neutralWhenEmpty: if !value.isEmpty { conversation.foreign.append(name) }
        case nil: conversation.foreign.append(name)
        }
    }

    private static func readStops(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard value.isArray else { throw TranslationFault(.wrongType("an array of strings"), at: "stop_sequences") }
        for element in value.elements {
            guard let text = element.string else { throw TranslationFault(.wrongType("strings"), at: "stop_sequences") }
            conversation.stops.append(text)
        }
    }

    private static func readMetadata(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard value.isObject else { throw TranslationFault(.wrongType("an object"), at: "metadata") }
        if let user = value.present("user_id") { conversation.user = try user.text(at: "metadata.user_id") }
        conversation.addForeignMembers(of: value, except: MessagesMembers.metadata, "metadata.")
    }

    private static func readTier(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        let tier = try value.text(at: "service_tier")
        guard tier == "auto" || tier == "standard_only" else {
            throw TranslationFault(.wrongType("auto or standard_only"), at: "service_tier")
        }
        conversation.serviceTier = tier == "auto" ? .auto : .standard
    }

    // MARK: Thinking and output

    /// `thinking` says whether and how, `output_config.effort` how much: one wish out of both.
    private static func readReasoning(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        var effort: Reasoning.Effort?
        if let output = body.present("output_config") {
            guard output.isObject else { throw TranslationFault(.wrongType("an object"), at: "output_config") }
            effort = try readEffort(output.present("effort"))
            if let format = output.present("format") {
                conversation.format = try readFormat(format, "output_config.format")
            }
            conversation.addForeignMembers(of: output, except: MessagesMembers.output, "output_config.")
        }
        // Where the format stood before it was released.
        if let format = body.present("output_format") {
            conversation.format = try readFormat(format, "output_format")
        }
        conversation.reasoning = effort.map { .effort($0) }
        guard let thinking = body.present("thinking") else { return }
        try readThinking(thinking, effort, into: conversation)
    }

    private static func readThinking(
        _ thinking: JSONElement, _ effort: Reasoning.Effort?, into conversation: Conversation
    ) throws(TranslationFault) {
        guard let type = thinking["type"]?.string else {
            throw TranslationFault(.wrongType("an object with a type"), at: "thinking")
        }
        if type == "adaptive" {
            conversation.reasoning = effort.map { .effort($0) } ?? .adaptive
        } else if type == "enabled" {
            guard let budget = thinking["budget_tokens"]?.integer, budget > 0 else {
                throw TranslationFault(.wrongType("a number of tokens"), at: "thinking.budget_tokens")
            }
            conversation.reasoning = .budget(budget)
            if effort != nil { conversation.addForeign("output_config.", "effort") }
        } else if type == "disabled" {
            conversation.reasoning = .off
            if effort != nil { conversation.addForeign("output_config.", "effort") }
        } else {
            throw TranslationFault(.wrongType("enabled, adaptive or disabled"), at: "thinking.type")
        }
        // Thinking is shown wherever the endpoint shows it.
        let isShown = thinking["display"]?.string.map { $0 == "summarized" } ?? true
        if !isShown { conversation.addForeign("thinking.", "display") }
        conversation.showsThoughts = isShown && conversation.reasoning != .off
        conversation.addForeignMembers(of: thinking, except: MessagesMembers.thinking, "thinking.")
    }

    private static func readEffort(_ value: JSONElement?) throws(TranslationFault) -> Reasoning.Effort? {
        guard let value else { return nil }
        guard let word = value.string, case .effort(let effort) = Reasoning(effort: word) else {
            throw TranslationFault(.wrongType("low, medium, high, xhigh or max"), at: "output_config.effort")
        }
        return effort
    }

    private static func readFormat(_ value: JSONElement, _ path: String) throws(TranslationFault) -> OutputFormat {
        guard value["type"]?.string.map({ $0 == "json_schema" }) ?? false, let schema = value.present("schema") else {
            throw TranslationFault(.wrongType("json_schema with a schema"), at: path)
        }
        return .jsonSchema(schema: schema.raw, name: nil, description: nil, isStrict: true)
    }

    // MARK: Cache

    /// `cache_control` at the top means: at the last block that can carry one.
    private static func markLast(_ mark: CacheMark, _ conversation: Conversation) {
        var last: Int?
        for turn in conversation.turns {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if part.kind != .thinking, part.kind != .redactedThinking { last = position }
                position += 1 + part.childCount
            }
        }
        if let last {
            conversation.parts[last].cache = mark
        } else if !conversation.system.isEmpty {
            conversation.system[conversation.system.count - 1].cache = mark
        } else if !conversation.tools.isEmpty {
            conversation.tools[conversation.tools.count - 1].cache = mark
        }
    }
}

/// Members of a Messages request that have a meaning on other wires, or none at all.
private enum MessagesMember: WireMember {
    case model, messages, system, stream, maxTokens, temperature, topP, topK, stops, tools, toolChoice, metadata,
        serviceTier
    /// Read together with others, or without a meaning of its own.
    case elsewhere
    /// Off when empty; foreign otherwise.
    case neutralWhenEmpty

    static let table: [(name: StaticString, member: MessagesMember)] = [
        ("model", .model), ("messages", .messages), ("system", .system), ("stream", .stream),
        ("max_tokens", .maxTokens), ("tools", .tools), ("tool_choice", .toolChoice), ("metadata", .metadata),
        ("thinking", .elsewhere), ("output_config", .elsewhere), ("output_format", .elsewhere),
        ("cache_control", .elsewhere), ("anthropic_version", .elsewhere), ("temperature", .temperature),
        ("top_p", .topP), ("top_k", .topK), ("stop_sequences", .stops), ("service_tier", .serviceTier),
        ("anthropic_beta", .neutralWhenEmpty), ("mcp_servers", .neutralWhenEmpty),
    ]
}
