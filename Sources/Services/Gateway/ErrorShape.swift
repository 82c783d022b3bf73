// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Translation
internal import WireFormats

/// Brings upstream errors into the caller's form; one that has it already stays byte for byte.
enum ErrorShape {
    /// - Parameter isNative: the endpoint speaks the caller's wire, so its errors are in the caller's form.
    static func body(
        _ body: UnsafeRawBufferPointer, _ facts: ErrorFacts, status: UInt16, wire: ChatWire, isNative: Bool
    ) -> [UInt8] {
        let isOpenAI = wire == .chatCompletions || wire == .responses
        if isOpenAI ? facts.isOpenAIShaped : isNative && !facts.message.isEmpty { return Array(body) }
        return write(error(body, facts, status: status), in: wire)
    }

    /// The error in words that every wire has.
    static func error(_ body: UnsafeRawBufferPointer, _ facts: ErrorFacts, status: UInt16) -> WireError {
        let message = text(facts.message.slice(body))
        return WireError(
            status: status,
            message: message.isEmpty ? "The endpoint answered with an error that carries no message." : message,
            type: "upstream_error", code: facts.isContextTooLong ? "context_length_exceeded" : nil)
    }

    static func write(_ error: WireError, in wire: ChatWire) -> [UInt8] {
        let writer = JSONWriter(capacity: 512)
        WireErrorBody.write(error, in: wire, to: writer)
        return Array(writer.bytes)
    }

    /// The text of a JSON string, given what stands between its quotes: without this, escapes would be escaped again.
    private static func text(_ escaped: UnsafeRawBufferPointer) -> String {
        let value = try? JSONValue(parsing: [34] + escaped + [34])
        return value?.stringValue ?? String(decoding: escaped, as: UTF8.self)
    }
}
