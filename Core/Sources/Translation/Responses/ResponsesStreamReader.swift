// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the events of a streamed response, by `type` inside.
///
/// Text arrives three times on this wire: in pieces, whole at the end of its part, and again with its item. The pieces
/// count; the whole is used where no pieces came, as some compatible servers have it.
struct ResponsesStreamReader: StreamReading {
    private var calls = OpenCalls()
    private var hasStarted = false
    /// `output_index` of the last item that came in pieces.
    private var lastInPieces: Int64 = -1

    init() {}

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        guard !event.data.isEmpty, !JSONString(event.data, hasEscapes: false).begins("[done]") else { return }
        let data = try tape.document(event.data)
        guard let type = data["type"]?.string else {
            // An error that came in the form of other wires.
            if let error = data["error"], !error.isEmpty { events.append(.failed(data.raw)) }
            return
        }
        if type.begins("response.output_text") || type.begins("response.re") || type.begins("response.function_call") {
            readPiece(type, data, &events)
        } else if type == "response.output_item.added" {
            try readAdded(data, &events)
        } else if type == "response.output_item.done" {
            try readDone(data, &events)
        } else if type == "error" {
            events.append(.failed(data.raw))
        } else if let response = data["response"] {
            try readResponse(type, response, &events)
        }
    }

    /// The wire has ends of its own: a body that ends without one was cut off.
    mutating func bodyEnded(into events: inout [StreamEvent]) {}

    // MARK: Response

    private mutating func readResponse(
        _ type: JSONString, _ response: JSONElement, _ events: inout [StreamEvent]
    ) throws(TranslationFault) {
        if !hasStarted, let id = response["id"]?.string {
            hasStarted = true
            events.append(.started(id: id, model: response["model"]?.string ?? .empty))
        }
        if type == "response.failed" {
            events.append(.failed(response.raw))
        } else if type == "response.completed" || type == "response.incomplete" {
            events.append(.finished(try ResponsesFinish.read(response, hasCalls: calls.count > 0)))
            if let usage = response.present("usage") { events.append(.usage(ResponsesUsage.read(usage))) }
            events.append(.ended)
        }
    }

    // MARK: Pieces

    private mutating func readPiece(_ type: JSONString, _ data: JSONElement, _ events: inout [StreamEvent]) {
        let index = data["output_index"]?.integer ?? 0
        if type == "response.reasoning_summary_part.added" {
            // Summaries come in parts, which people read as paragraphs.
            if data["summary_index"]?.integer ?? 0 > 0 { events.append(.thinking(ResponsesReasoning.separator)) }
            return
        }
        guard let piece = data["delta"]?.string, !piece.isEmpty else { return }
        if type == "response.output_text.delta" {
            events.append(.text(piece))
        } else if type == "response.refusal.delta" {
            events.append(.refusal(piece))
        } else if type == "response.reasoning_summary_text.delta" || type == "response.reasoning_text.delta" {
            events.append(.thinking(piece))
        } else if type == "response.function_call_arguments.delta" {
            guard calls.take(piece, of: index, &events) else { return }
        } else {
            return
        }
        lastInPieces = index
    }

    // MARK: Items

    private mutating func readAdded(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let item = data["item"], item["type"]?.string.map({ $0 == "function_call" }) ?? false else { return }
        try begin(call: item, data["output_index"]?.integer ?? 0, &events)
    }

    private mutating func begin(
        call item: JSONElement, _ index: Int64, _ events: inout [StreamEvent]
    ) throws(TranslationFault) {
        try calls.begin(index, id: item["call_id"]?.string, name: item["name"]?.string, at: "item.name", &events)
    }

    private mutating func readDone(_ data: JSONElement, _ events: inout [StreamEvent]) throws(TranslationFault) {
        guard let item = data["item"], let type = item["type"]?.string else { return }
        let index = data["output_index"]?.integer ?? 0
        if type == "function_call" {
            if !calls.isOpen(index) { try begin(call: item, index, &events) }
            calls.end(index, whole: item["arguments"]?.string ?? .empty, &events)
        } else if type == "reasoning" {
            readReasoning(item, isNew: lastInPieces != index, &events)
        } else if type == "message", lastInPieces != index, let content = item["content"] {
            for part in content.elements {
                if let text = part["text"]?.string, !text.isEmpty { events.append(.text(text)) }
                if let text = part["refusal"]?.string, !text.isEmpty { events.append(.refusal(text)) }
            }
        }
    }

    private func readReasoning(_ item: JSONElement, isNew: Bool, _ events: inout [StreamEvent]) {
        let sealed = item["encrypted_content"]?.string ?? .empty
        if isNew, let texts = ResponsesReasoning.texts(of: item) {
            for (number, element) in texts.enumerated() {
                guard let text = element["text"]?.string, !text.isEmpty else { continue }
                if number > 0 { events.append(.thinking(ResponsesReasoning.separator)) }
                events.append(.thinking(text))
            }
        }
        if !sealed.isEmpty { events.append(.signature(sealed, block: nil)) }
    }
}
