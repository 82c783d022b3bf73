// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The items of a streamed response: opened by their first piece, closed before an item of another kind begins, and
/// kept, because this wire says every text again when its item ends and once more at the end of all.
///
/// Calls that mix stay open together; they are closed in the order in which they began.
struct ResponsesItemStream {
    /// Finished items, with commas between them.
    let done = JSONWriter(capacity: 1024)
    var events = ResponsesEvents()
    private var next: Int64 = 0
    private let response: JSONString
    /// The open item that is no call, and its text so far.
    private var open: ResponsesItem?
    private let text = JSONWriter(capacity: 1024)
    var calls: [ResponsesOpenCall] = []

    /// - Parameter response: the response's id; must stay where it is.
    init(response: JSONString) { self.response = response }

    /// Bytes held to be said again.
    var heldBytes: Int { done.count + text.count + calls.reduce(0) { $0 + $1.held.count } }

    mutating func nextItem(_ kind: ResponsesItem.Kind) -> ResponsesItem {
        defer { next += 1 }
        return ResponsesItem(kind: kind, response: response, number: next)
    }

    private var heldText: JSONString { JSONString(text.bytes, hasEscapes: true) }

    // MARK: Text

    mutating func write(_ kind: ResponsesItem.Kind, _ piece: JSONString, _ writer: JSONWriter) {
        let item = open(kind, writer)
        if kind == .reasoning, text.isEmpty { beginSummary(item, writer) }
        text.piece(piece)
        switch kind {
        case .text: events.begin("response.output_text.delta", item, part: "content_index", writer)
        case .refusal: events.begin("response.refusal.delta", item, part: "content_index", writer)
        default: events.begin("response.reasoning_summary_text.delta", item, part: "summary_index", writer)
        }
        writer.member("delta", piece)
        events.end(writer)
    }

    private mutating func open(_ kind: ResponsesItem.Kind, _ writer: JSONWriter) -> ResponsesItem {
        if let open, open.kind == kind { return open }
        closeAll("completed", writer)
        let item = nextItem(kind)
        open = item
        text.reset()
        events.item("response.output_item.added", item, writer) { writer in
            if kind == .reasoning {
                item.writeReasoning(Part(.thinking), writer)
            } else {
                item.writeMessage("in_progress", writer) { _ in }
            }
        }
        if kind != .reasoning { part("response.content_part.added", item, .empty, writer) }
        return item
    }

    private mutating func beginSummary(_ item: ResponsesItem, _ writer: JSONWriter) {
        events.begin("response.reasoning_summary_part.added", item, part: "summary_index", writer)
        writeSummaryPart(.empty, writer)
        events.end(writer)
    }

    private func writeSummaryPart(_ text: JSONString, _ writer: JSONWriter) {
        writer.name("part")
        writer.beginObject()
        writer.member("type", "summary_text")
        writer.member("text", text)
        writer.endObject()
    }

    private mutating func part(
        _ type: StaticString, _ item: ResponsesItem, _ text: JSONString, _ writer: JSONWriter
    ) {
        events.begin(type, item, part: "content_index", writer)
        writer.name("part")
        ResponsesItem.writePart(item.kind, text, writer)
        events.end(writer)
    }

    // MARK: Reasoning

    /// The seal ends its item.
    mutating func write(seal: JSONString, _ writer: JSONWriter) {
        let item = open(.reasoning, writer)
        open = nil
        close(reasoning: item, seal, writer)
    }

    private mutating func close(reasoning item: ResponsesItem, _ seal: JSONString, _ writer: JSONWriter) {
        if !text.isEmpty {
            events.begin("response.reasoning_summary_text.done", item, part: "summary_index", writer)
            writer.member("text", heldText)
            events.end(writer)
            events.begin("response.reasoning_summary_part.done", item, part: "summary_index", writer)
            writeSummaryPart(heldText, writer)
            events.end(writer)
        }
        var part = Part(.thinking)
        part.text = heldText
        part.signature = seal
        finish(item, writer) { item.writeReasoning(part, $0) }
    }

    // MARK: Ends

    /// - Parameter status: of the item that is open last.
    mutating func closeAll(_ status: JSONString, _ writer: JSONWriter) {
        closeText(status, writer)
        while !calls.isEmpty {
            close(call: calls.removeFirst(), calls.isEmpty ? status : "completed", writer)
        }
    }

    mutating func closeText(_ status: JSONString, _ writer: JSONWriter) {
        guard let item = open else { return }
        open = nil
        if item.kind == .reasoning { return close(reasoning: item, .empty, writer) }
        let whole = heldText
        events.begin(
            item.kind == .refusal ? "response.refusal.done" : "response.output_text.done", item, part: "content_index",
            writer)
        writer.member(item.kind == .refusal ? "refusal" : "text", whole)
        events.end(writer)
        part("response.content_part.done", item, whole, writer)
        finish(item, writer) { writer in
            item.writeMessage(status, writer) { ResponsesItem.writePart(item.kind, whole, $0) }
        }
    }

    /// Says the whole item, and keeps it for the end.
    mutating func finish(_ item: ResponsesItem, _ writer: JSONWriter, _ body: (JSONWriter) -> Void) {
        events.item("response.output_item.done", item, writer, body)
        body(done)
    }
}
