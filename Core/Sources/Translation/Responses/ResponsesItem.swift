// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// One item of a response's output.
struct ResponsesItem {
    enum Kind { case text, refusal, reasoning, call }

    var kind: Kind
    /// The response's id and the item's number make the item's own id.
    var response: JSONString
    var number: Int64

    func writeID(_ writer: JSONWriter) {
        writer.beginString()
        switch kind {
        case .text, .refusal: writer.piece("msg_")
        case .reasoning: writer.piece("rs_")
        case .call: writer.piece("fc_")
        }
        writer.piece(response)
        writer.piece("_")
        writer.append(decimal: number)
        writer.endString()
    }

    // MARK: Whole items

    /// - Parameter content: writes the parts.
    func writeMessage(_ status: JSONString, _ writer: JSONWriter, content: (JSONWriter) -> Void) {
        writer.beginObject()
        writer.name("id")
        writeID(writer)
        writer.member("type", "message")
        writer.member("status", status)
        writer.member("role", "assistant")
        writer.name("content")
        writer.beginArray()
        content(writer)
        writer.endArray()
        writer.endObject()
    }

    static func writePart(_ kind: Kind, _ text: JSONString, _ writer: JSONWriter) {
        writer.beginObject()
        if kind == .refusal {
            writer.member("type", "refusal")
            writer.member("refusal", text)
        } else {
            writer.member("type", "output_text")
            writer.member("text", text)
            writer.member("annotations", raw: "[]")
        }
        writer.endObject()
    }

    func writeReasoning(_ part: Part, _ writer: JSONWriter) {
        writer.beginObject()
        writer.name("id")
        writeID(writer)
        ResponsesReasoning.write(part, writer)
        writer.endObject()
    }

    /// - Parameter id: of the call; empty when the endpoint's wire has none.
    /// - Parameter arguments: writes the text of the arguments into an open string.
    func writeCall(
        _ status: JSONString, id: JSONString, name: JSONString, _ writer: JSONWriter, arguments: (JSONWriter) -> Void
    ) {
        writer.beginObject()
        writer.name("id")
        writeID(writer)
        writer.member("type", "function_call")
        writer.member("status", status)
        writer.name("call_id")
        writeCallID(id, writer)
        writer.member("name", name)
        writer.name("arguments")
        writer.beginString()
        arguments(writer)
        writer.endString()
        writer.endObject()
    }

    private func writeCallID(_ id: JSONString, _ writer: JSONWriter) {
        guard id.isEmpty else { return writer.string(id) }
        writer.beginString()
        writer.piece("call_")
        writer.piece(response)
        writer.piece("_")
        writer.append(decimal: number)
        writer.endString()
    }
}
