// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import WireFormats

@testable import Translation

/// Throws conversations, answers and streams: everything a wire can say, and nothing that it cannot.
final class MessagesDice: RandomNumberGenerator {
    private var generator: SeededGenerator
    /// For the texts thrown; they live as long as these dice.
    let arena = ByteArena()
    let isResponses: Bool

    init(seed: Int, isResponses: Bool) {
        generator = SeededGenerator(seed: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        self.isResponses = isResponses
    }

    func next() -> UInt64 { generator.next() }

    func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    func chance(_ oneIn: Int) -> Bool { next() % UInt64(oneIn) == 0 }

    func pick<Element>(_ choices: [Element]) -> Element { choices[number(0...choices.count - 1)] }

    // MARK: Texts

    /// Never blank.
    func text() -> JSONString {
        let characters: [Character] = ["a", "é", "\"", "\\", "\n", "😀", " ", "{", "}", "\u{1}", "\u{7F}", "/"]
        return string("x" + String((0..<number(0...8)).map { _ in pick(characters) }))
    }

    func string(_ text: String) -> JSONString {
        var bytes: [UInt8] = []
        JSONText.append(text, to: &bytes)
        let copy = bytes.withUnsafeBytes { arena.copy(UnsafeRawBufferPointer(rebasing: $0.dropFirst().dropLast())) }
        return JSONString(copy, hasEscapes: copy.contains(92))
    }

    func object() -> String {
        let members = (0..<number(0...3)).map { index in
            let value = pick(["1", "12345678901234567890", #"{"b":[]}"#, "null", quoted(text())])
            return "\"m\(index)\":\(value)"
        }
        return "{\(members.joined(separator: ","))}"
    }

    private func quoted(_ text: JSONString) -> String { "\"\(String(decoding: text.bytes, as: UTF8.self))\"" }

    func raw(_ json: String) -> JSONRaw { JSONRaw(arena.copy(json)) }

    func name(_ number: Int) -> JSONString { string("tool-\(number)_\(self.number(0...9))") }

    /// The text of an object in escaped fragments that cut no escape in two.
    func fragments(_ object: String) -> [JSONString] {
        var pieces: [String] = [""]
        for character in object {
            if chance(4) { pieces.append("") }
            pieces[pieces.count - 1].append(character)
        }
        return pieces.filter { !$0.isEmpty }.map(string)
    }

    // MARK: Parts

    func call(_ number: Int) -> Part {
        var part = Part(.toolCall)
        part.id = string("call-\(number)")
        part.name = name(number)
        part.arguments = raw(object())
        return part
    }

    func thinking() -> Part {
        var part = Part(.thinking)
        if !chance(4) { part.text = text() }
        part.signature = string("c2ln\(number(0...999))")
        return part
    }

    func redacted() -> Part {
        var part = Part(.redactedThinking)
        part.text = string("ZGF0\(number(0...999))")
        return part
    }

    func media() -> Part {
        var part = Part(pick([.image, .document]))
        let isURL = chance(2)
        part.media =
            isURL
            ? Media(.url, type: .empty, value: string("https://example.org/\(number(0...9))"))
            : Media(.base64, type: part.kind == .image ? "image/png" : "application/pdf", value: "AAAA")
        if part.kind == .document {
            if isURL { part.media.type = isResponses ? .empty : "application/pdf" }
            if !isURL || !isResponses { part.name = text() }
            if !isResponses, chance(3) { part.media = Media(.text, type: "text/plain", value: text()) }
        }
        return part
    }

    func usage() -> UsageCounts {
        var counts = UsageCounts()
        counts.cachedTokens = Int64(number(0...50))
        counts.cacheWriteTokens = Int64(number(0...50))
        counts.cacheWriteHourTokens = isResponses ? 0 : Int64(number(0...50))
        counts.promptTokens =
            counts.cachedTokens + counts.cacheWriteTokens + counts.cacheWriteHourTokens + Int64(number(0...50))
        counts.reasoningTokens = Int64(number(0...9))
        counts.completionTokens = counts.reasoningTokens + Int64(number(0...50))
        return counts
    }

    func finish(hasCalls: Bool) -> Finish {
        if isResponses { return Finish(hasCalls ? pick([.toolCalls, .length]) : pick([.stop, .length, .filtered])) }
        let reason = pick(Finish.Reason.allCases)
        return Finish(reason, stopSequence: reason == .stopSequence ? text() : .empty)
    }
}
