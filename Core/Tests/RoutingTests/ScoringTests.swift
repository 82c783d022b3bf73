// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A score` {
    private func scored(_ candidates: [Candidate], _ objective: Objective) -> [Double] {
        var copy = candidates
        copy.withUnsafeMutableBufferPointer { Scoring.score($0, ScoreWeights(objective)) }
        return copy.map(\.score)
    }

    @Test func `makes the best candidate 1 and one twice as slow or dear 2`() {
        let best = Candidate(loadedTime: 0.5, cost: 10, cachedShare: 1)
        let twice = Candidate(loadedTime: 1, cost: 20, cachedShare: 0)
        for objective in [
            Objective(latency: 1), Objective(latency: 0, cost: 1), Objective(latency: 0, affinity: 1),
            Objective(latency: 3, cost: 2, affinity: 5),
        ] {
            let scores = scored([best, twice], objective)
            #expect(abs(scores[0] - 1) < 1e-9 && abs(scores[1] - 2) < 1e-9)
        }
    }

    @Test func `uses only the ratio of weights`() {
        let candidates = [Candidate(loadedTime: 0.4, cost: 30), Candidate(loadedTime: 0.9, cost: 10)]
        #expect(
            scored(candidates, Objective(latency: 1, cost: 2)) == scored(candidates, Objective(latency: 50, cost: 100)))
    }

    @Test func `ranks an unknown price behind every known one, and free before all`() {
        #expect(Scoring.costRatio(-1, cheapest: 5) > Scoring.costRatio(1e9, cheapest: 5))
        #expect(Scoring.costRatio(0, cheapest: 0) == 1)
        #expect(Scoring.costRatio(1, cheapest: 0) == Scoring.costRatioMax)
        #expect(Scoring.costRatio(-1, cheapest: .infinity) == Scoring.unknownCostRatio)
    }

    @Test func `prices what is counted beside tokens, and what has no price not at all`() {
        let prices = ScoreMediaPrices(
            MediaPrices(audioMinute: UnitPrice(picoPerUnit: 60_000), image: UnitPrice(picoPerUnit: 0)))
        #expect(Scoring.cost(prices, MediaUsage(audioMilliseconds: 500), beside: -1) == 500)
        #expect(Scoring.cost(prices, MediaUsage(audioMilliseconds: 500), beside: 40) == 540)
        #expect(Scoring.cost(prices, MediaUsage(images: 2), beside: -1) == 0)
        #expect(Scoring.cost(prices, MediaUsage(characters: 9), beside: -1) < 0)
        #expect(Scoring.cost(nil, MediaUsage(images: 2), beside: 7) == 7)
    }

    @Test func `prices the cached part of a prompt at its own price`() {
        let prices = ScorePrices(
            TokenPrices(
                input: UnitPrice(picoPerUnit: 10), cachedInput: UnitPrice(picoPerUnit: 1),
                output: UnitPrice(picoPerUnit: 40)))
        let halfCached: Double = 500 + 50 + 400
        #expect(Scoring.cost(prices, prompt: 100, cachedShare: 0.5, output: 10) == halfCached)
        #expect(Scoring.cost(nil, prompt: 100, cachedShare: 0, output: 10) < 0)
    }

    @Test func `draws every distinct pair and no other, about as often`() {
        var rng = SplitMix64(seed: 9)
        for count in 2...6 {
            var seen: [Int: Int] = [:]
            for _ in 0..<6_000 {
                let (a, b) = Scoring.distinctPair(below: count, rng: &rng)
                seen[a * count + b, default: 0] += 1
            }
            let pairs = count * (count - 1)
            let isLegal = seen.keys.allSatisfy { $0 / count != $0 % count && $0 < count * count }
            #expect(isLegal)
            #expect(seen.count == pairs)
            for times in seen.values { #expect(abs(times - 6_000 / pairs) < 6_000 / pairs / 2) }
        }
        #expect(Scoring.distinctPair(below: 1, rng: &rng) == (0, 0))
    }

    @Test func `takes the less loaded of two equals and never one that is worse by more than a tenth`() {
        var rng = SplitMix64(seed: 4)
        var candidates = [
            Candidate(inFlight: 9, time: 1, score: 1.0), Candidate(inFlight: 0, time: 1, score: 1.09),
            Candidate(inFlight: 0, time: 1, score: 1.2),
        ]
        for _ in 0..<200 {
            let chosen = candidates.withUnsafeMutableBufferPointer { Scoring.choose($0, rng: &rng) }
            #expect(chosen == 1)
        }
    }
}

@Suite struct `A model table` {
    @Test func `finds every name of every route and nothing else`() {
        for seed in 0..<4 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            var names = Set<String>()
            while names.count < 200 {
                let length = Int.random(in: 1...40, using: &rng)
                names.insert(
                    String((0..<length).map { _ in Character(Unicode.Scalar(UInt8.random(in: 97...100, using: &rng))) })
                )
            }
            let list = names.sorted()
            let routes = (0..<10).map { i in
                RouteRecord(
                    name: "r\(i)", modelNames: Array(list[i * 20..<i * 20 + 20]), contextTokensMax: nil, tiers: [],
                    retry: RetryPolicy(),
                    overflow: OverflowPolicy(), hedge: nil)
            }
            let table = ModelTable(routes)
            func look(_ name: String) -> RouteID? { Array(name.utf8).withUnsafeBytes { table.route($0) } }
            for (i, name) in list.enumerated() { #expect(look(name) == RouteID(i / 20), "seed \(seed)") }
            for name in list where !names.contains(name + "x") { #expect(look(name + "x") == nil, "seed \(seed)") }
            #expect(look("") == nil)
        }
    }

    @Test func `gives a name claimed twice to the first route`() {
        let routes = ["a", "b"].map {
            RouteRecord(
                name: $0, modelNames: ["gpt"], contextTokensMax: nil, tiers: [], retry: RetryPolicy(),
                overflow: OverflowPolicy(), hedge: nil)
        }
        let table = ModelTable(routes)
        #expect(Array("gpt".utf8).withUnsafeBytes { table.route($0) } == RouteID(0))
    }
}
