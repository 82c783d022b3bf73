// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads a complete message of Anthropic's.
struct MessagesAnswerReader: AnswerReading {
    static func read(_ body: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard let content = body["content"], content.isArray else {
            throw TranslationFault(.incompleteAnswer, at: "content")
        }
        answer.id = body["id"]?.string ?? .empty
        answer.model = body["model"]?.string ?? .empty
        for block in content.elements { try read(block: block, into: answer) }
        guard let finish = try MessagesFinish.read(body) else {
            throw TranslationFault(.incompleteAnswer, at: "stop_reason")
        }
        answer.finish = finish
        if let text = MessagesFinish.refusal(body) {
            var part = Part(.refusal)
            part.text = text
            answer.parts.append(part)
        }
        if let usage = body.present("usage") {
            var counts = MessagesUsage()
            counts.merge(usage)
            answer.usage = counts.counts
        }
    }

    /// Blocks of tools that Anthropic runs itself do not come unless they were asked for, and are nothing to others.
    private static func read(block: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard let type = block["type"]?.string else { throw TranslationFault(.incompleteAnswer, at: "content[].type") }
        if type == "text" {
            answer.parts.append(.text(block["text"]?.string ?? .empty))
        } else if type == "tool_use" {
            answer.parts.append(try call(block))
        } else if type == "thinking" {
            var part = Part(.thinking)
            part.text = block["thinking"]?.string ?? .empty
            part.signature = block["signature"]?.string ?? .empty
            answer.parts.append(part)
        } else if type == "redacted_thinking" {
            var part = Part(.redactedThinking)
            part.text = block["data"]?.string ?? .empty
            answer.parts.append(part)
        }
    }

    private static func call(_ block: JSONElement) throws(TranslationFault) -> Part {
        var part = Part(.toolCall)
        guard let name = block["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.incompleteAnswer, at: "content[].name")
        }
        part.name = name
        part.id = block["id"]?.string ?? .empty
        if let input = block.present("input") {
            guard input.isObject else { throw TranslationFault(.malformedArguments, at: "content[].input") }
            part.arguments = input.raw
        }
        return part
    }
}
