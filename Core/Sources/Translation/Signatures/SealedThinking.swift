// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Thinking that is sealed as a whole (Anthropic's `redacted_thinking`, Bedrock's `redactedContent`) on wires that have no
/// place for it: there it travels as the signature of thinking without words.
enum SealedThinking {
    private static var word: StaticString { "redacted_thinking:" }

    static func hasPlace(on wire: ChatWire) -> Bool {
        switch wire {
        case .chatCompletions, .messages, .converse: true
        case .responses, .generateContent: false
        }
    }

    /// The data as a signature.
    static func signature(_ data: JSONString, _ arena: ByteArena) -> JSONString { arena.joined(word, data) }

    /// The data of such a signature.
    static func data(_ signature: JSONString) -> JSONString? { signature.behind(word) }
}

/// The signature of a call (Gemini's) on wires that have no place for it: there it travels as sealed thinking in front of
/// the call.
enum CallSignature {
    private static var word: StaticString { "function_call:" }

    static func hasPlace(on wire: ChatWire) -> Bool {
        switch wire {
        case .chatCompletions, .generateContent: true
        case .responses, .messages, .converse: false
        }
    }

    /// The signature as sealed thinking.
    static func seal(_ signature: JSONString, _ arena: ByteArena) -> JSONString { arena.joined(word, signature) }

    /// The signature in such a seal.
    static func signature(_ seal: JSONString) -> JSONString? { seal.behind(word) }
}

extension ByteArena {
    fileprivate func joined(_ word: StaticString, _ text: JSONString) -> JSONString {
        let memory = take(word.utf8CodeUnitCount + text.bytes.count)
        for i in 0..<word.utf8CodeUnitCount { memory[i] = word.utf8Start[i] }
        UnsafeMutableRawBufferPointer(rebasing: memory[word.utf8CodeUnitCount...]).copyBytes(from: text.bytes)
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: text.hasEscapes)
    }
}

extension JSONString {
    /// What follows the word; `nil` when the text begins otherwise.
    fileprivate func behind(_ word: StaticString) -> JSONString? {
        guard begins(word) else { return nil }
        return JSONString(
            UnsafeRawBufferPointer(rebasing: bytes[word.utf8CodeUnitCount...]), hasEscapes: hasEscapes)
    }
}
