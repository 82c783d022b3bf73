// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads OpenAI's Responses request (its specification 2.3.0, read 2026-11), as a question that stands alone.
///
/// Whatever needs a memory at the provider (`previous_response_id`, `conversation`, `store`, `background`, `prompt`) is
/// listed as foreign: no other wire has one.
struct ResponsesRequestReader: RequestReading {
    static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard body.isObject else { throw TranslationFault(.wrongType("an object")) }
        // In front of whatever system text the input has, wherever the member stands.
        if let instructions = body.present("instructions") {
            conversation.system.append(.text(try instructions.text(at: "instructions")))
        }
        for (name, value) in body.members where !value.isNull { try read(name, value, into: conversation) }
    }

    // MARK: Members

    private static func read(
        _ name: JSONString, _ value: JSONElement, into conversation: Conversation
    ) throws(TranslationFault) {
        switch ResponsesMember(name) {
        case .model: conversation.model = try value.text(at: "model")
        case .input: try ResponsesItemReader.read(value, into: conversation)
        case .stream: conversation.isStream = try value.flag(at: "stream")
        case .maxOutputTokens: conversation.outputTokensMax = try value.integer(at: "max_output_tokens")
        case .temperature: conversation.sampling.temperature = try value.number(at: "temperature")
        case .topP: conversation.sampling.topP = try value.number(at: "top_p")
        case .tools: try ResponsesToolReader.read(value, into: conversation)
        case .toolChoice: try ResponsesToolReader.readChoice(value, into: conversation)
        case .parallelToolCalls: conversation.allowsParallelCalls = value.bool
        case .text: try readText(value, into: conversation)
        case .reasoning: try readReasoning(value, into: conversation)
        case .user: conversation.user = try value.text(at: "user")
        case .metadata: conversation.metadata = value.isEmpty ? nil : value.raw
        case .serviceTier: conversation.serviceTier = value.string.map { ServiceTier(openAI: $0) }
        case .include: readInclude(value, into: conversation)
        case .truncation: if value.string.map({ $0 == "disabled" }) != true { conversation.foreign.append(name) }
        case .neutral: break
        case .neutralWhenEmpty: if !value.isEmpty { conversation.foreign.append(name) }
        case nil: conversation.foreign.append(name)
        }
    }

    /// Sealed reasoning comes without being asked for; everything else that can be included is OpenAI's own.
    private static func readInclude(_ value: JSONElement, into conversation: Conversation) {
        for element in value.elements {
            guard let wanted = element.string, !(wanted == "reasoning.encrypted_content") else { continue }
            conversation.addForeign("include.", wanted)
        }
    }

    private static func readText(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let format = value.present("format") { conversation.format = try readFormat(format) }
        if let verbosity = value.present("verbosity"), verbosity.string.map({ $0 == "medium" }) != true {
            conversation.addForeign("text.", "verbosity")
        }
        conversation.addForeignMembers(of: value, except: ResponsesMembers.text, "text.")
    }

    private static func readFormat(_ format: JSONElement) throws(TranslationFault) -> OutputFormat? {
        guard let type = format["type"]?.string else {
            throw TranslationFault(.wrongType("an object with a type"), at: "text.format")
        }
        if type == "text" { return nil }
        if type == "json_object" { return .jsonObject }
        guard type == "json_schema", let schema = format.present("schema") else {
            throw TranslationFault(.wrongType("text, json_object or json_schema with a schema"), at: "text.format")
        }
        return ChatFormat.schema(schema, format)
    }

    /// A summary is shown wherever the endpoint shows its thinking, asked for or not.
    private static func readReasoning(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let effort = value.present("effort") {
            guard let word = effort.string, let reasoning = Reasoning(effort: word) else {
                throw TranslationFault(
                    .wrongType("none, minimal, low, medium, high, xhigh or max"), at: "reasoning.effort")
            }
            conversation.reasoning = reasoning
        }
        conversation.showsThoughts = (value.present("summary") ?? value.present("generate_summary")) != nil
        conversation.addForeignMembers(of: value, except: ResponsesMembers.reasoning, "reasoning.")
    }
}

/// Members of a Responses request that have a meaning on other wires, or none at all.
private enum ResponsesMember: WireMember {
    case model, input, stream, maxOutputTokens, temperature, topP, tools, toolChoice, parallelToolCalls, text,
        reasoning, user, metadata, serviceTier, include, truncation
    /// Changes nothing that another wire would have to say.
    case neutral
    /// Off when false, zero or empty; foreign otherwise.
    case neutralWhenEmpty

    static let table: [(name: StaticString, member: ResponsesMember)] = [
        ("model", .model), ("input", .input), ("instructions", .neutral), ("stream", .stream), ("tools", .tools),
        ("tool_choice", .toolChoice), ("parallel_tool_calls", .parallelToolCalls), ("reasoning", .reasoning),
        ("text", .text), ("store", .neutralWhenEmpty), ("include", .include), ("prompt_cache_key", .neutral),
        ("max_output_tokens", .maxOutputTokens), ("temperature", .temperature), ("top_p", .topP), ("user", .user),
        ("safety_identifier", .user), ("metadata", .metadata), ("service_tier", .serviceTier),
        ("truncation", .truncation), ("stream_options", .neutral), ("background", .neutralWhenEmpty),
        ("top_logprobs", .neutralWhenEmpty), ("context_management", .neutralWhenEmpty),
    ]
}

/// Members that the reader takes, or that say nothing to another wire; any other is foreign.
enum ResponsesMembers {
    static let message: [StaticString] = ["type", "role", "content", "id", "status", "phase"]
    static let text: [StaticString] = ["format", "verbosity"]
    static let reasoning: [StaticString] = ["effort", "summary", "generate_summary"]
}
