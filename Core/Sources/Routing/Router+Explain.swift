// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Synchronization

extension Router {
    /// What `pick` would answer now to a request that has tried nothing yet, and why. Changes nothing, not even the
    /// random numbers to come.
    /// - Parameter residency: what the policy says of an endpoint, in words; `nil` where there is none.
    public func explain(
        _ features: RequestFeatures, within admissible: AdmissibleEndpoints, now: Instant,
        residency: (EndpointID) -> String? = { _ in nil }
    ) -> Explanation {
        guard Int(features.route.index) < routes.count else {
            return Explanation(route: "?", tiers: [], reason: "there is no such route")
        }
        let question = PickQuestion(features: features, admissible: admissible, tried: TriedEndpoints(), now: now)
        let record = snapshot.routes[Int(features.route.index)]
        let route = routes[Int(features.route.index)]
        var explanation = Explanation(route: record.name, tiers: [], reason: "")
        explanation.callerRegion = features.callerRegion.flatMap {
            Int($0.index) < snapshot.regions.count ? snapshot.regions[Int($0.index)].name : nil
        }
        for (tier, tierRecord) in zip(route.pointee.tiers.range, record.tiers) {
            var told = explain(tierRecord, tiers[tier], route, question)
            for (position, endpoint) in tierRecord.endpoints.enumerated() {
                told.candidates[position].residency = residency(endpoint)
            }
            explanation.tiers.append(told)
        }
        var rehearsal = rng
        conclude(&explanation, decide(question, rng: &rehearsal, keepsGates: false), record)
        return explanation
    }

    private func explain(
        _ record: TierRecord, _ tier: UnsafeMutablePointer<TierState>, _ route: UnsafeMutablePointer<RouteState>,
        _ question: PickQuestion
    ) -> Explanation.Tier {
        var rehearsal = rng
        let healthy = record.endpoints.filter { endpoints[Int($0.index)].pointee.refusal(now: question.now) == nil }
        let used = healthy.map { load($0, now: question.now).used }.min()
        let count = admit(tier, route, question, rng: &rehearsal, keepsGates: false)
        let scored = assess(count, tier, route, question)
        Scoring.score(scored, tier.pointee.weights)
        let gate = gateText(tier, route, used: used, isPassed: count > 0, now: question.now)
        let candidates =
            record.endpoints.map { endpoint in
                explain(endpoint, scored.first { $0.endpoint == endpoint }, tier.pointee.weights, question)
            } + record.excluded.map { explain($0) }
        return Explanation.Tier(
            name: record.name, gate: gate, usedPercent: used.map { Int((100 * $0).rounded()) }, candidates: candidates)
    }

    private func gateText(
        _ tier: UnsafeMutablePointer<TierState>, _ route: UnsafeMutablePointer<RouteState>, used: Double?,
        isPassed: Bool, now: Instant
    ) -> String {
        let policy = route.pointee.overflow
        if isPassed { return "open" }
        guard used != nil else { return "passed over: no endpoint is in order" }
        if tier.pointee.gate.isHolding(policy: policy, now: now) {
            return "full: stays so for at least \(Self.text(policy.hold))"
        }
        return "full: enters overflow at \(Self.percent(policy.enter)), returns at \(Self.percent(policy.leave))"
    }

    private func explain(
        _ endpoint: EndpointID, _ scored: Candidate?, _ weights: ScoreWeights, _ question: PickQuestion
    ) -> Explanation.Candidate {
        var candidate = candidate(endpoint, verdict: verdict(endpoint, isScored: scored != nil, question))
        guard let scored else { return candidate }
        candidate.isEligible = true
        candidate.parts = parts(scored)
        candidate.score = weights.isLoadOnly ? scored.load : scored.score
        return candidate
    }

    private func explain(_ excluded: ExcludedEndpoint) -> Explanation.Candidate {
        candidate(excluded.endpoint, verdict: excluded.lacks.map(\.description).joined(separator: ", "))
    }

    private func candidate(_ endpoint: EndpointID, verdict: String) -> Explanation.Candidate {
        let record = snapshot.endpoints[Int(endpoint.index)]
        return Explanation.Candidate(
            endpoint: record.name, provider: record.provider, region: snapshot.regions[Int(record.region.index)].name,
            verdict: verdict, isEligible: false, parts: [])
    }

    private func parts(_ scored: Candidate) -> [Explanation.Part] {
        var parts = [
            Explanation.Part(name: "time", value: scored.time * 1_000, unit: "ms"),
            Explanation.Part(name: "time under load", value: scored.loadedTime * 1_000, unit: "ms"),
            Explanation.Part(name: "in flight", value: Double(scored.inFlight), unit: "requests"),
            Explanation.Part(name: "used", value: scored.used * 100, unit: "%"),
            Explanation.Part(name: "cached prompt", value: scored.cachedShare * 100, unit: "%"),
        ]
        if scored.cost >= 0 {
            parts.append(
                Explanation.Part(name: "cost", value: scored.cost / 1e6, unit: "micro-\(snapshot.currency.code)"))
        }
        return parts
    }

    private func verdict(_ endpoint: EndpointID, isScored: Bool, _ question: PickQuestion) -> String {
        let now = question.now
        let state = endpoints[Int(endpoint.index)]
        let operation = question.features.operation
        if isScored { return state.pointee.native.contains(operation) ? "eligible" : "eligible, with translation" }
        if !question.admissible.contains(endpoint) { return "not admissible" }
        if !state.pointee.served.contains(operation) { return "cannot do this" }
        if let language = question.features.language, !takes(language, state.pointee.languages) {
            return "\(Lack.language(language))"
        }
        switch state.pointee.refusal(now: now) {
        case .credential: return "has no credential at the moment"
        case .breaker:
            let phase = state.pointee.breaker.phase(now: now)
            let wait = max(.zero, (state.pointee.breaker.openUntil ?? now) - now)
            return phase == .open
                ? "breaker open, trial in \(Self.text(wait))" : "breaker half-open, its trial is running"
        case .coolDown: return "cool-down for \(Self.text(state.pointee.coolDownUntil - now))"
        case .probes: return "health probes fail"
        case nil: break
        }
        let load = load(endpoint, now: now)
        return load.used >= 1 ? "full: \(load.limit.rawValue)" : "not considered"
    }

    private func load(_ endpoint: EndpointID, now: Instant) -> Load {
        let state = endpoints[Int(endpoint.index)]
        let slot = slots + Int(state.pointee.gaugeSlot)
        return state.pointee.load(slot, inFlight: slot.pointee.inFlight.load(ordering: .relaxed), now: now)
    }

    private func conclude(_ explanation: inout Explanation, _ result: PickResult, _ record: RouteRecord) {
        switch result {
        case .endpoint(let endpoint, let tier):
            explanation.picked = snapshot.endpoints[Int(endpoint.index)].name
            explanation.pickedTier = tier
            explanation.reason = Self.reason(explanation, record, tier: tier)
        case .none(.exhausted):
            explanation.reason =
                record.tiers.allSatisfy(\.endpoints.isEmpty)
                ? "the route has no endpoints" : "no endpoint of the route can serve this request"
        case .none(.inadmissible):
            explanation.reason = "the request's bytes may go to none of the route's endpoints"
        case .none(.unavailable(let span)):
            explanation.reason = "no endpoint is in order; the first may be back in \(Self.text(span))"
        case .none(.atCapacity(let span)):
            explanation.reason = "every endpoint is at a limit; there may be room in \(Self.text(span))"
        }
    }

    private static func reason(_ explanation: Explanation, _ record: RouteRecord, tier: Int) -> String {
        let name = record.tiers[tier].name
        let eligible = explanation.tiers[tier].candidates.filter(\.isEligible)
        if eligible.isEmpty {
            return "every tier is full or out of order; this is the best that is left, in tier \(name)"
        }
        if eligible.count == 1 { return "the only eligible endpoint of tier \(name)" }
        let lowest = eligible.compactMap(\.score).min() ?? 0
        let isLowest = eligible.contains { $0.endpoint == explanation.picked && $0.score == lowest }
        return isLowest
            ? "lowest score in tier \(name)" : "within 10 % of the lowest score in tier \(name), and less loaded"
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private static func text(_ span: TimeSpan) -> String {
        span < .seconds(10) ? "\(span.nanoseconds / 1_000_000) ms" : "\(span.nanoseconds / 1_000_000_000) s"
    }
}
