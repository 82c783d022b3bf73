// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

private let start = Instant(nanoseconds: 5_000_000_000)

@Suite struct `A latency estimate` {
    @Test func `is the prior before the first sample and then the sample`() {
        var estimate = LatencyEstimate()
        #expect(estimate.projected(now: start) == LatencyEstimate.prior)
        estimate.observe(0.05, now: start)
        #expect(estimate.projected(now: start) == 0.05)
    }

    @Test func `jumps to a peak at once and comes down with its time constant`() {
        var estimate = LatencyEstimate()
        estimate.observe(0.3, now: start)
        estimate.observe(4, now: start)
        #expect(estimate.projected(now: start) == 4)
        // About (1 − 1/e) of the way after one time constant; with the approximation of e⁻¹ it is 4 + (1 − 4) · 0.625 =
        // 2.125.
        estimate.observe(1, now: start + .seconds(10))
        #expect(abs(estimate.projected(now: start + .seconds(10)) - 2.125) < 0.001)
    }

    @Test func `falls back to the prior in silence, never below, and never up`() {
        var slow = LatencyEstimate()
        slow.observe(8, now: start)
        #expect(slow.projected(now: start + .seconds(10)) < 3.2)
        #expect(slow.projected(now: start + .seconds(600)) >= LatencyEstimate.prior)
        var fast = LatencyEstimate()
        fast.observe(0.02, now: start)
        #expect(fast.projected(now: start + .seconds(600)) == 0.02)
    }

    @Test func `fades like the exponential where it matters, and never rises`() {
        for (x, exact) in [(0.0, 1.0), (0.1, 0.904_837), (0.5, 0.606_531), (1, 0.367_879)] {
            #expect(abs(LatencyEstimate.faded(x) / exact - 1) < 0.02)
        }
        var last = 1.0
        for step in 1...1_000 {
            let value = LatencyEstimate.faded(Double(step) / 10)
            #expect(value < last && value > 0)
            last = value
        }
    }

    @Test func `never makes a failure look fast`() {
        var estimate = LatencyEstimate()
        estimate.observe(0.05, now: start)
        estimate.penalise(duration: 0.001, now: start)
        #expect(estimate.projected(now: start) == 1)
        for _ in 0..<10 { estimate.penalise(duration: 0.001, now: start) }
        #expect(estimate.projected(now: start) == 30)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -1]) func `drops what is no time`(sample: Double) {
        var estimate = LatencyEstimate()
        estimate.observe(0.1, now: start)
        estimate.observe(sample, now: start + .seconds(1))
        #expect(estimate.projected(now: start + .seconds(1)) == 0.1)
    }

    @Test func `stays between its lowest and highest sample or the prior, whatever comes`() {
        for seed in 0..<40 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            var estimate = LatencyEstimate()
            var now = start
            for _ in 0..<200 {
                now = now + .milliseconds(.random(in: -50...2_000, using: &rng))
                let sample = Double.random(in: 0.01...5, using: &rng)
                let before = estimate.projected(now: now)
                estimate.observe(sample, now: now)
                let after = estimate.projected(now: now)
                #expect(after >= 0.01 && after <= 5, "seed \(seed)")
                #expect(sample < before || abs(after - sample) < 1e-12, "a peak counts at once, seed \(seed)")
            }
        }
    }
}

@Suite struct `A percentile estimate` {
    @Test func `is unknown below twenty samples`() {
        var estimate = QuantileEstimate()
        for _ in 0..<19 { estimate.record(.milliseconds(100), now: start) }
        #expect(estimate.p95() == nil)
        estimate.record(.milliseconds(100), now: start)
        #expect(estimate.p95() != nil)
    }

    @Test func `is at most a quarter above the true 95th percentile and never below`() {
        for seed in 0..<20 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            var estimate = QuantileEstimate()
            let scale = Int64.random(in: 2...2_000, using: &rng)
            let samples = (0..<2_000).map { _ in
                TimeSpan.microseconds(1_024 + scale * .random(in: 0...10_000, using: &rng))
            }
            for sample in samples { estimate.record(sample, now: start) }
            let exact = samples.sorted()[1_900 - 1]
            let p95 = estimate.p95() ?? .zero
            #expect(p95 >= exact, "seed \(seed)")
            #expect(p95.nanoseconds <= exact.nanoseconds * 5 / 4 + 1_000, "seed \(seed)")
        }
    }

    @Test func `forgets: after five minutes the past weighs less than a thousandth`() {
        var estimate = QuantileEstimate()
        for _ in 0..<1_000 { estimate.record(.seconds(20), now: start) }
        for _ in 0..<1_000 { estimate.record(.milliseconds(50), now: start + .seconds(300)) }
        #expect((estimate.p95() ?? .zero) < .milliseconds(70))
    }

    @Test func `puts every bucket's upper edge into the next bucket`() {
        for bucket in 0..<QuantileEstimate.bucketCount - 1 {
            #expect(QuantileEstimate.bucket(QuantileEstimate.upperEdge(bucket) - .microseconds(1)) == bucket)
            #expect(QuantileEstimate.bucket(QuantileEstimate.upperEdge(bucket)) == bucket + 1)
        }
        #expect(QuantileEstimate.bucket(.zero) == 0)
        #expect(QuantileEstimate.bucket(.seconds(100_000)) == QuantileEstimate.bucketCount - 1)
    }
}

@Suite struct `Headroom from response headers` {
    private func hint(limit: Int64, remaining: Int64, reset: TimeSpan? = nil) -> HeadroomHint {
        var hint = HeadroomHint()
        hint.tokensLimit = limit
        hint.tokensRemaining = remaining
        hint.tokensResetNanoseconds = reset?.nanoseconds ?? -1
        return hint
    }

    @Test func `is the used share of the tightest counter`() {
        var estimate = HeadroomEstimate()
        var both = hint(limit: 1_000, remaining: 400, reset: .seconds(30))
        both.requestsLimit = 10
        both.requestsRemaining = 1
        estimate.observe(both, now: start)
        #expect(abs(estimate.used(now: start) - 0.9) < 1e-9)
    }

    @Test func `is unknown, not full, after the reset`() {
        var estimate = HeadroomEstimate()
        estimate.observe(hint(limit: 1_000, remaining: 0, reset: .seconds(30)), now: start)
        #expect(estimate.used(now: start + .milliseconds(29_999)) == 1)
        #expect(estimate.used(now: start + .seconds(30)) == 0)
    }

    @Test func `is believed for ten seconds without a stated reset and never longer than a minute`() {
        var unstated = HeadroomEstimate()
        unstated.observe(hint(limit: 10, remaining: 0), now: start)
        #expect(unstated.used(now: start + .milliseconds(9_999)) == 1)
        #expect(unstated.used(now: start + .seconds(10)) == 0)
        var long = HeadroomEstimate()
        long.observe(hint(limit: 10, remaining: 0, reset: .seconds(360)), now: start)
        #expect(long.used(now: start + .seconds(60)) == 0)
    }

    @Test func `shrinks with our own requests until the next response`() {
        var estimate = HeadroomEstimate()
        estimate.observe(hint(limit: 1_000, remaining: 1_000, reset: .seconds(30)), now: start)
        estimate.reserve(tokens: 250)
        #expect(abs(estimate.used(now: start) - 0.25) < 1e-9)
    }

    @Test func `takes utilisation in percent, also above a hundred, and ignores unknown fields`() {
        var estimate = HeadroomEstimate()
        estimate.observe(HeadroomHint(), now: start)
        #expect(estimate.used(now: start) == 0)
        var hint = HeadroomHint()
        hint.utilizationPercent = 130
        estimate.observe(hint, now: start)
        #expect(abs(estimate.used(now: start) - 1.3) < 1e-9)
    }
}
