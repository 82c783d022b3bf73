// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads a complete chat completion: its first choice, since no other wire asks for more than one.
struct ChatAnswerReader: AnswerReading {
    static func read(_ body: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard let choice = body["choices"]?.firstElement, let message = choice["message"], message.isObject
        else { throw TranslationFault(.incompleteAnswer, at: "choices[0].message") }
        answer.id = body["id"]?.string ?? .empty
        answer.model = body["model"]?.string ?? .empty
        readThinking(message, into: &answer.parts)
        readText(message, into: &answer.parts)
        try readCalls(message, answer)
        answer.finish = try ChatFinish.read(choice["finish_reason"])
        answer.usage = body.present("usage").map { ChatUsage.read($0) }
    }

    private static func readThinking(_ message: JSONElement, into parts: inout [Part]) {
        if let blocks = message.present("thinking_blocks"), !blocks.isEmpty {
            for block in blocks.elements { parts.append(readBlock(block)) }
            return
        }
        // vLLM, Ollama and OpenRouter say `reasoning`, the others `reasoning_content`.
        guard let text = (message.present("reasoning_content") ?? message.present("reasoning"))?.string, !text.isEmpty
        else { return }
        var part = Part(.thinking)
        part.text = text
        parts.append(part)
    }

    private static func readBlock(_ block: JSONElement) -> Part {
        var part = Part(block["data"] == nil ? .thinking : .redactedThinking)
        part.text = (block["data"] ?? block["thinking"])?.string ?? .empty
        part.signature = block["signature"]?.string ?? .empty
        return part
    }

    private static func readText(_ message: JSONElement, into parts: inout [Part]) {
        if let text = message["content"]?.string, !text.isEmpty { parts.append(.text(text)) }
        if let content = message["content"], content.isArray {
            for element in content.elements {
                if let text = element["text"]?.string { parts.append(.text(text)) }
            }
        }
        if let refusal = message["refusal"]?.string, !refusal.isEmpty {
            var part = Part(.refusal)
            part.text = refusal
            parts.append(part)
        }
    }

    private static func readCalls(_ message: JSONElement, _ answer: Answer) throws(TranslationFault) {
        guard let calls = message.present("tool_calls") else { return }
        for call in calls.elements {
            answer.parts.append(
                try ChatToolReader.readCall(call, "choices[0].message.tool_calls", answer.arena))
        }
    }
}

/// `finish_reason` of chat completions.
enum ChatFinish {
    /// - Returns: `nil` when the answer does not say how it ended.
    static func read(_ value: JSONElement?) throws(TranslationFault) -> Finish? {
        guard let value, !value.isNull else { return nil }
        guard let word = value.string, let reason = reason(word) else {
            throw TranslationFault(.brokenAnswer("finish_reason \(value.string?.text ?? "of another type")"))
        }
        return Finish(reason)
    }

    private static func reason(_ word: JSONString) -> Finish.Reason? {
        if word == "stop" { return .stop }
        if word == "length" { return .length }
        if word == "tool_calls" || word == "function_call" { return .toolCalls }
        return word == "content_filter" ? .filtered : nil
    }

    static func word(_ reason: Finish.Reason) -> JSONString {
        switch reason {
        case .stop, .stopSequence, .paused: "stop"
        case .length, .contextFull: "length"
        case .toolCalls: "tool_calls"
        case .filtered: "content_filter"
        }
    }
}

/// `usage` of chat completions.
enum ChatUsage {
    static func read(_ value: JSONElement) -> UsageCounts {
        let prompt = value["prompt_tokens_details"]
        var usage = UsageCounts(
            promptTokens: count(value["prompt_tokens"]), cachedTokens: count(prompt?["cached_tokens"]),
            completionTokens: count(value["completion_tokens"]))
        usage.cacheWriteTokens = count(prompt?["cache_write_tokens"])
        // SGLang counts reasoning one level up.
        usage.reasoningTokens = count(
            value["completion_tokens_details"]?["reasoning_tokens"] ?? value["reasoning_tokens"])
        return usage
    }

    private static func count(_ value: JSONElement?) -> Int64 { max(0, value?.integer ?? 0) }

    static func write(_ usage: UsageCounts, _ writer: JSONWriter) {
        writer.name("usage")
        writer.beginObject()
        writer.member("prompt_tokens", usage.promptTokens)
        writer.member("completion_tokens", usage.completionTokens)
        writer.member("total_tokens", usage.promptTokens + usage.completionTokens)
        let written = usage.cacheWriteTokens + usage.cacheWriteHourTokens
        if usage.cachedTokens > 0 || written > 0 {
            writer.name("prompt_tokens_details")
            writer.beginObject()
            writer.member("cached_tokens", usage.cachedTokens)
            if written > 0 { writer.member("cache_write_tokens", written) }
            writer.endObject()
        }
        if usage.reasoningTokens > 0 {
            writer.name("completion_tokens_details")
            writer.beginObject()
            writer.member("reasoning_tokens", usage.reasoningTokens)
            writer.endObject()
        }
        writer.endObject()
    }
}
