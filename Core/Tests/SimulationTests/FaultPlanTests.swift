// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Simulation
import Testing

struct FaultPlanTests {
    @Test func `no rules, no fault`() {
        #expect(FaultPlan.none.decide(requestIndex: 0, seed: 1) == nil)
    }

    @Test func `a storm hits its count and nobody before or after`() {
        let storm = FaultAction.status(503, retryAfter: .seconds(2))
        let plan = FaultPlan(rules: [FaultRule(storm, for: .next(count: 3, skipping: 2))])
        let hit = (0..<8).map { plan.decide(requestIndex: $0, seed: 1) != nil }
        #expect(hit == [false, false, true, true, true, false, false, false])
    }

    @Test func `the first rule that selects the request decides`() {
        let plan = FaultPlan(rules: [
            FaultRule(.blackHole, for: .next(count: 1, skipping: 0)), FaultRule(.cut(afterChunks: 3)),
            FaultRule(.wrongContentType),
        ])
        #expect(plan.decide(requestIndex: 0, seed: 9) == .blackHole)
        #expect(plan.decide(requestIndex: 1, seed: 9) == .cut(afterChunks: 3))
    }

    @Test(arguments: [0, 1, 30, 99, 100])
    func `a chance hits about its share`(_ percent: Int) {
        let plan = FaultPlan(rules: [FaultRule(.blackHole, for: .percent(percent))])
        let hits = (0..<10_000).count { plan.decide(requestIndex: $0, seed: 5) != nil }
        #expect(abs(hits - percent * 100) <= 150)
        if percent == 0 || percent == 100 { #expect(hits == percent * 100) }
    }

    @Test func `the same seed hits the same requests, another seed others`() {
        let plan = FaultPlan(rules: [FaultRule(.blackHole, for: .percent(50))])
        func hits(_ seed: UInt64) -> [Bool] { (0..<64).map { plan.decide(requestIndex: $0, seed: seed) != nil } }
        #expect(hits(1) == hits(1))
        #expect(hits(1) != hits(2))
    }

    @Test func `adding a rule behind others leaves their choice alone`() {
        let first = FaultRule(.blackHole, for: .percent(20))
        let one = FaultPlan(rules: [first])
        let two = FaultPlan(rules: [first, FaultRule(.wrongContentType, for: .percent(20))])
        for index in 0..<500 as Range<UInt64> where one.decide(requestIndex: index, seed: 3) != nil {
            #expect(two.decide(requestIndex: index, seed: 3) == .blackHole)
        }
    }
}
