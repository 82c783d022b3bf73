// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// `Objective` as shares that add up to 1, or all 0 when only load decides.
struct ScoreWeights: BitwiseCopyable {
    var latency: Double
    var cost: Double
    var affinity: Double
    var isLoadOnly: Bool { latency + cost + affinity == 0 }

    init(_ objective: Objective) {
        let sum = Double(max(1, max(0, objective.latency) + max(0, objective.cost) + max(0, objective.affinity)))
        latency = Double(max(0, objective.latency)) / sum
        cost = Double(max(0, objective.cost)) / sum
        affinity = Double(max(0, objective.affinity)) / sum
    }
}

/// One endpoint that may take the request, and what speaks for it.
struct Candidate: BitwiseCopyable {
    var endpoint = EndpointID(0)
    var inFlight = 0
    var used = 0.0
    /// Predicted seconds until the answer is complete, on an idle endpoint.
    var time = 0.0
    /// `time` as the load stretches it.
    var loadedTime = 0.0
    /// Predicted price in pico-units; below 0: unknown.
    var cost = 0.0
    /// Share of the prompt that is known to be cached and may be credited, 0…1.
    var cachedShare = 0.0
    /// The conversation's home on the ring.
    var isHome = false
    /// It speaks the caller's wire.
    var isNative = true
    var score = 0.0
    /// Scratch of the choice: the position of the n-th equal, kept at position n.
    var equal = 0

    /// Peak EWMA's load, for choosing between equals: predicted time × (in-flight + 1).
    var load: Double { time * Double(inFlight + 1) }
}

/// Predicts, scores and picks: pure functions over a list of candidates.
///
/// Each part of the score is a ratio to the best candidate: 1 is the best there is, 2 is twice as slow or dear; a
/// prompt that is not cached at all counts as 2 against 1 for one that is. Parts are weighted by the tier's objective;
/// lower wins. Candidates within `tolerance` of the best are equals, and among equals power of two choices on load
/// decides, so that gateways with the same view do not all run to the same endpoint.
enum Scoring {
    /// Scores closer than this carry no information: estimates are noisier.
    static let tolerance = 1.1
    /// A known price never counts more than this against an endpoint; an unknown one counts more than any known one.
    static let costRatioMax = 15.0
    static let unknownCostRatio = 16.0
    /// What a conversation's home is credited with while nobody is known to hold the conversation: clearly more than
    /// half of a two-message prompt, which is what holding the system message alone is worth.
    static let homeShare = 0.7
    /// What having to translate counts against an endpoint: more than noise, so that equals go to one that speaks the
    /// caller's wire, and less than a real difference in time or price.
    static let translationPenalty = 1.25
    /// A fully cached prompt still costs a forward pass.
    static let prefillShareMin = 0.1

    /// rtt + TTFT · uncached share + TPOT · expected output tokens, in seconds.
    @inline(__always)
    static func time(
        _ state: UnsafeMutablePointer<EndpointState>, roundTrip: Double, cachedShare: Double, output: Double,
        now: Instant
    ) -> Double {
        let firstToken = state.pointee.timeToFirstToken.projected(now: now)
        return roundTrip + firstToken * max(prefillShareMin, 1 - cachedShare) + state.pointee.timePerToken.value
            * output
    }

    /// Batching stretches every answer; at the declared concurrency by a factor of two.
    @inline(__always)
    static func loaded(_ time: Double, inFlight: Int, limits: Limits) -> Double {
        time * (1 + Double(inFlight) * limits.stretchPerRequest)
    }

    @inline(__always)
    static func cost(_ prices: ScorePrices?, prompt: Double, cachedShare: Double, output: Double) -> Double {
        guard let prices else { return -1 }
        return prompt * (prices.input * (1 - cachedShare) + prices.cachedInput * cachedShare) + prices.output * output
    }

    /// What is counted beside tokens, at its own price; where that is unknown, the price of the tokens alone.
    static func cost(_ prices: ScoreMediaPrices?, _ media: MediaUsage, beside tokens: Double) -> Double {
        guard let prices else { return tokens }
        var cost = tokens
        func add(_ price: Double, _ quantity: Int64) {
            if price >= 0, quantity > 0 { cost = max(cost, 0) + price * Double(quantity) }
        }
        add(prices.audioMillisecond, media.audioMilliseconds)
        add(prices.image, media.images)
        add(prices.search, media.searches)
        add(prices.character, media.characters)
        return cost
    }

    /// Fills in `score` of every candidate.
    static func score(_ candidates: UnsafeMutableBufferPointer<Candidate>, _ weights: ScoreWeights) {
        guard !weights.isLoadOnly else { return scoreLoadOnly(candidates) }
        let (fastest, cheapest) = best(candidates)
        let perSecond = weights.latency / fastest
        for i in 0..<candidates.count {
            candidates[i].score =
                perSecond * candidates[i].loadedTime
                + (weights.cost > 0 ? weights.cost * costRatio(candidates[i].cost, cheapest: cheapest) : 0)
                + weights.affinity * (2 - max(candidates[i].cachedShare, candidates[i].isHome ? homeShare : 0))
            if !candidates[i].isNative { candidates[i].score *= translationPenalty }
        }
    }

    /// Without weights all are equals, but for those that would have to translate.
    private static func scoreLoadOnly(_ candidates: UnsafeMutableBufferPointer<Candidate>) {
        for i in 0..<candidates.count { candidates[i].score = candidates[i].isNative ? 0 : 1 }
    }

    private static func best(_ candidates: UnsafeMutableBufferPointer<Candidate>) -> (fastest: Double, cheapest: Double)
    {
        var fastest = Double.infinity
        var cheapest = Double.infinity
        for candidate in candidates {
            fastest = min(fastest, candidate.loadedTime)
            if candidate.cost >= 0 { cheapest = min(cheapest, candidate.cost) }
        }
        // A time of 0 happens only when a test's or an operator's numbers say so; a ratio needs something to stand on.
        return (max(fastest, 1e-6), cheapest)
    }

    static func costRatio(_ cost: Double, cheapest: Double) -> Double {
        if cost < 0 { return unknownCostRatio }
        if cost <= cheapest { return 1 }
        return cheapest > 0 ? min(costRatioMax, cost / cheapest) : costRatioMax
    }

    /// - Returns: position of the winner. Candidates must not be empty.
    static func choose(_ candidates: UnsafeMutableBufferPointer<Candidate>, rng: inout SplitMix64) -> Int {
        var lowest = Double.infinity
        for candidate in candidates { lowest = min(lowest, candidate.score) }
        let limit = lowest * tolerance
        var equals = 0
        for i in 0..<candidates.count where candidates[i].score <= limit {
            candidates[equals].equal = i
            equals += 1
        }
        let pair = distinctPair(below: equals, rng: &rng)
        let first = candidates[pair.0].equal
        let second = candidates[pair.1].equal
        return candidates[first].load <= candidates[second].load ? first : second
    }

    /// Two different numbers below `count`, every pair as likely; (0, 0) when there is only one.
    static func distinctPair(below count: Int, rng: inout SplitMix64) -> (Int, Int) {
        guard count > 1 else { return (0, 0) }
        let first = rng.index(below: count)
        let second = rng.index(below: count - 1)
        return (first, second >= first ? second + 1 : second)
    }
}
