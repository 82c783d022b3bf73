// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Frames a response's events and counts them: clients check that the numbers grow.
struct ResponsesEvents {
    private var sequence: Int64 = 0

    /// Opens an event; its members follow.
    mutating func begin(_ type: StaticString, _ writer: JSONWriter) {
        writer.text("event: ")
        writer.text(type)
        writer.text("\ndata: ")
        writer.beginObject()
        writer.member("type", JSONString(stringLiteral: type))
        writer.member("sequence_number", sequence)
        sequence += 1
    }

    func end(_ writer: JSONWriter) {
        writer.endObject()
        writer.text("\n\n")
    }

    /// Opens an event about a part of an item.
    mutating func begin(_ type: StaticString, _ item: ResponsesItem, part name: JSONString?, _ writer: JSONWriter) {
        begin(type, writer)
        writer.name("item_id")
        item.writeID(writer)
        writer.member("output_index", item.number)
        if let name { writer.member(name, 0) }
    }

    /// An event about a whole item, which `body` writes.
    mutating func item(
        _ type: StaticString, _ item: ResponsesItem, _ writer: JSONWriter, _ body: (JSONWriter) -> Void
    ) {
        begin(type, writer)
        writer.member("output_index", item.number)
        writer.name("item")
        body(writer)
        end(writer)
    }
}
