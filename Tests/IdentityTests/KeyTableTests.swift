// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Routing
import Testing

@testable import Identity

@Suite("Keys are found by their bytes, all of them")
struct KeyTableTests {
    private static func record(_ secret: [UInt8]) -> KeyRecord {
        KeyRecord(name: "k", tenant: "t", secret: Secret(secret), region: nil, routes: nil, expiresAtUnixSeconds: nil)
    }

    private static func table(_ secrets: [[UInt8]], seed: UInt64 = 7) -> KeyTable {
        KeyTable(secrets.map(record), seed: seed)
    }

    private func find(_ secret: [UInt8], in table: KeyTable) -> Int? {
        secret.withUnsafeBytes { table.find($0).map { Int($0.key.index) } }
    }

    @Test("every key finds itself, whatever the seed", arguments: [0, 1, 0xDEAD_BEEF, .max] as [UInt64])
    func all(seed: UInt64) {
        let secrets = (0..<2_000).map { Array("sk-isobar-\($0)".utf8) }
        let table = Self.table(secrets, seed: seed)
        for (index, secret) in secrets.enumerated() { #expect(find(secret, in: table) == index) }
    }

    @Test("keys of every length from 1 to 64 bytes, each a prefix of the next, are told apart")
    func prefixes() {
        let whole = (0..<65).map { UInt8($0) }
        let table = Self.table((1...64).map { Array(whole.prefix($0)) })
        for length in 1...64 { #expect(find(Array(whole.prefix(length)), in: table) == length - 1) }
        #expect(find(whole, in: table) == nil)
    }

    @Test("a key with any one bit flipped, a byte more or a byte less is not a key")
    func nearMisses() {
        let key = Array("sk-isobar-0123456789abcdef0123456789abcdef".utf8)
        let table = Self.table([key])
        for index in key.indices {
            for bit in 0..<8 {
                var wrong = key
                wrong[index] ^= 1 << bit
                #expect(find(wrong, in: table) == nil)
            }
        }
        #expect(find(key.dropLast(), in: table) == nil)
        #expect(find(key + [0], in: table) == nil)
    }

    @Test("nothing is nobody's key")
    func empty() {
        #expect(find([], in: Self.table([[1, 2]])) == nil)
        #expect(find([], in: Self.table([[], [1]])) == nil)
        #expect(find([1], in: Self.table([[], [1]])) == 1)
        #expect(find([1], in: Self.table([])) == nil)
        #expect(Self.table([[1]]).find(UnsafeRawBufferPointer(start: nil, count: 0)) == nil)
    }

    @Test("keys of 8 KiB work and longer ones are nobody's")
    func long() {
        let key = (0..<8_192).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let table = Self.table([key, Array(key.dropLast())])
        #expect(find(key, in: table) == 0)
        #expect(find(Array(key.dropLast()), in: table) == 1)
        #expect(find(key + [0], in: table) == nil)
        #expect(find([UInt8](repeating: 1, count: 1 << 20), in: table) == nil)
    }

    @Test("of two records with one secret the first wins")
    func duplicates() {
        #expect(find([1, 2, 3], in: Self.table([[1, 2, 3], [1, 2, 3]])) == 0)
    }

    @Test("65,000 keys fit, and 100,000 random ones find nothing")
    func many() {
        var rng = SeededGenerator(seed: 42)
        let secrets = (0..<65_000).map { _ in rng.bytes(24) }
        let table = Self.table(secrets)
        for index in stride(from: 0, to: secrets.count, by: 997) { #expect(find(secrets[index], in: table) == index) }
        #expect((0..<100_000).allSatisfy { _ in find(rng.bytes(24), in: table) == nil })
    }

    @Test("hashes of keys that differ in one byte spread over slots")
    func spread() {
        var slots: Set<UInt64> = []
        for value in 0..<4_096 {
            let key = Array("sk-isobar-0000".utf8) + [UInt8(value & 255), UInt8(value >> 8)]
            slots.insert(key.withUnsafeBytes { KeyHash.of($0, seed: 3) } & 0xFFFF)
        }
        // 4,096 balls into 65,536 bins: 3,970 bins are expected to be hit, with a deviation of 11.
        #expect(slots.count > 3_900)
    }
}
