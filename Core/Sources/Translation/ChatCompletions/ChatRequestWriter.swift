// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a chat completions request, for OpenAI, Azure and compatible servers.
struct ChatRequestWriter: RequestWriting {
    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        for member in conversation.foreign { losses.add(member) }
        writer.beginObject()
        writer.member("model", target.model)
        try writeMessages(conversation, target, writer, &losses)
        try writeTools(conversation, writer)
        writeSampling(conversation, target, writer)
        if let format = conversation.format { ChatFormat.write(format, to: writer) }
        writeReasoning(conversation, target, writer, &losses)
        writeAccount(conversation, target, writer, &losses)
        if conversation.isStream {
            writer.member("stream", true)
            writer.member("stream_options", raw: #"{"include_usage":true}"#)
        }
        writer.endObject()
    }

    /// What vLLM's `tokenize` takes: it counts what its template makes of messages and tools. How the answer is to be
    /// found and formed is no part of that.
    static func writeCount(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        guard !conversation.turns.isEmpty else { throw TranslationFault(.emptyConversation) }
        for member in conversation.foreign { losses.add(member) }
        writer.beginObject()
        writer.member("model", target.model)
        try writeMessages(conversation, target, writer, &losses)
        if !conversation.tools.isEmpty { writeDeclarations(conversation, writer) }
        writer.endObject()
    }

    // MARK: Messages

    private static func writeMessages(
        _ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter, _ losses: inout Losses
    ) throws(TranslationFault) {
        writer.name("messages")
        writer.beginArray()
        for part in conversation.system {
            writer.beginObject()
            writer.member("role", target.home == .compatible ? "system" : "developer")
            writer.member("content", part.text)
            writer.endObject()
        }
        let start = writer.count
        for turn in conversation.turns {
            switch turn.role {
            case .user: ChatTurnWriter.writeUser(conversation, turn, writer, &losses)
            case .assistant: ChatTurnWriter.writeAssistant(conversation, turn, writer, &losses)
            }
        }
        guard writer.count > start else { throw TranslationFault(.emptyConversation) }
        writer.endArray()
    }

    // MARK: Tools

    private static func writeTools(_ conversation: Conversation, _ writer: JSONWriter) throws(TranslationFault) {
        guard conversation.tools.contains(where: { conversation.mayCall($0.name) }) else {
            switch conversation.toolChoice {
            case .any, .named: throw TranslationFault(.wrongType("used together with tools"), at: "tool_choice")
            // Auto and none say nothing where there is nothing to call.
            case nil, .auto, .some(.none): return
            }
        }
        writeDeclarations(conversation, writer)
        if let choice = conversation.toolChoice { write(choice, conversation, writer) }
        if let allows = conversation.allowsParallelCalls { writer.member("parallel_tool_calls", allows) }
    }

    private static func writeDeclarations(_ conversation: Conversation, _ writer: JSONWriter) {
        writer.name("tools")
        writer.beginArray()
        for tool in conversation.tools where conversation.mayCall(tool.name) {
            write(tool, name: conversation.chatName(tool.name), writer)
        }
        writer.endArray()
    }

    private static func write(_ tool: Tool, name: JSONString, _ writer: JSONWriter) {
        writer.beginObject()
        writer.member("type", "function")
        writer.name("function")
        writer.beginObject()
        writer.member("name", name)
        if let description = tool.description { writer.member("description", description) }
        if let parameters = tool.parameters { writer.member("parameters", raw: parameters) }
        if let isStrict = tool.isStrict { writer.member("strict", isStrict) }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ choice: ToolChoice, _ conversation: Conversation, _ writer: JSONWriter) {
        switch choice {
        case .auto: writer.member("tool_choice", "auto")
        case .none: writer.member("tool_choice", "none")
        case .any: writer.member("tool_choice", "required")
        case .named(let name):
            writer.name("tool_choice")
            writer.beginObject()
            writer.member("type", "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", conversation.chatName(name))
            writer.endObject()
            writer.endObject()
        }
    }

    // MARK: Numbers and the rest

    private static func writeSampling(_ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter) {
        let sampling = conversation.sampling
        if let max = conversation.outputTokensMax {
            writer.member(target.home == .compatible ? "max_tokens" : "max_completion_tokens", max)
        }
        if let number = sampling.temperature { writer.member("temperature", raw: number) }
        if let number = sampling.topP { writer.member("top_p", raw: number) }
        if let number = sampling.seed { writer.member("seed", raw: number) }
        if let number = sampling.presencePenalty { writer.member("presence_penalty", raw: number) }
        if let number = sampling.frequencyPenalty { writer.member("frequency_penalty", raw: number) }
        if !conversation.stops.isEmpty { writer.member("stop", strings: conversation.stops) }
    }

    private static func writeReasoning(
        _ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter, _ losses: inout Losses
    ) {
        switch conversation.reasoning {
        case nil, .adaptive: break
        // A model that cannot think is already what was asked for.
        case .off: if target.capabilities.thinking != .none { writer.member("reasoning_effort", "none") }
        case .effort(let effort): writeEffort(effort, target, writer, &losses)
        case .budget(let tokens): writeEffort(ThinkingBudget.effort(tokens), target, writer, &losses)
        }
    }

    private static func writeEffort(
        _ effort: Reasoning.Effort, _ target: EndpointTarget, _ writer: JSONWriter, _ losses: inout Losses
    ) {
        guard target.capabilities.thinking != .none else { return losses.add(.reasoning) }
        writer.member("reasoning_effort", JSONString(stringLiteral: effort.openAIName))
    }

    private static func writeAccount(
        _ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter, _ losses: inout Losses
    ) {
        if let topK = conversation.sampling.topK {
            // An extension that every compatible server takes, and OpenAI's own refuses.
            if target.home == .compatible { writer.member("top_k", raw: topK) } else { losses.add(.topK) }
        }
        if let user = conversation.user { writer.member("user", user) }
        if let metadata = conversation.metadata { writer.member("metadata", raw: metadata) }
        if let tier = conversation.serviceTier?.openAIName { writer.member("service_tier", tier) }
    }
}

extension Conversation {
    /// A tool's name as this wire takes it.
    func chatName(_ name: JSONString) -> JSONString { ToolNames.written(name, for: .chatCompletions, arena: arena) }
}
