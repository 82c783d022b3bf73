// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A tier gate` {
    private let policy = TierGate.Thresholds(
        OverflowPolicy(enterPercent: 100, returnPercent: 75, holdMin: .milliseconds(500)))
    private let start = Instant(nanoseconds: 0)

    @Test func `closes at the limit, not below`() {
        let gate = TierGate()
        #expect(!gate.seeing(used: 0.999, policy: policy, now: start).isFull)
        #expect(gate.seeing(used: 1, policy: policy, now: start).isFull)
    }

    @Test func `opens again at the lower threshold after the hold, and only then`() {
        let full = TierGate().seeing(used: 1, policy: policy, now: start)
        let held = start + .milliseconds(500)
        #expect(full.isHolding(policy: policy, now: start + .milliseconds(499)))
        #expect(!full.isHolding(policy: policy, now: held))
        #expect(full.seeing(used: 0, policy: policy, now: start + .milliseconds(499)).isFull)
        #expect(full.seeing(used: 0.76, policy: policy, now: held).isFull)
        #expect(!full.seeing(used: 0.75, policy: policy, now: held).isFull)
    }

    @Test func `uses the lower of two thresholds that were given the wrong way round`() {
        let reversed = TierGate.Thresholds(OverflowPolicy(enterPercent: 50, returnPercent: 80, holdMin: .zero))
        let full = TierGate().seeing(used: 0.5, policy: reversed, now: start)
        #expect(full.isFull)
        #expect(full.seeing(used: 0.5, policy: reversed, now: start + .nanoseconds(1)).isFull == false)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `never returns sooner than its hold, whatever the load does`(seed: UInt64) {
        var rng = SplitMix64(seed: seed)
        let hold = TimeSpan.milliseconds(.random(in: 1...2_000, using: &rng))
        let policy = TierGate.Thresholds(
            OverflowPolicy(enterPercent: 90, returnPercent: .random(in: 0...89, using: &rng), holdMin: hold))
        var gate = TierGate()
        var now = start
        var closedAt: Instant?
        for _ in 0..<2_000 {
            now = now + .milliseconds(.random(in: 0...100, using: &rng))
            let used = Double.random(in: 0...1.2, using: &rng)
            let next = gate.seeing(used: used, policy: policy, now: now)
            if next.isFull, !gate.isFull { closedAt = now }
            if !next.isFull, gate.isFull {
                #expect(now - (closedAt ?? now) >= hold, "seed \(seed)")
                #expect(used <= policy.leave, "seed \(seed)")
            }
            if !next.isFull { #expect(used < policy.enter, "seed \(seed)") }
            gate = next
        }
    }
}

@Suite struct `A hedge budget` {
    @Test(arguments: [0, 1, 5, 33, 100] as [Int32])
    func `never spends more than its share of the requests so far`(percent: Int32) {
        var rng = SplitMix64(seed: UInt64(percent))
        var budget = HedgeBudget()
        var requests = 0
        var hedges = 0
        for _ in 0..<2_000 {
            budget.earn(percent: percent)
            requests += 1
            for _ in 0..<Int.random(in: 0...3, using: &rng) where budget.canSpend {
                budget.spend()
                hedges += 1
            }
            #expect(hedges * 100 <= requests * Int(percent))
        }
    }

    @Test func `saves no more than ten`() {
        var budget = HedgeBudget()
        for _ in 0..<100_000 { budget.earn(percent: 100) }
        var hedges = 0
        while budget.canSpend {
            budget.spend()
            hedges += 1
        }
        #expect(hedges == 10)
    }
}
