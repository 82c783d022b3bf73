// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import Access

@Suite("Virtual keys as text")
struct KeyTextTests {
    private func isOutlined(_ text: [UInt8]) -> Bool { text.withUnsafeBytes { KeyText.isOutlined($0) } }
    private func isDamaged(_ text: [UInt8]) -> Bool { text.withUnsafeBytes { KeyText.isDamaged($0) } }

    @Test("a key is what a scanner's pattern says, whole, and never the same twice")
    func made() {
        var random = SeededGenerator(seed: 11)
        let keys = (0..<500).map { _ in KeyText.make(using: &random) }
        #expect(Set(keys).count == keys.count)
        for key in keys {
            #expect(isOutlined(key) && !isDamaged(key))
            #expect(String(decoding: key, as: UTF8.self).wholeMatch(of: /isb_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}/) != nil)
        }
    }

    @Test("every character of the alphabet turns up about as often: 500 keys have 25,500 drawn ones, 411 of each")
    func even() {
        var random = SeededGenerator(seed: 12)
        var counts: [UInt8: Int] = [:]
        for _ in 0..<500 {
            let key = KeyText.make(using: &random)
            for byte in key[KeyText.idRange] + key[13..<56] { counts[byte, default: 0] += 1 }
        }
        #expect(counts.count == 62 && counts.values.allSatisfy { (310...512).contains($0) }, "\(counts)")
    }

    @Test("one wrong character, two swapped ones, a missing or an additional one are noticed, whatever their place")
    func typos() {
        var random = SeededGenerator(seed: 13)
        let key = KeyText.make(using: &random)
        for index in 4..<key.count {
            var wrong = key
            wrong[index] = wrong[index] == 0x41 ? 0x42 : 0x41
            #expect(isDamaged(wrong))
            var short = key
            short.remove(at: index)
            #expect(isDamaged(short))
            guard index + 1 < key.count, key[index] != key[index + 1] else { continue }
            var swapped = key
            swapped.swapAt(index, index + 1)
            #expect(isDamaged(swapped))
        }
        #expect(isDamaged(key + [0x41]))
    }

    @Test("what is no key of ours is not called a damaged one")
    func others() {
        for text in ["", "sk-1234", "isb", "isbar_1", "ISB_12345678_"] { #expect(!isDamaged(Array(text.utf8))) }
        #expect(isDamaged(Array("isb_".utf8)))
    }

    @Test("ids are eight letters or digits and nothing else")
    func ids() {
        #expect(KeyText.id(Array("abcdEF09".utf8)) != nil)
        for text in ["", "abcdEF0", "abcdEF090", "abcd EF0", "abcd_F09", "abcdEFé"] {
            #expect(KeyText.id(Array(text.utf8)) == nil)
        }
        var random = SeededGenerator(seed: 14)
        let key = KeyText.make(using: &random)
        #expect(key.withUnsafeBytes { KeyText.id($0) } == KeyText.id(Array(key[KeyText.idRange])))
    }
}
