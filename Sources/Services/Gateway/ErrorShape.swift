// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Brings upstream errors into OpenAI's shape; one that has it already stays byte for byte.
enum ErrorShape {
    static func openAI(_ body: UnsafeRawBufferPointer, _ facts: ErrorFacts) -> [UInt8] {
        if facts.isOpenAIShaped { return Array(body) }
        let message = String(decoding: facts.message.slice(body), as: UTF8.self)
        return ErrorBody.openAI(
            message: message.isEmpty ? "The endpoint answered with an error that carries no message." : message,
            type: "upstream_error", param: nil, code: nil)
    }
}
