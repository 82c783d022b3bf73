// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads a complete answer of Converse. It has neither an id nor a model: those are the gateway's to know.
struct ConverseAnswerReader: AnswerReading {
    static func read(_ body: JSONElement, into answer: Answer) throws(TranslationFault) {
        // Bedrock answers 200 without output when its own framework failed.
        guard let content = body["output"]?["message"]?["content"], content.isArray else {
            throw TranslationFault(.incompleteAnswer, at: "output")
        }
        answer.finish = try ConverseFinish.read(body)
        for block in content.elements { try read(block: block, into: answer) }
        answer.usage = body.present("usage").map(ConverseUsage.read)
    }

    /// Blocks of other kinds (guard content, results of tools that ran at the provider, images) are nothing that a
    /// caller's wire has a place for.
    private static func read(block: JSONElement, into answer: Answer) throws(TranslationFault) {
        if let text = block["text"]?.string {
            answer.parts.append(.text(text))
        } else if let call = block["toolUse"] {
            try read(call: call, into: answer)
        } else if let reasoning = block["reasoningContent"] {
            read(reasoning: reasoning, into: answer)
        } else if let cited = block["citationsContent"]?["content"] {
            for piece in cited.elements {
                if let text = piece["text"]?.string { answer.parts.append(.text(text)) }
            }
        }
    }

    private static func read(call: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard !isServerSide(call) else { return }
        guard let name = call["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.incompleteAnswer, at: "toolUse.name")
        }
        var part = Part(.toolCall)
        part.name = name
        part.id = call["toolUseId"]?.string ?? .empty
        part.arguments = try ToolArguments.object(call["input"], "toolUse.input", answer.arena)
        answer.parts.append(part)
    }

    private static func read(reasoning: JSONElement, into answer: Answer) {
        if let redacted = reasoning["redactedContent"]?.string {
            var part = Part(.redactedThinking)
            part.text = redacted
            answer.parts.append(part)
        } else if let text = reasoning["reasoningText"] {
            var part = Part(.thinking)
            part.text = text["text"]?.string ?? .empty
            part.signature = text["signature"]?.string ?? .empty
            answer.parts.append(part)
        }
    }

    /// A tool that the provider runs itself: nothing for the caller to do.
    static func isServerSide(_ call: JSONElement) -> Bool {
        call["type"]?.string.map { $0 == "server_tool_use" } ?? false
    }
}
