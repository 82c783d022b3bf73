// SPDX-License-Identifier: Apache-2.0
// Isobar

import Simulation
import Testing

struct AnswerTextTests {
    @Test func `the same seed says the same, another seed something else`() {
        var (a, b, c) = (AnswerText(seed: 1), AnswerText(seed: 1), AnswerText(seed: 2))
        let (textA, textB, textC) = (a.text(tokens: 50), b.text(tokens: 50), c.text(tokens: 50))
        #expect(textA == textB)
        #expect(textA != textC)
    }

    @Test func `tokens joined one by one are the text`() {
        var (a, b) = (AnswerText(seed: 7), AnswerText(seed: 7))
        var joined = ""
        for _ in 0..<40 { joined += a.nextToken() }
        #expect(joined == b.text(tokens: 40))
        #expect(joined.split(separator: " ").count == 40)
    }

    @Test func `multi-byte characters occur, but most tokens are plain`() {
        var text = AnswerText(seed: 3)
        let foreign = (0..<2_400).count { _ in !text.nextToken().utf8.allSatisfy { $0 < 128 } }
        #expect((50...200).contains(foreign))
    }
}

struct TokenizedPromptTests {
    private func tokenize(_ text: String, salt: UInt64 = 0) -> TokenizedPrompt {
        Array(text.utf8).withUnsafeBytes { TokenizedPrompt($0, salt: salt) }
    }

    @Test(arguments: [(0, 1, 0), (1, 1, 0), (4, 1, 0), (5, 2, 0), (63, 16, 0), (64, 16, 1), (65, 17, 1), (128, 32, 2)])
    func `four bytes make a token, sixteen tokens a block`(_ bytes: Int, _ tokens: Int, _ blocks: Int) {
        let prompt = tokenize(String(repeating: "a", count: bytes))
        #expect(prompt.tokens == tokens)
        #expect(prompt.blockHashes.count == blocks)
    }

    @Test func `equal prefixes share leading hashes and nothing after the first difference`() {
        let stem = String(repeating: "The same beginning. ", count: 20)
        let (a, b) = (tokenize(stem + "One end" + stem), tokenize(stem + "Two end" + stem))
        let common = stem.utf8.count / 64
        #expect(a.blockHashes.prefix(common) == b.blockHashes.prefix(common))
        for (x, y) in zip(a.blockHashes.dropFirst(common), b.blockHashes.dropFirst(common)) { #expect(x != y) }
        #expect(a.contentHash != b.contentHash)
    }

    @Test func `a salt keeps equal prompts apart`() {
        let text = String(repeating: "x", count: 200)
        #expect(tokenize(text, salt: 1).blockHashes != tokenize(text, salt: 2).blockHashes)
        #expect(tokenize(text).contentHash == tokenize(text).contentHash)
    }
}
