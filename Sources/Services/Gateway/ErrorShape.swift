// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Brings upstream errors into OpenAI's shape; one that has it already stays byte for byte.
enum ErrorShape {
    static func openAI(_ body: UnsafeRawBufferPointer, _ facts: ErrorFacts) -> [UInt8] {
        if facts.isOpenAIShaped { return Array(body) }
        let message = text(facts.message.slice(body))
        return ErrorBody.openAI(
            message: message.isEmpty ? "The endpoint answered with an error that carries no message." : message,
            type: "upstream_error", param: nil, code: nil)
    }

    /// The text of a JSON string, given what stands between its quotes: without this, escapes would be escaped again.
    private static func text(_ escaped: UnsafeRawBufferPointer) -> String {
        let value = try? JSONValue(parsing: [34] + escaped + [34])
        return value?.stringValue ?? String(decoding: escaped, as: UTF8.self)
    }
}
