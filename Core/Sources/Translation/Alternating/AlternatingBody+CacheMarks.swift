// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Cache marks, of which both wires take a few only.
extension AlternatingBody {
    private var marksMax: Int { 4 }

    /// The longest prefixes are worth most, so the last marks stay. Both caches go through tools, system and messages,
    /// which is why they are written in this order.
    mutating func limitMarks() {
        var count = 0
        if writesTools {
            for tool in conversation.tools where tool.cache != .none && conversation.mayCall(tool.name) { count += 1 }
        }
        for part in conversation.system where part.cache != .none && !part.text.isBlank { count += 1 }
        count += countPartMarks()
        marksToSkip = max(0, count - marksMax)
        if marksToSkip > 0 { losses.add(.cacheMarks) }
    }

    /// Whether this mark is one of those that stay.
    mutating func takes(_ mark: CacheMark) -> Bool {
        guard mark != .none else { return false }
        guard marksToSkip > 0 else { return true }
        marksToSkip -= 1
        return false
    }
}
