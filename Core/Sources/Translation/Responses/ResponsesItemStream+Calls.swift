// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A call under way: what it began with and its arguments so far.
struct ResponsesOpenCall {
    let block: Int
    let item: ResponsesItem
    /// Id, name and arguments, one after the other.
    let held = JSONWriter(capacity: 512)
    var progress = ArgumentsProgress()
    var isEnded = false
    private let nameStart: Int
    private let argumentsStart: Int

    init(_ block: Int, _ item: ResponsesItem, id: JSONString, name: JSONString) {
        self.block = block
        self.item = item
        held.piece(id)
        nameStart = held.count
        held.piece(name)
        argumentsStart = held.count
    }

    var arguments: JSONString { text(from: argumentsStart) }

    /// - Parameter start: a former `held.count`.
    func text(from start: Int) -> JSONString {
        JSONString(UnsafeRawBufferPointer(rebasing: held.bytes[start...]), hasEscapes: true)
    }

    func write(_ status: JSONString, _ arguments: JSONString, _ writer: JSONWriter) {
        let id = JSONString(UnsafeRawBufferPointer(rebasing: held.bytes[..<nameStart]), hasEscapes: true)
        let name = JSONString(
            UnsafeRawBufferPointer(rebasing: held.bytes[nameStart..<argumentsStart]), hasEscapes: true)
        item.writeCall(status, id: id, name: name, writer) { $0.piece(arguments) }
    }
}

// Calls: several may be open, and end in the order in which they began.
extension ResponsesItemStream {
    mutating func start(call block: Int, id: JSONString, name: JSONString, _ writer: JSONWriter) {
        closeText("completed", writer)
        for index in calls.indices where calls[index].progress.isWhole { calls[index].isEnded = true }
        closeEndedCalls(writer)
        if calls.count == Self.openCallsMax { close(call: calls.removeFirst(), "completed", writer) }
        let call = ResponsesOpenCall(block, nextItem(.call), id: id, name: name)
        calls.append(call)
        events.item("response.output_item.added", call.item, writer) { call.write("in_progress", .empty, $0) }
    }

    private static let openCallsMax = 16

    /// Fragments of a call that is not open have nowhere to go.
    mutating func write(fragment: JSONString, call block: Int, _ writer: JSONWriter) {
        guard let index = calls.firstIndex(where: { $0.block == block }) else { return }
        calls[index].progress.take(fragment)
        guard calls[index].progress.hasText else { return }
        calls[index].held.piece(fragment)
        events.begin("response.function_call_arguments.delta", calls[index].item, part: nil, writer)
        writer.member("delta", fragment)
        events.end(writer)
    }

    /// Arguments that come whole go out as one fragment.
    mutating func write(object: JSONRaw, call block: Int, _ writer: JSONWriter) {
        guard let index = calls.firstIndex(where: { $0.block == block }) else { return }
        let start = calls[index].held.count
        calls[index].held.escape(object.bytes)
        calls[index].progress.take("{}")
        events.begin("response.function_call_arguments.delta", calls[index].item, part: nil, writer)
        writer.member("delta", calls[index].text(from: start))
        events.end(writer)
    }

    mutating func end(call block: Int, _ writer: JSONWriter) {
        guard let index = calls.firstIndex(where: { $0.block == block }) else { return }
        calls[index].isEnded = true
        closeEndedCalls(writer)
    }

    private mutating func closeEndedCalls(_ writer: JSONWriter) {
        while let first = calls.first, first.isEnded { close(call: calls.removeFirst(), "completed", writer) }
    }

    /// Arguments without any text would be no JSON, unless the answer was cut before they came.
    mutating func close(call: ResponsesOpenCall, _ status: JSONString, _ writer: JSONWriter) {
        let isComplete = status == "completed"
        let arguments = call.progress.hasText || !isComplete ? call.arguments : "{}"
        if isComplete, !call.progress.hasText {
            events.begin("response.function_call_arguments.delta", call.item, part: nil, writer)
            writer.member("delta", arguments)
            events.end(writer)
        }
        events.begin("response.function_call_arguments.done", call.item, part: nil, writer)
        writer.member("arguments", arguments)
        events.end(writer)
        finish(call.item, writer) { call.write(status, arguments, $0) }
    }
}
