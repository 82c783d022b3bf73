// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("Calls and results belong together")
struct CallPairsTests {
    private func call(_ id: JSONString, _ name: JSONString = "f") -> Part {
        var part = Part(.toolCall)
        part.id = id
        part.name = name
        return part
    }

    private func result(_ id: JSONString, _ name: JSONString = "") -> Part {
        var part = Part(.toolResult)
        part.id = id
        part.name = name
        return part
    }

    private func pairs(_ calls: [Part], _ results: [Part]) -> CallPairs {
        CallPairs(parts: calls + results, calls: 0..<calls.count, results: calls.count..<(calls.count + results.count))
    }

    @Test("results may come in any order")
    func anyOrder() throws {
        let pairs = pairs([call("a"), call("b")], [result("b"), result("a")])
        try pairs.check()
        #expect(pairs.call(of: 2) == 1)
        #expect(pairs.call(of: 3) == 0)
    }

    @Test("a call without a result, a result without a call and a second result are faults at their id")
    func unmatched() {
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "b")) {
            try pairs([call("a"), call("b")], [result("a")]).check()
        }
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "c")) {
            try pairs([call("a")], [result("a"), result("c")]).check()
        }
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "a")) {
            try pairs([call("a"), call("b")], [result("a"), result("a")]).check()
        }
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "a")) { try pairs([], [result("a")]).check() }
        #expect(throws: TranslationFault(.unmatchedToolCall, at: "a")) { try pairs([call("a")], []).check() }
    }

    @Test("without ids the order among those of one name counts")
    func withoutIDs() throws {
        let pairs = pairs(
            [call("", "f"), call("", "g"), call("", "f")], [result("", "g"), result("", "f"), result("", "f")])
        try pairs.check()
        #expect((3...5).map { pairs.call(of: $0) } == [1, 0, 2])
    }

    @Test("without ids and names the order counts")
    func withoutNames() throws {
        let pairs = pairs([call("", "f"), call("", "g")], [result(""), result("")])
        try pairs.check()
        #expect((2...3).map { pairs.call(of: $0) } == [0, 1])
    }

    @Test("more calls at once than any model makes are refused instead of compared")
    func bounded() {
        let many = [Part](repeating: call("a"), count: CallPairs.callsMax + 1)
        #expect(throws: TranslationFault(.wrongType("at most 1024 tool calls in one turn"), at: "messages")) {
            try pairs(many, []).check()
        }
    }
}

@Suite("Whether arguments are whole")
struct ArgumentsProgressTests {
    private func progress(_ fragments: [String]) -> ArgumentsProgress {
        let arena = ByteArena()
        var progress = ArgumentsProgress()
        for fragment in fragments {
            progress.take(JSONString(arena.copy(fragment), hasEscapes: fragment.contains("\\")))
        }
        return progress
    }

    @Test(
        "an object is whole with its last bracket and not before",
        arguments: [
            #"{}"#, #"{\"a\":1}"#, #"{\"a\":{\"b\":[1,2]}}"#, #"{\"a\":\"}\"}"#, #"{\"a\":\"\\\"}\"}"#,
            #"{\u0022a\u0022:\u0022}\u0022}"#, #"{\"a\":\"é\\\\\"}"#, #"{\n\"a\": \"{\"}"#,
        ])
    func whole(_ text: String) {
        #expect(progress([text]).isWhole)
        #expect(!progress([String(text.dropLast())]).isWhole)
    }

    @Test("white space is no arguments")
    func blank() {
        #expect(!progress([" ", "\\n"]).hasText)
        #expect(!progress([]).isWhole)
    }

    @Test("fragments are one text")
    func fragments() {
        #expect(!progress([#"{\"a"#, #"\":\"}"#]).isWhole)
        #expect(progress([#"{\"a"#, #"\":\"}"#, #"\"}"#]).isWhole)
    }
}
