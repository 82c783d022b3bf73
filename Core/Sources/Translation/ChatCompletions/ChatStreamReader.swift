// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the chunks of a streamed chat completion: its first choice.
///
/// A call's fragments are told apart by `index`. A fragment without one continues the last call, and a new id at a
/// known index begins a new call: some servers number every call 0.
struct ChatStreamReader: StreamReading {
    private var hasStarted = false
    private var hasFinished = false
    /// `index` of the calls begun so far, as the endpoint counts, by block.
    private var indices: [Int64] = []

    init() {}

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        if event.data.count >= 6, JSONString(event.data, hasEscapes: false).begins("[done]") {
            return events.append(.ended)
        }
        guard !event.data.isEmpty else { return }
        let chunk = try tape.document(event.data)
        // vLLM and SGLang say `[DONE]` after an error as well: the error is the end.
        if let error = chunk["error"], !error.isEmpty { return events.append(.failed(chunk.raw)) }
        if chunk["object"]?.string.map({ $0 == "error" }) ?? false { return events.append(.failed(chunk.raw)) }
        start(chunk, &events)
        if let choice = chunk["choices"]?.firstElement, choice["index"]?.integer ?? 0 == 0 {
            try read(choice, &events)
        }
        if let usage = chunk.present("usage") { events.append(.usage(ChatUsage.read(usage))) }
    }

    private mutating func start(_ chunk: JSONElement, _ events: inout [StreamEvent]) {
        // Azure's first chunk tells of its filters and has neither id nor model.
        guard !hasStarted, let id = chunk["id"]?.string, !id.isEmpty else { return }
        hasStarted = true
        events.append(.started(id: id, model: chunk["model"]?.string ?? .empty))
    }

    private mutating func read(_ choice: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        if let delta = choice["delta"], delta.isObject {
            if let text = (delta.present("reasoning_content") ?? delta.present("reasoning"))?.string, !text.isEmpty {
                events.append(.thinking(text))
            }
            readBlocks(delta, &events)
            if let text = delta["content"]?.string, !text.isEmpty { events.append(.text(text)) }
            if let text = delta["refusal"]?.string, !text.isEmpty { events.append(.refusal(text)) }
            if let calls = delta.present("tool_calls") {
                for call in calls.elements { try read(call: call, &events) }
            }
        }
        if let finish = try ChatFinish.read(choice["finish_reason"]) {
            hasFinished = true
            for block in indices.indices { events.append(.toolEnded(block: block)) }
            events.append(.finished(finish))
        }
    }

    private func readBlocks(_ delta: JSONElement, _ events: inout [StreamEvent]) {
        guard let blocks = delta.present("thinking_blocks") else { return }
        for block in blocks.elements {
            if let data = block["data"]?.string { events.append(.redactedThinking(data)) }
            if let signature = block["signature"]?.string, !signature.isEmpty {
                events.append(.signature(signature, block: nil))
            }
        }
    }

    private mutating func read(call: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        let function = call["function"]
        let id = call["id"]?.string ?? .empty
        let name = function?["name"]?.string ?? .empty
        let index = call["index"]?.integer ?? indices.last ?? 0
        var block = indices.lastIndex(of: index)
        if block == nil || !id.isEmpty && !name.isEmpty {
            // Nobody could make a call without a name.
            guard !name.isEmpty else {
                throw TranslationFault(.incompleteAnswer, at: "choices[0].delta.tool_calls[].function.name")
            }
            block = indices.count
            indices.append(index)
            events.append(.toolStarted(block: indices.count - 1, id: id, name: name))
        }
        guard let block else { return }
        if let signature = call["extra_content"]?["google"]?["thought_signature"]?.string {
            events.append(.signature(signature, block: block))
        }
        if let fragment = function?["arguments"]?.string, !fragment.isEmpty {
            events.append(.toolArguments(block: block, fragment: fragment))
        } else if let arguments = function?["arguments"], arguments.isObject {
            events.append(.toolObject(block: block, arguments: arguments.raw))
        }
    }

    /// Several servers leave `[DONE]` out: what matters is that the answer said how it ended.
    mutating func bodyEnded(into events: inout [StreamEvent]) {
        if hasFinished { events.append(.ended) }
    }
}

extension JSONTape {
    /// Reads an endpoint's document; a malformed one is a broken answer.
    func document(_ bytes: UnsafeRawBufferPointer) throws(TranslationFault) -> JSONElement {
        do throws(JSONFault) { return try read(bytes) } catch { throw TranslationFault(.json(error)) }
    }
}
