// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Simulation

struct ModelServerModelTests {
    @Test func `a lone request gets its first token after prefill and the others one iteration each`() {
        var harness = ModelServerHarness()
        harness.submit(7, prompt: 100, output: 4)
        harness.drain()
        #expect(harness.tokenIndices(7) == [0, 1, 2, 3])
        #expect(harness.firstToken(7) == Instant(nanoseconds: 2_000_000))
        #expect(harness.finish(7) == Instant(nanoseconds: 5_000_000))
        #expect(harness.model.nextEventAt == nil)
    }

    @Test func `nothing is reported before its time`() {
        var harness = ModelServerHarness()
        harness.submit(1, prompt: 10, output: 2)
        harness.advance(by: .nanoseconds(1_999_999))
        #expect(harness.firstToken(1) == nil)
        harness.advance(by: .nanoseconds(1))
        #expect(harness.firstToken(1) != nil)
    }

    @Test func `a late wake-up reports what happened at the time it happened`() {
        var harness = ModelServerHarness()
        harness.submit(1, prompt: 10, output: 5)
        harness.advance(by: .seconds(1))
        #expect(harness.finish(1) == Instant(nanoseconds: 6_000_000))
    }

    @Test func `a larger batch makes each iteration longer`() throws {
        func millisecondsPerToken(batch: UInt64) throws -> Double {
            var harness = ModelServerHarness()
            for id in 0..<batch { harness.submit(id, prompt: 16, output: 20) }
            harness.drain()
            let from = try #require(harness.time(of: .token(index: 5), batch - 1))
            return (try #require(harness.time(of: .token(index: 15), batch - 1)) - from).milliseconds
        }
        #expect(try millisecondsPerToken(batch: 1) < millisecondsPerToken(batch: 16))
        #expect(try millisecondsPerToken(batch: 16) < millisecondsPerToken(batch: 64))
    }

    @Test func `a request that arrives during an iteration waits for its end`() {
        var harness = ModelServerHarness()
        harness.submit(1, prompt: 10, output: 1)
        harness.advance(by: .milliseconds(1))
        harness.submit(2, prompt: 10, output: 1)
        harness.drain()
        #expect(harness.firstToken(2) == Instant(nanoseconds: 4_000_000))
    }

    @Test func `the queue is first come, first served`() {
        var harness = ModelServerHarness(limits: ModelServerLimits(sequencesMax: 1))
        for id in 1...6 { harness.submit(UInt64(id), prompt: 10 * (7 - id), output: 2) }
        harness.drain()
        let order = harness.events.filter { $0.kind == .finished }.map(\.request)
        #expect(order == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a small request does not overtake a large one that does not fit yet`() throws {
        var harness = ModelServerHarness(profile: .tiny(kvBlocks: 10))
        harness.submit(1, prompt: 100, output: 20)
        harness.submit(2, prompt: 100, output: 2)
        harness.submit(3, prompt: 1, output: 1)
        harness.drain()
        #expect(try #require(harness.firstToken(2)) <= #require(harness.firstToken(3)))
    }

    @Test func `the queue's limit refuses the next request and only that one`() {
        var harness = ModelServerHarness(limits: ModelServerLimits(queueMax: 2, sequencesMax: 1))
        harness.submit(1, prompt: 1, output: 1)
        harness.submit(2, prompt: 1, output: 1)
        harness.submit(3, prompt: 1, output: 1)
        harness.submit(4, prompt: 1, output: 1, expecting: .queueFull)
        harness.drain()
        harness.submit(5, prompt: 1, output: 1)
        #expect(harness.model.metrics.refusedTotal == 1)
    }

    @Test func `prompt plus answer up to the limit is served, one token more is refused`() {
        var byContext = ModelServerHarness(limits: ModelServerLimits(contextTokensMax: 100))
        byContext.submit(1, prompt: 90, output: 10)
        byContext.submit(2, prompt: 90, output: 11, expecting: .tooLong(tokensMax: 100))
        var byBlocks = ModelServerHarness(profile: .tiny(kvBlocks: 4))
        byBlocks.submit(1, prompt: 60, output: 4)
        byBlocks.submit(2, prompt: 60, output: 5, expecting: .tooLong(tokensMax: 64))
        byBlocks.drain()
        #expect(byBlocks.tokenIndices(1).count == 4)
    }

    @Test func `a long prefill delays decoding sequences but does not stop them`() throws {
        var harness = ModelServerHarness(limits: ModelServerLimits(tokensPerIterationMax: 512))
        harness.submit(1, prompt: 10, output: 50)
        harness.advance(by: .milliseconds(4))
        harness.submit(2, prompt: 4_096, output: 1)
        harness.drain()
        let longPrefillDone = try #require(harness.firstToken(2))
        let during = harness.events.filter { $0.request == 1 && $0.at < longPrefillDone }
        #expect(during.count >= 8, "one token per chunk of 511")
        #expect(harness.tokenIndices(1) == Array(0..<50))
    }

    @Test func `cancelling frees the blocks and silences the request in every state`() {
        var harness = ModelServerHarness(limits: ModelServerLimits(sequencesMax: 1))
        harness.submit(1, prompt: 100, output: 50)
        harness.submit(2, prompt: 100, output: 50)
        harness.advance(by: .milliseconds(10))
        let before = harness.events.count
        let cancelled = [
            harness.model.cancel(2), harness.model.cancel(1), harness.model.cancel(1), harness.model.cancel(99),
        ]
        #expect(cancelled == [true, true, false, false])
        #expect(harness.model.metrics.kvBlocksHeld == 0)
        harness.drain()
        #expect(harness.events.count == before)
        harness.submit(3, prompt: 1, output: 1)
        harness.drain()
        #expect(harness.finish(3) != nil)
        #expect(harness.model.metrics.cancelledTotal == 2)
    }

    @Test func `metrics count what happened`() {
        var harness = ModelServerHarness(limits: ModelServerLimits(sequencesMax: 2))
        for id in 1...3 { harness.submit(UInt64(id), prompt: 32, output: 8) }
        harness.advance(by: .milliseconds(2))
        #expect(harness.model.metrics.running == 2)
        #expect(harness.model.metrics.waiting == 1)
        #expect(harness.model.metrics.kvUsage > 0)
        harness.drain()
        let metrics = harness.model.metrics
        #expect((metrics.running, metrics.waiting, metrics.kvBlocksHeld) == (0, 0, 0))
        #expect((metrics.promptTokensTotal, metrics.generationTokensTotal) == (96, 24))
        #expect((metrics.acceptedTotal, metrics.finishedTotal) == (3, 3))
    }
}
