// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes a complete response.
struct ResponsesAnswerWriter: AnswerWriting {
    static func write(_ answer: Answer, for target: AnswerTarget, to writer: JSONWriter) {
        let envelope = ResponsesEnvelope(
            id: answer.id.isEmpty ? target.id : answer.id, model: answer.model.isEmpty ? target.model : answer.model,
            createdUnixSeconds: target.createdUnixSeconds)
        let status = status(answer.finish)
        envelope.write(status, usage: answer.usage, to: writer) { writer in
            writeItems(answer, envelope.id, status, writer)
        }
    }

    private static func status(_ finish: Finish?) -> ResponsesEnvelope.Status {
        guard let finish else { return .failed(.unfinished) }
        return ResponsesFinish.status(finish.reason)
    }

    private static func writeItems(
        _ answer: Answer, _ response: JSONString, _ status: ResponsesEnvelope.Status, _ writer: JSONWriter
    ) {
        var number: Int64 = 0
        var position = 0
        while position < answer.parts.count {
            let part = answer.parts[position]
            let end = end(of: position, answer.parts)
            defer { position = end }
            guard let kind = kind(part) else { continue }
            let item = ResponsesItem(kind: kind, response: response, number: number)
            let isLast = end == answer.parts.count
            write(item, answer.parts[position..<end], itemStatus(status, isLast: isLast), writer)
            number += 1
        }
    }

    /// Texts and refusals that follow one another are parts of one message.
    private static func end(of position: Int, _ parts: [Part]) -> Int {
        var end = position + 1
        guard isText(parts[position]) else { return end }
        while end < parts.count, isText(parts[end]) { end += 1 }
        return end
    }

    private static func isText(_ part: Part) -> Bool { part.kind == .text || part.kind == .refusal }

    private static func kind(_ part: Part) -> ResponsesItem.Kind? {
        switch part.kind {
        case .text, .refusal: .text
        case .thinking: .reasoning
        case .toolCall: .call
        case .redactedThinking, .image, .document, .audio, .video, .toolResult: nil
        }
    }

    /// Of an incomplete response the last item is what was cut.
    private static func itemStatus(_ status: ResponsesEnvelope.Status, isLast: Bool) -> JSONString {
        if case .incomplete = status, isLast { return "incomplete" }
        return "completed"
    }

    private static func write(
        _ item: ResponsesItem, _ parts: ArraySlice<Part>, _ status: JSONString, _ writer: JSONWriter
    ) {
        guard let first = parts.first else { return }
        switch item.kind {
        case .text, .refusal:
            item.writeMessage(status, writer) { writer in
                for part in parts {
                    ResponsesItem.writePart(part.kind == .refusal ? .refusal : .text, part.text, writer)
                }
            }
        case .reasoning: item.writeReasoning(first, writer)
        case .call:
            item.writeCall(status, id: first.id, name: first.name, writer) { $0.escape(first.arguments.bytes) }
        }
    }
}
