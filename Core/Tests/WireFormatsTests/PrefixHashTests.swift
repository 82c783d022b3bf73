// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@Suite struct PrefixHashTests {
    private func body(_ messages: [String], stream: Bool = false) -> Scanned {
        Scanned(
            "{\"stream\":\(stream),\"model\":\"m\",\"messages\":[\(messages.map { "{\"content\":\"\($0)\"}" }.joined(separator: ", "))]}"
        )
    }

    @Test func `the same beginning has the same hashes, whatever stands around it`() {
        let long = String(repeating: "long ", count: 200)
        #expect(body(["a", long]).prefixes == body(["a", long], stream: true).prefixes)
    }

    @Test func `a conversation that goes on keeps its earlier hashes`() {
        let messages = (0..<20).map { "message \($0)" }
        let longest = body(messages).prefixes
        #expect(longest.count == RequestFacts.prefixesMax)
        #expect(Set(longest).count == longest.count, "each is its own")
        for count in 1...20 { #expect(body(Array(messages.prefix(count))).prefixes == Array(longest.prefix(count))) }
    }

    @Test func `a difference at an edge, in length or in order shows from there on`() {
        let base = ["first", "second", "third"]
        let hashes = body(base).prefixes
        for (index, change) in [
            ["First", "second", "third"], ["first", "second!", "third"], ["first", "third", "second"],
        ].enumerated() {
            let changed = body(change).prefixes
            let firstChange = [0, 1, 1][index]
            #expect(changed.prefix(firstChange) == hashes.prefix(firstChange))
            for position in firstChange..<3 { #expect(changed[position] != hashes[position]) }
        }
    }

    @Test func `only the first and last 128 bytes of a message count`() {
        func message(_ change: Int) -> String {
            var text = [UInt8](repeating: 97, count: 500)
            text[change] = 98
            return String(decoding: text, as: UTF8.self)
        }
        // The message begins with `{"content":"`, twelve bytes, and ends with two.
        #expect(body([message(115)]).prefixes != body([message(114)]).prefixes)
        #expect(body([message(116)]).prefixes == body([message(373)]).prefixes, "the middle")
        #expect(body([message(373)]).prefixes != body([message(374)]).prefixes)
    }

    @Test func `hashing can be left out`() {
        let scanned = Scanned(#"{"model":"m","messages":[{}]}"#.utf8, .chatCompletions, hashesPrefix: false)
        #expect(scanned.facts.prefixCount == 0 && scanned.facts.messageCount == 1)
    }

    @Test func `every length of a message has its own hash`() {
        let hashes = (0...300).map { body([String(repeating: "x", count: $0)]).prefixes[0] }
        #expect(Set(hashes).count == hashes.count)
    }
}
