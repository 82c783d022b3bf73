// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `An explanation` {
    private func world() -> World {
        let endpoints: [EndpointRecord] = [
            .test("azure-eastus", slot: 0, prices: .perMillion(1, 2), limits: EndpointLimits(inFlightMax: 1)),
            .test("aws-east", provider: "aws", slot: 1, prices: .perMillion(2, 4)),
            .test("gcp-central", provider: "gcp", slot: 2),
            .test("edge", provider: "edge", slot: 3),
        ]
        return World(.test(endpoints, tiers: [[0], [1, 2, 3]]))
    }

    @Test func `names route, tiers, every candidate with verdict or score, and the pick`() {
        let world = world()
        world.began(0)
        for _ in 0..<5 { world.fail(2, .serverError) }
        world.fail(3, .credential)
        let explanation = world.explain(
            RequestFeatures(route: RouteID(0), promptTokens: 1_000, callerRegion: RegionID(0)))
        #expect(explanation.picked == "aws-east")
        #expect(explanation.pickedTier == 1)
        let text = explanation.lines
        #expect(text.first == "route chat, caller in region-0")
        #expect(
            text.contains("tier 0 tier-0: full: enters overflow at 100 %, returns at 75 %, freest endpoint 100 % used"))
        #expect(text.contains { $0.contains("azure-eastus (azure, region-0): full: in-flight limit") })
        #expect(
            text.contains {
                $0.contains("aws-east (aws, region-0): eligible, score 1.000 (time ") && $0.contains("micro-USD")
            })
        #expect(text.contains { $0.contains("gcp-central") && $0.contains("breaker open, trial in 1") })
        #expect(text.contains { $0.contains("edge (edge, region-0): cool-down for 60 s") })
        #expect(text.last == "pick aws-east: the only eligible endpoint of tier tier-1")
    }

    @Test func `tells the next pick and changes nothing, in any state`() {
        for seed in 0..<20 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            let endpoints = (0..<6).map {
                EndpointRecord.test(
                    "e\($0)", slot: $0, prices: .perMillion(Int64($0 + 1), 3), limits: EndpointLimits(inFlightMax: 3))
            }
            let world = World(
                .test(
                    endpoints, tiers: [[0, 1], [2, 3, 4, 5]], objective: Objective(latency: 2, cost: 1, affinity: 1)),
                seed: seed)
            for _ in 0..<100 {
                let features = RequestFeatures.conversation([rng.next() % 4, rng.next() % 4])
                let told = world.explain(features)
                #expect(told == world.explain(features), "seed \(seed)")
                let index = world.picked(features)
                #expect(told.picked == index.map { "e\($0)" }, "seed \(seed)")
                guard let index else { continue }
                switch Int.random(in: 0..<4, using: &rng) {
                case 0: world.began(index, features)
                case 1: world.fail(index, FailureKind.allCases.randomElement(using: &rng) ?? .serverError)
                default: world.succeed(index, ttft: .milliseconds(.random(in: 10...900, using: &rng)), features)
                }
                world.now = world.now + .milliseconds(.random(in: 0...900, using: &rng))
            }
        }
    }

    @Test func `says so when there is nothing to pick`() {
        let down = World(.plain(1))
        down.fail(0, .notFound)
        #expect(down.explain().lines.last == "no pick: no endpoint is in order; the first may be back in 60 s")
        #expect(down.explain(RequestFeatures(route: RouteID(8))).picked == nil)
    }

    @Test(arguments: [
        (0.0, "0.000"), (1.0625, "1.063"), (9.9996, "10.000"), (10, "10.0"), (123.45, "123.5"), (1_000, "1000"),
        (-0.0001, "0.000"), (-1.5, "-1.500"),
    ])
    func `writes numbers short`(value: Double, text: String) {
        #expect(Explanation.text(value) == text)
    }

    @Test func `writes no number that is none`() {
        #expect(Explanation.text(.nan) == "?")
        #expect(Explanation.text(.infinity) == "?")
    }
}
