// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// What an endpoint said beside what its caller can read of it.
struct AnswerComparison {
    let said: ToldAnswer
    let heard: ToldAnswer
    /// The caller's.
    let wire: ChatWire
    let isStream: Bool
    let documents: String

    static let model = "the-model"

    func check() {
        checkWords()
        checkCalls()
        expect(
            heard.finish == expectedFinish,
            "\(said.finish.map { "\($0)" } ?? "none") ends as \(heard.finish.map { "\($0)" } ?? "none")")
        checkUsage()
        checkNames()
    }

    /// What holds of a stream that breaks, too: all that was said before has been heard.
    func checkWords() {
        if wire == .chatCompletions || wire == .responses {
            same("text", said.text, heard.text)
            same("refusal", said.refusal, heard.refusal)
        } else {
            same("words", said.words, heard.words)
        }
        same("thinking", said.thinking, heard.thinking)
        let (signed, read) = (Signs(said: said), Signs(heard: heard))
        same("signatures", signed.signatures, read.signatures)
        same("sealed thinking", signed.sealed, read.sealed)
    }

    private func checkNames() {
        // A sign of life on Google's wire is a chunk with both, and may go out before the endpoint's are known.
        if isStream, wire == .generateContent { return }
        if said.id.isEmpty { expect(!heard.id.isEmpty, "an id is made") } else { same("id", said.id, heard.id) }
        same("model", said.model.isEmpty ? Self.model : said.model, heard.model)
    }

    // MARK: Claims

    private func expect(_ holds: Bool, _ claim: @autoclosure () -> String) {
        Fuzz.check(holds, "\(claim()); to \(wire)\(isStream ? ", streamed" : ""): \(documents)")
    }

    private func same<Value: Equatable>(_ name: String, _ a: Value, _ b: Value) {
        expect(a == b, "\(name) is \(a) and becomes \(b)")
    }

    private func checkCalls() {
        same("the number of calls", said.calls.count, heard.calls.count)
        for (said, heard) in zip(said.calls, heard.calls) {
            same("a call's name", said.name, heard.name)
            same("a call's arguments", said.arguments, heard.arguments)
            if said.id.isEmpty {
                expect(!heard.id.isEmpty, "a call without an id gets one")
            } else {
                same("a call's id", said.id, heard.id)
            }
        }
    }

    /// `nil` where the caller's wire has no word for it and says that the answer is broken.
    private var expectedFinish: Finish.Reason? {
        guard let reason = said.finish else { return nil }
        switch (wire, reason) {
        case (.messages, .stop): return said.refusal.isEmpty ? .stop : .filtered
        case (.messages, _): return reason
        case (_, .length), (_, .contextFull): return .length
        case (_, .filtered): return .filtered
        case (.chatCompletions, .toolCalls): return .toolCalls
        case (.chatCompletions, _): return .stop
        default: return said.calls.isEmpty ? .stop : .toolCalls
        }
    }

    // MARK: Usage

    private func checkUsage() {
        guard var counts = said.usage else {
            // Not optional on this wire.
            return same("usage", wire == .messages ? UsageCounts() : nil, heard.usage)
        }
        guard counts.isConsistent else { return }
        if wire != .messages {
            counts.cacheWriteTokens += counts.cacheWriteHourTokens
            counts.cacheWriteHourTokens = 0
        }
        if wire == .generateContent { counts.cacheWriteTokens = 0 }
        same("usage", counts, heard.usage)
    }
}

extension UsageCounts {
    /// Parts are inside their whole, and all of it is a number of tokens that somebody could have paid for.
    fileprivate var isConsistent: Bool {
        let largest: Int64 = 1_000_000_000_000_000
        let parts = [cachedTokens, cacheWriteTokens, cacheWriteHourTokens, reasoningTokens]
        guard promptTokens < largest, completionTokens < largest, parts.allSatisfy({ $0 < largest }) else {
            return false
        }
        return cachedTokens + cacheWriteTokens + cacheWriteHourTokens <= promptTokens
            && reasoningTokens <= completionTokens
    }
}
