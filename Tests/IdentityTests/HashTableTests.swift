// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import CoreTestSupport
import ResourceTypes
import Routing
import Testing

@testable import Identity

@Suite("Virtual keys are found by their id and admitted by their hash")
struct HashTableTests {
    private static let pepper = Secret(Array("0123456789abcdef0123456789abcdef".utf8))
    private static let other = Secret(Array("fedcba9876543210fedcba9876543210".utf8))

    private static func hash(_ key: [UInt8], _ pepper: Secret = pepper, until: Int64? = nil) -> SecretHash {
        let digest = key.withUnsafeBytes {
            PepperedHash(pepper: pepper).digest(of: UnsafeRawBufferPointer(rebasing: $0[KeyText.hashedRange]))
        }
        return SecretHash(id: Array(key[KeyText.idRange]), digest: digest, pepper: pepper, expiresAtUnixSeconds: until)
    }

    private static func record(_ hashes: [SecretHash], secret: Secret? = nil, until: Int64? = nil) -> KeyRecord {
        KeyRecord(
            name: "k", tenant: "t", secret: secret, hashes: hashes, region: nil, routes: nil,
            expiresAtUnixSeconds: until)
    }

    private func find(_ key: [UInt8], in table: KeyTable) -> KeyMatch? { key.withUnsafeBytes { table.find($0) } }

    /// RFC 4231 test cases 2, 4 and 6: a short key, one of 25 bytes, one longer than a block.
    @Test("the keyed hash is HMAC-SHA-256")
    func vectors() {
        func digest(_ key: [UInt8], _ message: [UInt8]) -> String {
            let bytes = message.withUnsafeBytes { PepperedHash(pepper: Secret(key)).digest(of: $0) }
            return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(
            digest(Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            digest(Array(1...25), [UInt8](repeating: 0xcd, count: 50))
                == "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b")
        #expect(
            digest(
                [UInt8](repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("2,000 keys of two peppers each find themselves, and no near one is found")
    func all() {
        var random = SeededGenerator(seed: 5)
        let keys = (0..<2_000).map { _ in KeyText.make(using: &random) }
        let table = KeyTable(
            keys.enumerated().map {
                Self.record([Self.hash($0.element, $0.offset % 2 == 0 ? Self.pepper : Self.other)])
            },
            seed: 99)
        for (index, key) in keys.enumerated() {
            #expect(find(key, in: table).map { Int($0.key.index) } == index)
            var wrong = key
            let place = index % key.count
            wrong[place] ^= 1
            #expect(find(wrong, in: table) == nil, "byte \(place)")
            #expect(find(Array(key.dropLast()), in: table) == nil && find(key + [0x41], in: table) == nil)
            // Another's secret behind this one's id.
            let mixed = Array(key[..<13]) + keys[(index + 1) % keys.count][13...]
            #expect(find(mixed, in: table) == nil)
        }
        for _ in 0..<2_000 { #expect(find(KeyText.make(using: &random), in: table) == nil) }
    }

    @Test("during a rotation both keys are one, each until its own end or the key's")
    func rotation() {
        var random = SeededGenerator(seed: 6)
        let (old, new) = (KeyText.make(using: &random), KeyText.make(using: &random))
        let table = KeyTable([Self.record([Self.hash(new), Self.hash(old, until: 100)], until: 1_000)], seed: 1)
        #expect(
            find(old, in: table)?.expiresAtUnixSeconds == 100 && find(new, in: table)?.expiresAtUnixSeconds == 1_000)
        #expect(find(old, in: table)?.key == find(new, in: table)?.key)
    }

    @Test("a hash under another pepper, a truncated one and one with a wrong id admit nobody")
    func wrong() {
        var random = SeededGenerator(seed: 7)
        let key = KeyText.make(using: &random)
        var foreign = Self.hash(key)
        foreign.pepper = Self.other
        var short = Self.hash(key)
        short.digest.removeLast()
        var misplaced = Self.hash(key)
        misplaced.id = Array("abc".utf8)
        for hash in [foreign, short, misplaced] {
            #expect(find(key, in: KeyTable([Self.record([hash])], seed: 1)) == nil)
        }
    }

    @Test("a key by reference may look like a virtual one")
    func lookalike() {
        var random = SeededGenerator(seed: 8)
        let key = KeyText.make(using: &random)
        #expect(find(key, in: KeyTable([Self.record([], secret: Secret(key))], seed: 1)) != nil)
        let others = KeyTable(
            [Self.record([Self.hash(KeyText.make(using: &random))]), Self.record([], secret: Secret(key))], seed: 1)
        #expect(find(key, in: others).map { Int($0.key.index) } == 1)
    }
}
