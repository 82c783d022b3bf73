// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads a complete response.
struct ResponsesAnswerReader: AnswerReading {
    static func read(_ body: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard let output = body["output"], output.isArray else {
            throw TranslationFault(.incompleteAnswer, at: "output")
        }
        // First, because a failed response is nothing to read.
        let hasCalls = output.elements.contains { $0["type"]?.string.map { $0 == "function_call" } ?? false }
        let finish = try ResponsesFinish.read(body, hasCalls: hasCalls)
        answer.id = body["id"]?.string ?? .empty
        answer.model = body["model"]?.string ?? .empty
        for item in output.elements { try read(item: item, into: answer, isCut: finish.reason == .length) }
        answer.finish = finish
        answer.usage = body.present("usage").map { ResponsesUsage.read($0) }
    }

    /// Items of tools that OpenAI runs itself do not come unless they were asked for, and are nothing to others.
    private static func read(item: JSONElement, into answer: Answer, isCut: Bool) throws(TranslationFault) {
        guard let type = item["type"]?.string else { throw TranslationFault(.incompleteAnswer, at: "output[].type") }
        if type == "message" {
            readMessage(item, into: answer)
        } else if type == "function_call" {
            if let call = try call(item, answer, isCut) { answer.parts.append(call) }
        } else if type == "reasoning" {
            if let part = ResponsesReasoning.read(item, answer.arena) { answer.parts.append(part) }
        }
    }

    private static func readMessage(_ item: JSONElement, into answer: Answer) {
        guard let content = item["content"] else { return }
        for element in content.elements {
            if let text = element["text"]?.string {
                answer.parts.append(.text(text))
            } else if let text = element["refusal"]?.string {
                var part = Part(.refusal)
                part.text = text
                answer.parts.append(part)
            }
        }
    }

    /// - Returns: `nil` for a call whose arguments the bound on output cut off: nobody could make it.
    private static func call(
        _ item: JSONElement, _ answer: Answer, _ isCut: Bool
    ) throws(TranslationFault) -> Part? {
        var part = Part(.toolCall)
        guard let name = item["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.incompleteAnswer, at: "output[].name")
        }
        part.name = name
        part.id = item["call_id"]?.string ?? .empty
        do throws(TranslationFault) {
            part.arguments = try ToolArguments.object(item["arguments"], "output[].arguments", answer.arena)
        } catch {
            guard isCut else { throw error }
            return nil
        }
        return part
    }
}
