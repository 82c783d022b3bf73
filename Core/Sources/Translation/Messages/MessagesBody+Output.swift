// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Sampling, thinking and the form of the output: what depends on the model as much as on the wire.
extension MessagesBody {
    // MARK: Thinking

    /// Whether the conversation stands at the results of calls that came without thinking, because another provider
    /// made them or the caller did not keep it. Claude with a budget refuses to think on from there.
    var resumesWithoutThinking: Bool {
        var hasResults = false
        var hasCalls = false
        var isAssistant = false
        for turn in conversation.turns.reversed() {
            let parts = conversation.parts[turn.parts]
            if turn.role == .user {
                if isAssistant { hasResults = false }
                if parts.contains(where: { $0.kind == .toolResult }) { hasResults = true }
            } else {
                // Whatever stands in front of a question is another turn.
                guard hasResults else { return hasCalls }
                if parts.contains(where: isTakenThinking) { return false }
                if parts.contains(where: { $0.kind == .toolCall }) { hasCalls = true }
            }
            isAssistant = turn.role == .assistant
        }
        return hasCalls
    }

    private func isTakenThinking(_ part: Part) -> Bool {
        part.kind == .redactedThinking || part.kind == .thinking && !part.signature.isEmpty
    }

    mutating func writeOutput(_ thinking: ClaudeThinking?) {
        if let thinking {
            writer.name("thinking")
            thinking.write(to: writer)
        }
        var output = OptionalObject("output_config", writer)
        if let effort = thinking?.effort { output.member("effort", effort) }
        if let format = takenFormat() {
            output.open()
            writer.name("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.member("schema", raw: format.schema)
            writer.endObject()
        }
        output.close()
    }

    func writeSampling(_ sampling: Sampling) {
        if let temperature = sampling.temperature { writer.member("temperature", raw: temperature) }
        if let topP = sampling.topP { writer.member("top_p", raw: topP) }
        if let topK = sampling.topK { writer.member("top_k", raw: topK) }
    }
}
