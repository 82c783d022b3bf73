// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Simulation

struct PreemptionTests {
    @Test func `when blocks run out the newest sequence loses its own and is computed again`() throws {
        // 8 blocks; both prompts fit, both answers do not.
        var harness = ModelServerHarness(profile: .tiny(kvBlocks: 8))
        harness.submit(1, prompt: 48, output: 60)
        harness.submit(2, prompt: 48, output: 60)
        harness.drain()
        #expect(harness.model.metrics.preemptionsTotal == 1)
        #expect(harness.time(of: .preempted, 2) != nil)
        #expect(harness.time(of: .preempted, 1) == nil)
        for id: UInt64 in 1...2 { #expect(harness.tokenIndices(id) == Array(0..<60), "no token lost or repeated") }
        #expect(try #require(harness.finish(1)) < #require(harness.finish(2)))
        #expect(harness.model.metrics.kvBlocksHeld == 0)
    }

    @Test func `a pre-empted sequence comes before those that never ran`() throws {
        var harness = ModelServerHarness(profile: .tiny(kvBlocks: 8))
        harness.submit(1, prompt: 48, output: 60)
        harness.submit(2, prompt: 48, output: 60)
        harness.submit(3, prompt: 100, output: 1)
        harness.drain()
        #expect(harness.model.metrics.preemptionsTotal >= 1)
        #expect(try #require(harness.finish(2)) <= #require(harness.firstToken(3)))
    }

    @Test func `being computed again takes prefill time`() throws {
        let profile = try #require(AcceleratorProfile.named("llama2-70b-a100-tp8"))
        func longestGap(kvBlocks: Int) throws -> TimeSpan {
            var tight = profile
            tight.kvBlocks = kvBlocks
            var harness = ModelServerHarness(profile: tight)
            harness.submit(1, prompt: 1_024, output: 200)
            harness.submit(2, prompt: 1_024, output: 200)
            harness.drain()
            let times = harness.events.filter { $0.request == 2 && $0.kind != .preempted }.map(\.at)
            return try #require(zip(times.dropFirst(), times).map { $0 - $1 }.max())
        }
        #expect(try longestGap(kvBlocks: 140) > longestGap(kvBlocks: 1_000) + profile.prefill.duration(of: 1_024))
    }

    /// Random loads on few blocks: everything accepted ends, exactly once, with all its tokens, and memory comes back.
    @Test(arguments: 1...30)
    func `work is conserved under pressure`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = ModelServerLimits(queueMax: 50, sequencesMax: 8, tokensPerIterationMax: 64, jitterPercent: 10)
        var harness = ModelServerHarness(profile: .tiny(kvBlocks: 24), limits: limits, seed: seed)
        var expected: [UInt64: Int] = [:]
        for id in 0..<200 as Range<UInt64> {
            let output = Int.random(in: 1...80, using: &random)
            let blocks = Int.random(in: 0...12, using: &random)
            let hashes = prefixHashes(.random(in: 0..<4, using: &random), blocks: blocks)
            let prompt = blocks * 16 + Int.random(in: 1...15, using: &random)
            let admission = harness.submit(id, prompt: prompt, output: output, hashes: hashes, expecting: nil)
            if admission == .accepted { expected[id] = output }
            if Int.random(in: 0..<20, using: &random) == 0, harness.model.cancel(id) { expected[id] = nil }
            harness.advance(by: .microseconds(.random(in: 0...20_000, using: &random)))
            let metrics = harness.model.metrics
            #expect(metrics.kvBlocksHeld <= 24 && metrics.waiting <= 50 + 8 && metrics.running <= 8, "seed \(seed)")
            #expect(
                metrics.acceptedTotal == metrics.finishedTotal + metrics.cancelledTotal + metrics.running
                    + metrics.waiting)
        }
        harness.drain()
        for (id, output) in expected {
            #expect(harness.tokenIndices(id) == Array(0..<output), "seed \(seed), request \(id)")
        }
        #expect(harness.model.metrics.kvBlocksHeld == 0, "seed \(seed)")
        #expect(harness.model.metrics.finishedTotal == expected.count, "seed \(seed)")
    }

    @Test func `the same seed gives the same events, another seed does not`() {
        func events(seed: UInt64) -> [ModelServerEvent] {
            var harness = ModelServerHarness(limits: ModelServerLimits(jitterPercent: 5), seed: seed)
            for id in 0..<20 as Range<UInt64> {
                harness.submit(id, prompt: 50, output: 10)
                harness.advance(by: .milliseconds(1))
            }
            harness.drain()
            return harness.events
        }
        #expect(events(seed: 42) == events(seed: 42))
        #expect(events(seed: 42) != events(seed: 43))
    }

    @Test func `events come in time order`() {
        var harness = ModelServerHarness(profile: .tiny(kvBlocks: 16), limits: ModelServerLimits(jitterPercent: 20))
        for id in 0..<30 as Range<UInt64> { harness.submit(id, prompt: 40, output: 30) }
        harness.drain()
        for (a, b) in zip(harness.events, harness.events.dropFirst()) { #expect(a.at <= b.at) }
    }
}
