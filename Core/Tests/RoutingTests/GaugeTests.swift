// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

private let start = Instant(nanoseconds: 5_000_000_000)

@Suite struct `Shared gauges` {
    @Test func `have a cache line for each address`() {
        #expect(MemoryLayout<GaugeSlot>.stride == 64)
    }

    @Test func `count requests in flight from any thread`() async {
        let gauges = EndpointGauges()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<5_000 { gauges.addInFlight(7) }
                    for _ in 0..<5_000 { gauges.subtractInFlight(7) }
                    gauges.addInFlight(EndpointGauges.slotsMax - 1)
                }
            }
        }
        #expect(gauges.inFlight(7) == 0)
        #expect(gauges.inFlight(EndpointGauges.slotsMax - 1) == 8)
        #expect(gauges.inFlight(8) == 0)
    }

    @Test func `lose no reservation between threads`() async {
        let gauges = EndpointGauges()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<1_000 { gauges.reserveTokens(0, 1, perMinute: 8_000, now: start) } }
            }
        }
        #expect(abs(gauges.tokenHeadroom(0, now: start) - 0.5) < 1e-6)
    }

    @Test func `say when the queue was never read`() {
        let gauges = EndpointGauges()
        #expect(gauges.queued(3) == nil)
        gauges.storeQueued(3, 12, at: start)
        #expect(gauges.queued(3)?.requests == 12)
        #expect(gauges.queued(3)?.at == start)
        gauges.storeQueued(3, -5, at: start)
        #expect(gauges.queued(3)?.requests == 0)
    }
}

@Suite struct `A rate gauge` {
    @Test func `holds one minute's budget and refills it evenly`() {
        let gauge = RateGauge()
        #expect(gauge.used(now: start) == 0)
        gauge.reserve(600, perMinute: 600, now: start)
        #expect(abs(gauge.used(now: start) - 1) < 1e-9)
        #expect(abs(gauge.used(now: start + .seconds(15)) - 0.75) < 1e-9)
        #expect(gauge.used(now: start + .seconds(60)) == 0)
        #expect(gauge.used(now: start + .seconds(600)) == 0)
    }

    @Test func `goes into debt and says when it is paid`() {
        let gauge = RateGauge()
        gauge.reserve(900, perMinute: 600, now: start)
        #expect(abs(gauge.used(now: start) - 1.5) < 1e-9)
        #expect(gauge.freeAt(now: start) == start + .seconds(30))
        #expect(gauge.used(now: start + .seconds(30)) <= 1)
        #expect(gauge.freeAt(now: start + .seconds(40)) == start + .seconds(40))
    }

    @Test func `gives back what was reserved and not used`() {
        let gauge = RateGauge()
        gauge.reserve(300, perMinute: 600, now: start)
        gauge.settle(-200, perMinute: 600)
        #expect(abs(gauge.used(now: start) - 100.0 / 600) < 1e-9)
    }

    @Test func `admits over ten minutes the rate and at most one minute's budget and one request more`() {
        for seed in 0..<4 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            let gauge = RateGauge()
            var now = start
            var admitted = 0
            while now < start + .seconds(600) {
                now = now + .milliseconds(.random(in: 0...200, using: &rng))
                let tokens = Int.random(in: 1...100, using: &rng)
                if gauge.used(now: now) < 1 {
                    gauge.reserve(tokens, perMinute: 1_000, now: now)
                    admitted += tokens
                }
            }
            #expect(admitted <= 11 * 1_000 + 100 + 10, "seed \(seed)")
            #expect(admitted >= 10 * 1_000, "seed \(seed)")
        }
    }
}
