// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Synchronization

// filter → gate → score → pick. Nothing here changes what the router knows, except the gates of a real pick: `explain`
// rehearses with the same code.

extension Router {
    func decide(_ question: PickQuestion, rng: inout SplitMix64, keepsGates: Bool) -> PickResult {
        let route = routes[Int(question.features.route.index)]
        // 1. The first tier that is not full and has someone to offer.
        for (number, tier) in route.pointee.tiers.range.enumerated() {
            let count = admit(tiers[tier], route, question, rng: &rng, keepsGates: keepsGates)
            guard count > 0 else { continue }
            // 2. The best of its candidates.
            let candidates = assess(count, tiers[tier], route, question)
            Scoring.score(candidates, tiers[tier].pointee.weights)
            return .endpoint(candidates[Scoring.choose(candidates, rng: &rng)].endpoint, tier: number)
        }
        // 3. Every tier is full or out of order. A hedge is not worth squeezing in.
        return question.avoidedProvider == nil ? fallback(route, question) : .none(.exhausted)
    }

    /// Fills the scratch with the tier's candidates and works its gate.
    /// - Returns: how many there are; 0 when the gate sends the request on.
    func admit(
        _ tier: UnsafeMutablePointer<TierState>, _ route: UnsafeMutablePointer<RouteState>, _ question: PickQuestion,
        rng: inout SplitMix64, keepsGates: Bool
    ) -> Int {
        let policy = route.pointee.overflow
        if tier.pointee.gate.isHolding(policy: policy, now: question.now) { return 0 }
        let gathered = gather(tier, policy, question, rng: &rng)
        // Because: a tier without a healthy endpoint says nothing about load, so its gate stays as it is.
        guard let lowestUsed = gathered.lowestUsed else { return 0 }
        let gate = tier.pointee.gate.seeing(used: lowestUsed, policy: policy, now: question.now)
        if keepsGates { tier.pointee.gate = gate }
        return gate.isFull ? 0 : gathered.count
    }

    struct Gathered {
        var count = 0
        /// Of the tightest limit, at the freest healthy endpoint seen; `nil`: none is healthy.
        var lowestUsed: Double?
    }

    private func gather(
        _ tier: UnsafeMutablePointer<TierState>, _ policy: TierGate.Thresholds, _ question: PickQuestion,
        rng: inout SplitMix64
    ) -> Gathered {
        var gathered = Gathered()
        var walk = MemberWalk(tier.pointee.members, rng: &rng)
        var lowest = Double.infinity
        while gathered.count < Self.candidatesMax, let member = walk.next() {
            let endpoint = members.base[member]
            guard let seen = look(at: endpoint, question) else { continue }
            lowest = min(lowest, seen.used)
            guard seen.used < policy.enter, isWanted(endpoint, question) else { continue }
            scratch.base[gathered.count] = Candidate(endpoint: endpoint, inFlight: seen.inFlight, used: seen.used)
            gathered.count += 1
        }
        gathered.lowestUsed = lowest.isFinite ? lowest : nil
        return gathered
    }

    /// - Returns: the endpoint's load; `nil` when it is out of order.
    @inline(__always)
    func look(at endpoint: EndpointID, _ question: PickQuestion) -> (inFlight: Int, used: Double)? {
        let state = endpoints.base + Int(endpoint.index)
        guard state.pointee.refusal(now: question.now) == nil else { return nil }
        let slot = slots + Int(state.pointee.gaugeSlot)
        let inFlight = slot.pointee.inFlight.load(ordering: .relaxed)
        return (inFlight, state.pointee.load(slot, inFlight: inFlight, now: question.now).used)
    }

    /// Whether this request may have the endpoint, whatever its state: every choice comes through here.
    @inline(__always)
    func isWanted(_ endpoint: EndpointID, _ question: PickQuestion) -> Bool {
        guard question.admissible.contains(endpoint) else { return false }
        if !question.tried.isEmpty, question.tried.contains(endpoint) { return false }
        let state = endpoints.base + Int(endpoint.index)
        let features = question.features
        guard (features.needsNative ? state.pointee.native : state.pointee.served).contains(features.operation) else {
            return false
        }
        if let language = features.language, !takes(language, state.pointee.languages) { return false }
        if let pinned = features.pinned, pinned != endpoint { return false }
        guard let avoided = question.avoidedProvider else { return true }
        return state.pointee.provider != avoided
    }

    /// Whether an endpoint with these languages serves requests in `language`: it declares it, or nobody said anything.
    func takes(_ language: LanguageCode, _ declared: Section) -> Bool {
        var low = declared.start
        var high = declared.start + declared.count
        while low < high {
            let middle = (low + high) >> 1
            if languages.base[middle] < language { low = middle + 1 } else { high = middle }
        }
        return declared.count == 0 || low < declared.start + declared.count && languages.base[low] == language
    }

    /// Predicts time, price and cached prompt of the first `count` candidates in the scratch.
    /// - Returns: the candidates; a few more than `count` where a large tier was sampled.
    func assess(
        _ count: Int, _ tier: UnsafeMutablePointer<TierState>, _ route: UnsafeMutablePointer<RouteState>,
        _ question: PickQuestion
    ) -> UnsafeMutableBufferPointer<Candidate> {
        let weighsPrefixes = count > 0 && question.features.prefixCount > 0 && !tier.pointee.weights.isLoadOnly
        let candidates = UnsafeMutableBufferPointer(
            start: scratch.base, count: weighsPrefixes ? credit(count, tier, route, question) : count)
        let prompt = Double(question.features.promptTokens)
        let output = route.pointee.outputTokensExpected(question.features)
        let weighsMedia = !question.features.media.isEmpty
        for i in 0..<candidates.count {
            let state = endpoints.base + Int(candidates[i].endpoint.index)
            let cached = candidates[i].cachedShare
            candidates[i].time = Scoring.time(
                state, roundTrip: roundTrip(question.features.callerRegion, state.pointee.region), cachedShare: cached,
                output: output,
                now: question.now)
            candidates[i].loadedTime = Scoring.loaded(
                candidates[i].time, inFlight: candidates[i].inFlight, limits: state.pointee.limits)
            candidates[i].isNative = state.pointee.native.contains(question.features.operation)
            candidates[i].cost = Scoring.cost(state.pointee.prices, prompt: prompt, cachedShare: cached, output: output)
            guard weighsMedia else { continue }
            candidates[i].cost = Scoring.cost(
                state.pointee.mediaPrices, question.features.media, beside: candidates[i].cost)
        }
        return candidates
    }

    @inline(__always)
    private func roundTrip(_ caller: RegionID?, _ region: RegionID) -> Double {
        guard let caller, Int(caller.index) < regionCount else { return 0 }
        return roundTrips.base[Int(caller.index) * regionCount + Int(region.index)]
    }
}

/// The members of a tier in the order a pick looks at them: all in turn, or for a large tier all in a different order
/// each time.
///
/// A step that is a prime above the number of members visits each of them once. The primes are the eight smallest above
/// 2¹⁶.
private struct MemberWalk {
    private let members: Section
    private var position = 0
    private var step = 1
    private var left: Int

    init(_ members: Section, rng: inout SplitMix64) {
        self.members = members
        left = members.count
        guard members.count > Router.candidatesMax else { return }
        let primes: InlineArray<8, Int> = [65_537, 65_539, 65_543, 65_551, 65_557, 65_563, 65_579, 65_581]
        position = rng.index(below: members.count)
        step = primes[rng.index(below: 8)] % members.count
    }

    @inline(__always)
    mutating func next() -> Int? {
        guard left > 0 else { return nil }
        left -= 1
        let member = members.start + position
        position += step
        if position >= members.count { position -= members.count }
        return member
    }
}
