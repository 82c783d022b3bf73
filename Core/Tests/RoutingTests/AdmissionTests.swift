// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A router that may not use every endpoint` {
    private let features = RequestFeatures(route: RouteID(0))

    private func world(_ admitted: Set<Int>, of count: Int = 4, tiers: [[Int]]? = nil) -> (World, AdmissionTable) {
        let endpoints = (0..<count).map { EndpointRecord.test("e\($0)", provider: "p\($0)", slot: $0) }
        let world = World(
            .test(endpoints, tiers: tiers, objective: Objective(latency: 1, affinity: 1), hedge: HedgePolicy()))
        let table = AdmissionTable.only(admitted, of: count)
        world.admissible = table.set
        return (world, table)
    }

    @Test func `picks inside of the set, in every state of its endpoints`() {
        for seed in 0..<40 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            let admitted = Set((0..<6).filter { _ in Bool.random(using: &rng) })
            let (world, table) = world(admitted, of: 6, tiers: [[0, 1], [2, 3, 4, 5]])
            for _ in 0..<200 {
                let features = RequestFeatures.conversation([rng.next() % 3, rng.next() % 3])
                switch world.pick(features) {
                case .endpoint(let endpoint, _): #expect(admitted.contains(Int(endpoint.index)), "seed \(seed)")
                case .none(let reason): #expect((reason == .inadmissible) == admitted.isEmpty, "seed \(seed)")
                }
                let endpoint = rng.index(below: 6)
                world.fail(endpoint, FailureKind.allCases.randomElement(using: &rng) ?? .serverError)
                if Bool.random(using: &rng) { world.succeed(endpoint, features) }
                world.now = world.now + .milliseconds(.random(in: 0...2_000, using: &rng))
            }
            withExtendedLifetime(table) {}
        }
    }

    @Test func `samples a large tier inside of the set too`() {
        let (world, table) = world([3, 700, 701, 702], of: 1_000)
        let shares = world.shares(400, of: 1_000, .conversation([1, 2]))
        #expect(shares.enumerated().filter { $0.element > 0 }.allSatisfy { [3, 700, 701, 702].contains($0.offset) })
        #expect(shares.reduce(0, +) == 400)
        withExtendedLifetime(table) {}
    }

    @Test func `goes to a later tier when the earlier one has nothing for the request`() {
        let (world, table) = world([2], tiers: [[0, 1], [2, 3]])
        #expect(world.pick() == .endpoint(EndpointID(2), tier: 1))
        withExtendedLifetime(table) {}
    }

    @Test func `says that nothing is admissible rather than widen, also when all else is healthy`() {
        let (world, table) = world([])
        #expect(world.pick() == .none(.inadmissible))
        #expect(!world.admits(features))
        withExtendedLifetime(table) {}
    }

    @Test func `tells an admissible endpoint that is out of order from one that is not admissible`() {
        let (world, table) = world([1])
        for _ in 0..<5 { world.fail(1, .credential) }
        guard case .none(.unavailable) = world.pick() else {
            Issue.record("\(world.pick())")
            return
        }
        #expect(world.pick(excluding: [1]) == .none(.exhausted))
        withExtendedLifetime(table) {}
    }

    @Test func `hedges inside of the set`() {
        let (world, table) = world([0, 3])
        for _ in 0..<100 { _ = world.pick() }
        var tried = TriedEndpoints()
        tried.insert(EndpointID(0))
        for _ in 0..<4 {
            let result = world.router.pickHedge(
                features, within: world.admissible, avoidingProviderOf: EndpointID(0), excluding: tried, now: world.now)
            #expect(result == .endpoint(EndpointID(3), tier: 0))
        }
        withExtendedLifetime(table) {}
    }

    @Test func `holds a pinned request to the set`() {
        let (world, table) = world([1])
        var pinned = features
        pinned.pinned = EndpointID(2)
        #expect(world.pick(pinned) == .none(.inadmissible))
        #expect(!world.admits(pinned))
        pinned.pinned = EndpointID(1)
        #expect(world.pick(pinned) == .endpoint(EndpointID(1), tier: 0))
        withExtendedLifetime(table) {}
    }

    @Test func `explains what the policy says of each candidate`() {
        let (world, table) = world([1], of: 2)
        let told = world.router.explain(features, within: world.admissible, now: world.now) { "reason \($0.index)" }
        #expect(told.picked == "e1")
        #expect(told.tiers[0].candidates.map(\.residency) == ["reason 0", "reason 1"])
        #expect(told.tiers[0].candidates[0].verdict == "not admissible")
        #expect(told.lines.contains { $0.contains("e0 (p0, region-0): not admissible; residency: reason 0") })
        let (none, empty) = self.world([], of: 2)
        #expect(none.explain().lines.last == "no pick: the request's bytes may go to none of the route's endpoints")
        withExtendedLifetime((table, empty)) {}
    }
}
