// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Tool names and call ids in the characters that a wire takes.
///
/// A name that a wire refuses becomes its legal characters and six digits of its hash: the same in every process and
/// for every request, because a provider's prompt cache only knows a prefix again if it is the same to the byte.
/// The way back needs no table: whoever reads a name in an answer compares it with `written` of the request's tools.
enum ToolNames {
    /// - Returns: the name itself where the wire takes it; never longer than the wire allows.
    /// - Lifetime: the name's own bytes, or the arena's.
    /// - Cost: O(bytes); no allocation but the arena's.
    static func written(_ name: JSONString, for wire: ChatWire, arena: ByteArena) -> JSONString {
        switch wire {
        case .chatCompletions, .responses, .converse: written(name, .short, arena)
        case .messages: written(name, .long, arena)
        case .generateContent: written(name, .google, arena)
        }
    }

    /// Id of a call from another wire in what every wire takes: `[a-zA-Z0-9_-]{1,64}`.
    static func writtenID(_ id: JSONString, arena: ByteArena) -> JSONString { written(id, .short, arena) }

    // MARK: Characters

    /// What a wire takes. OpenAI, Bedrock (botocore's model), Anthropic and Google (references read 2026-11).
    private struct Rule {
        var bytesMax: Int
        /// Dots and colons too, but a letter or an underscore first.
        var isGoogles = false

        static let short = Rule(bytesMax: 64)
        static let long = Rule(bytesMax: 128)
        static let google = Rule(bytesMax: 128, isGoogles: true)

        func allows(_ byte: UInt8, at position: Int) -> Bool {
            switch byte {
            case 65...90, 97...122, 95: true
            case 48...57, 45: !(isGoogles && position == 0)
            case 46, 58: isGoogles && position > 0
            default: false
            }
        }

        func allows(_ name: UnsafeRawBufferPointer) -> Bool {
            guard !name.isEmpty, name.count <= bytesMax else { return false }
            for position in 0..<name.count where !allows(name[position], at: position) { return false }
            return true
        }
    }

    private static func written(_ name: JSONString, _ rule: Rule, _ arena: ByteArena) -> JSONString {
        let characters = arena.unescaped(name)
        if rule.allows(characters) { return JSONString(characters, hasEscapes: false) }
        let kept = min(characters.count, rule.bytesMax - 7)
        let memory = arena.take(kept + 7)
        for i in 0..<kept { memory[i] = rule.allows(characters[i], at: i) ? characters[i] : 95 }
        memory[kept] = 95
        let hash = hash(characters)
        for digit in 0..<6 {
            let nibble = UInt8(truncatingIfNeeded: hash >> (20 - 4 * UInt32(digit)) & 15)
            memory[kept + 1 + digit] = nibble < 10 ? 48 + nibble : 87 + nibble
        }
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: false)
    }

    /// FNV-1a of 32 bits, folded to 24 as its authors advise.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash >> 24 ^ hash & 0xFF_FFFF
    }
}
