// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The tool calls of a stream that have begun and not ended, by the number that the endpoint's wire gives to their block
/// or item; tells them as events.
/// - Limits: 16 at once, more than any model leaves open.
struct OpenCalls {
    private struct Call {
        /// As the wire counts: everything.
        var index: Int64 = 0
        /// As `StreamEvent` counts: calls.
        var block = 0
        var hasArguments = false
    }

    private var open = InlineArray<16, Call>(repeating: Call())
    private var openCount = 0
    /// Calls so far, ended ones included.
    private(set) var count = 0

    /// - Parameter path: where the name stands.
    mutating func begin(
        _ index: Int64, id: JSONString?, name: JSONString?, at path: String, _ events: inout [StreamEvent]
    ) throws(TranslationFault) {
        guard openCount < open.count else { throw TranslationFault(.brokenAnswer("too many open tool calls")) }
        guard let name, !name.isEmpty else { throw TranslationFault(.incompleteAnswer, at: path) }
        open[openCount] = Call(index: index, block: count)
        openCount += 1
        events.append(.toolStarted(block: count, id: id ?? .empty, name: name))
        count += 1
    }

    /// - Returns: false, and nothing is told, for a call that is not open: one that the provider makes itself, or none.
    @discardableResult
    mutating func take(_ fragment: JSONString, of index: Int64, _ events: inout [StreamEvent]) -> Bool {
        guard let slot = slot(of: index), !fragment.isEmpty else { return false }
        if !fragment.isBlank { open[slot].hasArguments = true }
        events.append(.toolArguments(block: open[slot].block, fragment: fragment))
        return true
    }

    /// Arguments that come whole with the call.
    mutating func take(object: JSONRaw, of index: Int64, _ events: inout [StreamEvent]) {
        guard let slot = slot(of: index) else { return }
        open[slot].hasArguments = true
        events.append(.toolObject(block: open[slot].block, arguments: object))
    }

    func isOpen(_ index: Int64) -> Bool { slot(of: index) != nil }

    /// - Parameter whole: arguments of a call that had none in pieces. A call may come without any text, and no text is
    ///   no JSON.
    mutating func end(_ index: Int64, whole: JSONString = .empty, _ events: inout [StreamEvent]) {
        guard let slot = slot(of: index) else { return }
        Self.end(open[slot], whole, &events)
        openCount -= 1
        open[slot] = open[openCount]
    }

    mutating func endAll(_ events: inout [StreamEvent]) {
        for slot in 0..<openCount { Self.end(open[slot], .empty, &events) }
        openCount = 0
    }

    private static func end(_ call: Call, _ whole: JSONString, _ events: inout [StreamEvent]) {
        if !call.hasArguments {
            events.append(.toolArguments(block: call.block, fragment: whole.isBlank ? "{}" : whole))
        }
        events.append(.toolEnded(block: call.block))
    }

    private func slot(of index: Int64) -> Int? {
        for slot in 0..<openCount where open[slot].index == index { return slot }
        return nil
    }
}
