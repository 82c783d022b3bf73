// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Thinking that is sealed as a whole (Anthropic's `redacted_thinking`, Bedrock's `redactedContent`) on wires that have no
/// place for it: there it travels as the signature of thinking without words.
enum SealedThinking {
    private static var prefix: StaticString { "redacted_thinking:" }

    static func hasPlace(on wire: ChatWire) -> Bool {
        switch wire {
        case .chatCompletions, .messages, .converse: true
        case .responses, .generateContent: false
        }
    }

    /// The data as a signature.
    static func signature(_ data: JSONString, _ arena: ByteArena) -> JSONString {
        let memory = arena.take(prefix.utf8CodeUnitCount + data.bytes.count)
        for i in 0..<prefix.utf8CodeUnitCount { memory[i] = prefix.utf8Start[i] }
        UnsafeMutableRawBufferPointer(rebasing: memory[prefix.utf8CodeUnitCount...]).copyBytes(from: data.bytes)
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: data.hasEscapes)
    }

    /// The data of such a signature.
    static func data(_ signature: JSONString) -> JSONString? {
        guard signature.begins(prefix) else { return nil }
        return JSONString(
            UnsafeRawBufferPointer(rebasing: signature.bytes[prefix.utf8CodeUnitCount...]),
            hasEscapes: signature.hasEscapes)
    }
}
