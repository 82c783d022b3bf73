// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Anthropic takes a conversation without the thinking of earlier turns ("Extended thinking", read 2026-11). Only in a turn
// that waits for the results of its calls it insists on it, and then the turn goes on without thinking.
extension SignatureFilter {
    func filterMessages(_ body: JSONElement) {
        let messages = body["messages"].map { Array($0.elements) } ?? []
        let isBudget = body["thinking"]?["type"]?.string.map { $0 == "enabled" } ?? false
        isThinkingOff = isBudget && resumesWithoutThinking(messages)
        write(body) { name, value in
            if name == "thinking", isThinkingOff { return true }
            guard name == "messages" else { return false }
            writer.name(name)
            writeList(value) { write(message: $0) }
            return true
        }
    }

    private func write(message: JSONElement) {
        let blocks = message["content"]?.elements
        guard let blocks, blocks.contains(where: { verdict(block: $0).isMarked }) else {
            return writer.raw(message.raw)
        }
        // A message without blocks is none; its neighbours are taken for one.
        guard blocks.contains(where: { !verdict(block: $0).isForeign }) else { return }
        write(message) { name, value in
            guard name == "content" else { return false }
            writer.name(name)
            writeList(value) { write(block: $0) }
            return true
        }
    }

    private func write(block: JSONElement) {
        switch verdict(block: block) {
        case .unmarked: writer.raw(block.raw)
        case .own(let text): write(block, isSealed(block) ? "data" : "signature", text)
        case .unsigned, .foreign: break
        }
    }

    private func verdict(block: JSONElement) -> Verdict {
        isSealed(block) ? verdict(block["data"]) : isThinking(block) ? verdict(block["signature"]) : .unmarked
    }

    private func isThinking(_ block: JSONElement) -> Bool { has(block, "thinking") }
    private func isSealed(_ block: JSONElement) -> Bool { has(block, "redacted_thinking") }
    private func has(_ block: JSONElement, _ type: StaticString) -> Bool {
        block["type"]?.string.map { $0 == type } ?? false
    }

    /// Whether the conversation stands at the results of calls whose turn has no thinking left, but had some.
    private func resumesWithoutThinking(_ messages: [JSONElement]) -> Bool {
        var hasResults = false
        var hasLost = false
        var isAssistant = false
        for message in messages.reversed() {
            let blocks = message["content"]?.elements
            if message["role"]?.string.map({ $0 == "assistant" }) ?? false {
                // Whatever stands in front of a question is another turn.
                guard hasResults else { return hasLost }
                if let blocks {
                    for block in blocks where isThinking(block) || isSealed(block) {
                        guard verdict(block: block).isForeign else { return false }
                        hasLost = true
                    }
                }
                isAssistant = true
            } else {
                if isAssistant { hasResults = false }
                if blocks?.contains(where: { has($0, "tool_result") }) ?? false { hasResults = true }
                isAssistant = false
            }
        }
        return hasLost
    }
}
