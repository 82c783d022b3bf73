// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

private let now = Instant(nanoseconds: 7_000_000_000_000)

@Suite struct `A prefix table` {
    @Test func `finds the endpoints of the longest known prefix first`() {
        var table = PrefixTable()
        table.remember(.conversation([1, 2]), salt: 0, endpoint: EndpointID(4), now: now)
        table.remember(.conversation([1, 9, 10, 11]), salt: 0, endpoint: EndpointID(5), now: now)
        let matches = table.matches(.conversation([1, 2, 3, 4]), salt: 0, now: now)
        #expect(matches.endpoint(0) == EndpointID(4))
        #expect(matches.depth(0) == 2)
        #expect(matches.endpoint(1) == EndpointID(5))
        #expect(matches.depth(1) == 1)
        #expect(matches.count == 2)
    }

    @Test func `keeps the two endpoints that answered last`() {
        var table = PrefixTable()
        for endpoint in [1, 2, 3, 3, 2] {
            table.remember(.conversation([8]), salt: 0, endpoint: EndpointID(endpoint), now: now)
        }
        let matches = table.matches(.conversation([8]), salt: 0, now: now)
        #expect(matches.count == 2)
        #expect(matches.endpoint(0) == EndpointID(2))
        #expect(matches.endpoint(1) == EndpointID(3))
    }

    @Test func `keeps routes apart`() {
        var table = PrefixTable()
        table.remember(.conversation([8]), salt: 1, endpoint: EndpointID(1), now: now)
        #expect(table.matches(.conversation([8]), salt: 2, now: now).count == 0)
    }

    @Test func `forgets after ten minutes`() {
        var table = PrefixTable()
        table.remember(.conversation([8]), salt: 0, endpoint: EndpointID(1), now: now)
        #expect(table.matches(.conversation([8]), salt: 0, now: now + .seconds(600)).count == 1)
        #expect(table.matches(.conversation([8]), salt: 0, now: now + .seconds(601)).count == 0)
    }

    @Test func `keeps working when far more conversations pass than fit, and keeps the recent ones`() {
        var rng = SplitMix64(seed: 11)
        var table = PrefixTable()
        var recent: [UInt64] = []
        for i in 0..<40_000 as Range<Int64> {
            let hash = rng.next()
            table.remember(
                .conversation([hash]), salt: 0, endpoint: EndpointID(Int(hash % 100)), now: now + .milliseconds(i))
            recent.append(hash)
        }
        let end = now + .milliseconds(40_000)
        var known = 0
        for hash in recent.suffix(1_000) {
            let matches = table.matches(.conversation([hash]), salt: 0, now: end)
            if matches.count == 1, matches.endpoint(0) == EndpointID(Int(hash % 100)) { known += 1 }
        }
        #expect(known >= 950)
    }
}

@Suite struct `A consistent hash ring` {
    private func ring(_ names: [String]) -> ConsistentHashRing {
        ConsistentHashRing(endpoints: names.indices.map { EndpointID($0) }, names: names)
    }

    private func names(_ count: Int) -> [String] { (0..<count).map { "endpoint-\($0)" } }

    @Test func `spreads keys evenly: the largest share is within a third of the mean`() {
        let count = 5
        let ring = ring(names(count))
        var owned = [Int](repeating: 0, count: count)
        for key in 0..<10_000 as Range<UInt64> {
            if let home = ring.points.home(of: mixed(key), qualifies: { _ in true }) { owned[Int(home.index)] += 1 }
        }
        for share in owned { #expect(abs(Double(share) / 2_000 - 1) < 0.34, "\(owned)") }
    }

    @Test(arguments: [2, 5, 20])
    func `moves only the lost endpoint's keys, about one in n`(count: Int) {
        let before = ring(names(count))
        let after = ring(Array(names(count).dropLast()))
        var moved = 0
        for key in 0..<4_000 as Range<UInt64> {
            let old = before.points.home(of: mixed(key), qualifies: { _ in true })
            let new = after.points.home(of: mixed(key), qualifies: { _ in true })
            if old != new {
                moved += 1
                #expect(old == EndpointID(count - 1))
            }
        }
        #expect(abs(Double(moved) / 4_000 - 1 / Double(count)) < 0.34 / Double(count))
    }

    @Test func `depends on names, not on positions`() {
        let names = names(7)
        let forward = ring(names)
        let backward = ring(names.reversed())
        for key in 0..<1_000 as Range<UInt64> {
            let a = forward.points.home(of: mixed(key), qualifies: { _ in true }).map { names[Int($0.index)] }
            let b = backward.points.home(of: mixed(key), qualifies: { _ in true }).map {
                names.reversed()[Int($0.index)]
            }
            #expect(a == b)
        }
    }

    @Test func `gives up when nobody qualifies, and has no home without endpoints`() {
        #expect(ring(names(3)).points.home(of: 1, qualifies: { _ in false }) == nil)
        #expect(ring([]).points.home(of: 1, qualifies: { _ in true }) == nil)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `keeps every load within the bound when it is asked with the bound`(seed: UInt64) {
        var rng = SplitMix64(seed: seed)
        let count = Int.random(in: 2...12, using: &rng)
        let ring = ring(names(count))
        var inFlight = [Int](repeating: 0, count: count)
        // One hot key in two: without the bound half of all requests would sit on one endpoint.
        for _ in 0..<500 {
            let key = Bool.random(using: &rng) ? 42 : rng.next()
            let bound = LoadBound.inFlightMax(total: inFlight.reduce(0, +), endpoints: count)
            guard let home = ring.points.home(of: key, qualifies: { inFlight[Int($0.index)] < bound }) else {
                Issue.record("somebody is always below the mean, seed \(seed)")
                return
            }
            inFlight[Int(home.index)] += 1
            #expect(inFlight[Int(home.index)] <= bound, "seed \(seed)")
        }
    }
}

@Suite struct `A load bound` {
    @Test(arguments: [(0, 5, 4), (15, 5, 4), (16, 5, 5), (99, 5, 25), (99, 1, 125), (0, 0, 4)])
    func `is 1.25 times the mean, rounded up, and at least the floor`(total: Int, endpoints: Int, bound: Int) {
        #expect(LoadBound.inFlightMax(total: total, endpoints: endpoints) == bound)
    }
}
