// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Simulation

struct PrefixCachingTests {
    @Test func `a prefix computed before lowers the time to first token`() throws {
        let profile = try #require(AcceleratorProfile.named("llama2-70b-a100-tp8"))
        var harness = ModelServerHarness(profile: profile)
        let hashes = prefixHashes(1, blocks: 128)
        harness.submit(1, prompt: 2_048, output: 1, hashes: hashes)
        harness.drain()
        let cold = try #require(harness.firstToken(1)) - Instant(nanoseconds: 0)
        let begin = harness.now
        harness.submit(2, prompt: 2_048, output: 1, hashes: hashes)
        harness.drain()
        let warm = try #require(harness.firstToken(2)) - begin
        #expect(warm.nanoseconds * 3 < cold.nanoseconds)
        #expect(harness.cachedTokens(1) == 0)
        #expect(harness.cachedTokens(2) == 2_032, "the last token is always computed, so its whole block is")
        #expect(harness.model.metrics.prefixHitsTotal == 2_032)
        #expect(harness.model.metrics.prefixQueriesTotal == 4_096)
    }

    @Test func `only the common leading blocks are reused`() {
        var harness = ModelServerHarness()
        harness.submit(1, prompt: 64, output: 1, hashes: [1, 2, 3, 4])
        harness.drain()
        harness.submit(2, prompt: 64, output: 1, hashes: [1, 2, 30, 4])
        harness.drain()
        #expect(harness.cachedTokens(2) == 32)
    }

    @Test func `a running sequence's blocks are shared, not copied`() {
        var harness = ModelServerHarness()
        let hashes = prefixHashes(1, blocks: 10)
        harness.submit(1, prompt: 160, output: 100, hashes: hashes)
        harness.advance(by: .milliseconds(5))
        let alone = harness.model.metrics.kvBlocksHeld
        harness.submit(2, prompt: 161, output: 100, hashes: hashes)
        harness.advance(by: .milliseconds(5))
        #expect(harness.cachedTokens(2) == 160)
        #expect(harness.model.metrics.kvBlocksHeld == alone + 1)
    }

    @Test func `no hashes, no reuse`() {
        var harness = ModelServerHarness()
        for id in 1...2 {
            harness.submit(UInt64(id), prompt: 64, output: 1)
            harness.drain()
        }
        #expect(harness.cachedTokens(2) == 0)
    }

    @Test func `the least recently used prefix is evicted first, its tail before its head`() {
        var harness = ModelServerHarness(profile: .tiny(kvBlocks: 8))
        harness.submit(1, prompt: 64, output: 1, hashes: prefixHashes(1, blocks: 4))
        harness.drain()
        harness.submit(2, prompt: 64, output: 1, hashes: prefixHashes(2, blocks: 4))
        harness.drain()
        // Two blocks too many for the empty ones: prompt 1 must give up its last two.
        harness.submit(3, prompt: 32, output: 1, hashes: prefixHashes(3, blocks: 2))
        harness.drain()
        harness.submit(4, prompt: 65, output: 1, hashes: prefixHashes(2, blocks: 4))
        harness.drain()
        #expect(harness.cachedTokens(4) == 64)
        harness.submit(5, prompt: 65, output: 1, hashes: prefixHashes(1, blocks: 4))
        harness.drain()
        #expect(harness.cachedTokens(5) == 16)
    }
}

struct KVBlockCacheTests {
    /// Takes what is idle from a copy; more would be a leak, fewer a loss.
    private func allocatable(_ cache: KVBlockCache) -> Int {
        var copy = cache
        var seen: Set<KVBlockCache.BlockIndex> = []
        while let block = copy.allocate() { seen.insert(block) }
        return seen.count
    }

    @Test(arguments: 1...20)
    func `blocks are conserved under random use`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var cache = KVBlockCache(capacity: 32)
        var held: [[KVBlockCache.BlockIndex]] = []
        for step in 0..<2_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: if let block = cache.allocate() { held.append([block]) }
            case 1: if let block = cache.hold(hash: .random(in: 0..<40, using: &random)) { held.append([block]) }
            case 2:
                if let list = held.randomElement(using: &random) {
                    cache.publish(list[0], hash: .random(in: 0..<40, using: &random))
                }
            default: if !held.isEmpty { cache.release(held.remove(at: .random(in: 0..<held.count, using: &random))) }
            }
            guard step % 20 == 0 else { continue }
            #expect(cache.heldCount == Set(held.joined()).count, "seed \(seed), step \(step)")
            #expect(cache.idleCount == allocatable(cache), "seed \(seed), step \(step)")
        }
    }

    @Test func `a second block with the same content stays private`() {
        var cache = KVBlockCache(capacity: 2)
        let blocks = (0..<2).compactMap { _ in cache.allocate() }
        for block in blocks { cache.publish(block, hash: 5) }
        let found = cache.hold(hash: 5)
        #expect(found == blocks.first)
        #expect(blocks.count == 2)
    }

    @Test func `an evicted block is no longer found`() {
        var cache = KVBlockCache(capacity: 1)
        let first = cache.allocate()
        if let first {
            cache.publish(first, hash: 5)
            cache.release([first])
        }
        let again = cache.allocate()
        let found = cache.hold(hash: 5)
        let none = cache.allocate()
        #expect(first != nil && again == first)
        #expect(found == nil && none == nil)
    }
}
