// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the `messages` of a chat completions request into system text and turns.
enum ChatMessageReader {
    static func read(_ messages: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard messages.isArray else { throw TranslationFault(.wrongType("an array"), at: "messages") }
        for (index, message) in messages.elements.enumerated() {
            try read(message, index, into: conversation)
        }
    }

    private static func read(
        _ message: JSONElement, _ index: Int, into conversation: Conversation
    ) throws(TranslationFault) {
        guard let role = message["role"]?.string else {
            throw TranslationFault(.wrongType("a string"), at: "messages[\(index)].role")
        }
        let start = conversation.parts.count
        if role == "system" || role == "developer" {
            try readContent(message, index, allowsMedia: false, into: &conversation.system)
        } else if role == "user" {
            try readContent(message, index, allowsMedia: true, into: &conversation.parts)
            conversation.turns.append(Turn(role: .user, start: start, end: conversation.parts.count))
        } else if role == "assistant" {
            try readAssistant(message, index, into: conversation)
            conversation.turns.append(Turn(role: .assistant, start: start, end: conversation.parts.count))
        } else if role == "tool" || role == "function" {
            try readResult(message, index, into: conversation)
            conversation.turns.append(Turn(role: .user, start: start, end: conversation.parts.count))
        } else {
            throw TranslationFault(
                .wrongType("system, developer, user, assistant or tool"), at: "messages[\(index)].role")
        }
    }

    // MARK: Content

    private static func readContent(
        _ message: JSONElement, _ index: Int, allowsMedia: Bool, into parts: inout [Part]
    ) throws(TranslationFault) {
        guard let content = message.present("content") else { return }
        if let text = content.string {
            var part = Part.text(text)
            part.cache = CacheMark(message["cache_control"])
            return parts.append(part)
        }
        guard content.isArray else {
            throw TranslationFault(.wrongType("a string or an array of parts"), at: "messages[\(index)].content")
        }
        for (number, element) in content.elements.enumerated() {
            let part = try ChatPartReader.read(element, "messages[\(index)].content[\(number)]")
            guard allowsMedia || part.kind == .text else {
                throw TranslationFault(.wrongType("text"), at: "messages[\(index)].content[\(number)]")
            }
            parts.append(part)
        }
    }

    // MARK: Assistant

    /// Thinking first, then text, then calls: the order that the wires with blocks demand.
    private static func readAssistant(
        _ message: JSONElement, _ index: Int, into conversation: Conversation
    ) throws(TranslationFault) {
        readThinking(message, into: &conversation.parts)
        try readContent(message, index, allowsMedia: true, into: &conversation.parts)
        if let refusal = message["refusal"]?.string, !refusal.isEmpty {
            var part = Part(.refusal)
            part.text = refusal
            conversation.parts.append(part)
        }
        guard let calls = message.present("tool_calls") else { return }
        for (number, call) in calls.elements.enumerated() {
            let path = "messages[\(index)].tool_calls[\(number)]"
            conversation.parts.append(try ChatToolReader.readCall(call, path, conversation.arena))
        }
    }

    /// Only signed thinking is of use to anybody: a provider takes back what it signed, others take none.
    private static func readThinking(_ message: JSONElement, into parts: inout [Part]) {
        guard let blocks = message.present("thinking_blocks") else { return }
        for block in blocks.elements {
            if let data = block["data"]?.string {
                var part = Part(.redactedThinking)
                part.text = data
                parts.append(part)
            } else if let text = block["thinking"]?.string, let signature = block["signature"]?.string {
                var part = Part(.thinking)
                part.text = text
                part.signature = signature
                parts.append(part)
            }
        }
    }

    // MARK: Results

    private static func readResult(
        _ message: JSONElement, _ index: Int, into conversation: Conversation
    ) throws(TranslationFault) {
        var result = Part(.toolResult)
        guard let id = (message["tool_call_id"] ?? message["name"])?.string else {
            throw TranslationFault(.wrongType("a string"), at: "messages[\(index)].tool_call_id")
        }
        result.id = id
        result.cache = CacheMark(message["cache_control"])
        let position = conversation.parts.count
        conversation.parts.append(result)
        try readContent(message, index, allowsMedia: true, into: &conversation.parts)
        conversation.parts[position].childCount = conversation.parts.count - position - 1
    }
}

extension CacheMark {
    /// Anthropic's `cache_control`, which its compatible gateways also take on other wires.
    init(_ control: JSONElement?) {
        guard let control, control.isObject else {
            self = .none
            return
        }
        let isHour = control["ttl"]?.string.map { $0 == "1h" } ?? false
        self = isHour ? .oneHour : .fiveMinutes
    }
}
