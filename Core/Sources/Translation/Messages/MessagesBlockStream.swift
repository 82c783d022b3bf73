// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The content blocks of a streamed message: opened by their first piece, numbered from 0 without gaps, closed before
/// a block of another kind begins.
///
/// Clients take blocks one after the other, some look at the last one only. A tool block is closed as soon as the next
/// begins if its arguments are whole; only the fragments of calls that really mix leave several open.
struct MessagesBlockStream {
    private enum Kind { case none, text, thinking }

    private struct OpenTool {
        /// As `StreamEvent` counts.
        var block = 0
        /// As this wire counts.
        var index: Int64 = 0
        var arguments = ArgumentsProgress()
    }

    private var next: Int64 = 0
    /// The open block that is no tool's: the last one begun.
    private var kind = Kind.none
    private var tools = InlineArray<16, OpenTool>(repeating: OpenTool())
    private var toolCount = 0

    // MARK: Text and thinking

    mutating func write(text: JSONString, _ writer: JSONWriter) {
        open(.text, writer)
        delta("text_delta", "text", text, next - 1, writer)
    }

    mutating func write(thinking: JSONString, _ writer: JSONWriter) {
        open(.thinking, writer)
        delta("thinking_delta", "thinking", thinking, next - 1, writer)
    }

    /// Clients replace the signature by a later one, so a block ends with its own.
    mutating func write(signature: JSONString, _ writer: JSONWriter) {
        open(.thinking, writer)
        delta("signature_delta", "signature", signature, next - 1, writer)
        closeText(writer)
    }

    mutating func write(redacted data: JSONString, _ writer: JSONWriter) {
        closeAll(writer)
        begin(writer)
        writer.member("type", "redacted_thinking")
        writer.member("data", data)
        endEvent(writer, brackets: 2)
        stop(next - 1, writer)
    }

    private mutating func open(_ kind: Kind, _ writer: JSONWriter) {
        guard self.kind != kind else { return }
        closeAll(writer)
        self.kind = kind
        begin(writer)
        if kind == .text {
            writer.member("type", "text")
            writer.member("text", .empty)
        } else {
            writer.member("type", "thinking")
            writer.member("thinking", .empty)
            writer.member("signature", .empty)
        }
        endEvent(writer, brackets: 2)
    }

    // MARK: Tools

    mutating func start(
        tool block: Int, id: JSONString, name: JSONString, _ target: AnswerTarget, _ writer: JSONWriter
    ) {
        closeText(writer)
        closeWholeTools(writer)
        if toolCount == tools.count { close(slot: 0, writer) }
        tools[toolCount] = OpenTool(block: block, index: next)
        toolCount += 1
        begin(writer)
        MessagesAnswerWriter.begin(call: name, id, Int(next) - 1, target, writer)
        writer.member("input", raw: "{}")
        endEvent(writer, brackets: 2)
    }

    /// Fragments of a call that is not open have nowhere to go.
    mutating func write(fragment: JSONString, tool block: Int, _ writer: JSONWriter) {
        guard let slot = slot(of: block) else { return }
        tools[slot].arguments.take(fragment)
        guard tools[slot].arguments.hasText else { return }
        delta("input_json_delta", "partial_json", fragment, tools[slot].index, writer)
    }

    mutating func write(object: JSONRaw, tool block: Int, _ writer: JSONWriter) {
        guard let slot = slot(of: block) else { return }
        tools[slot].arguments.take("{}")
        beginDelta("input_json_delta", tools[slot].index, writer)
        writer.name("partial_json")
        writer.beginString()
        writer.escape(object.bytes)
        writer.endString()
        endEvent(writer, brackets: 2)
    }

    mutating func end(tool block: Int, _ writer: JSONWriter) {
        if let slot = slot(of: block) { close(slot: slot, writer) }
    }

    private func slot(of block: Int) -> Int? {
        for slot in 0..<toolCount where tools[slot].block == block { return slot }
        return nil
    }

    private mutating func closeWholeTools(_ writer: JSONWriter) {
        for slot in stride(from: toolCount - 1, through: 0, by: -1) where tools[slot].arguments.isWhole {
            close(slot: slot, writer)
        }
    }

    /// Arguments without any text would be no JSON.
    private mutating func close(slot: Int, _ writer: JSONWriter) {
        let closed = tools[slot]
        for later in slot + 1..<max(toolCount, slot + 1) { tools[later - 1] = tools[later] }
        toolCount -= 1
        if !closed.arguments.hasText { delta("input_json_delta", "partial_json", "{}", closed.index, writer) }
        stop(closed.index, writer)
    }

    // MARK: Ends

    mutating func closeAll(_ writer: JSONWriter) {
        closeText(writer)
        while toolCount > 0 { close(slot: 0, writer) }
    }

    private mutating func closeText(_ writer: JSONWriter) {
        guard kind != .none else { return }
        kind = .none
        stop(next - 1, writer)
    }

    // MARK: Events

    private mutating func begin(_ writer: JSONWriter) {
        writer.text("event: content_block_start\ndata: ")
        writer.beginObject()
        writer.member("type", "content_block_start")
        writer.member("index", next)
        writer.name("content_block")
        writer.beginObject()
        next += 1
    }

    private func beginDelta(_ type: JSONString, _ index: Int64, _ writer: JSONWriter) {
        writer.text("event: content_block_delta\ndata: ")
        writer.beginObject()
        writer.member("type", "content_block_delta")
        writer.member("index", index)
        writer.name("delta")
        writer.beginObject()
        writer.member("type", type)
    }

    private func delta(
        _ type: JSONString, _ name: JSONString, _ text: JSONString, _ index: Int64, _ writer: JSONWriter
    ) {
        beginDelta(type, index, writer)
        writer.member(name, text)
        endEvent(writer, brackets: 2)
    }

    private func stop(_ index: Int64, _ writer: JSONWriter) {
        writer.text("event: content_block_stop\ndata: ")
        writer.beginObject()
        writer.member("type", "content_block_stop")
        writer.member("index", index)
        endEvent(writer, brackets: 1)
    }

    private func endEvent(_ writer: JSONWriter, brackets: Int) {
        for _ in 0..<brackets { writer.endObject() }
        writer.text("\n\n")
    }
}
