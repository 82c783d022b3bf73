// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Synchronization

extension Router {
    /// When no tier offers an endpoint: squeeze the request in, try an endpoint early, or say how long to wait and for
    /// what.
    func fallback(_ route: UnsafeMutablePointer<RouteState>, _ question: PickQuestion) -> PickResult {
        guard admits(question.features, within: question.admissible) else { return .none(.inadmissible) }
        var survey = Survey()
        for (number, tier) in route.pointee.tiers.range.enumerated() {
            for member in tiers[tier].pointee.members.range where isWanted(members.base[member], question) {
                add(members.base[member], tier: number, now: question.now, to: &survey)
            }
        }
        return survey.result(now: question.now)
    }

    private func add(_ endpoint: EndpointID, tier: Int, now: Instant, to survey: inout Survey) {
        let state = endpoints.base + Int(endpoint.index)
        if let refusal = state.pointee.refusal(now: now) {
            survey.refused(endpoint, tier: tier, state.pointee, refusal, now: now)
            return
        }
        let slot = slots + Int(state.pointee.gaugeSlot)
        let inFlight = slot.pointee.inFlight.load(ordering: .relaxed)
        let load = state.pointee.load(slot, inFlight: inFlight, now: now)
        if load.isForbidden {
            survey.forbidden(until: state.pointee.fullUntil(slot, inFlight: inFlight, now: now))
        } else {
            survey.allowed(endpoint, tier: tier, used: load.used)
        }
    }
}

/// What a walk over all endpoints of a route found.
private struct Survey {
    /// A `Retry-After` below this would have clients return before anything has changed.
    static let retryAfterMin = TimeSpan.milliseconds(100)

    private var leastUsed: (endpoint: EndpointID, tier: Int, used: Double)?
    private var earlyTrial: (endpoint: EndpointID, tier: Int, due: Instant)?
    private var roomAt: Instant?
    private var repairAt: Instant?

    mutating func allowed(_ endpoint: EndpointID, tier: Int, used: Double) {
        if let leastUsed, leastUsed.used <= used { return }
        leastUsed = (endpoint, tier, used)
    }

    mutating func forbidden(until: Instant) { roomAt = min(roomAt ?? .distantFuture, until) }

    mutating func refused(_ endpoint: EndpointID, tier: Int, _ state: EndpointState, _ refusal: Refusal, now: Instant) {
        let until = state.refusedUntil(now: now)
        repairAt = min(repairAt ?? .distantFuture, until)
        guard refusal == .breaker, now >= state.coolDownUntil, !state.isProbedDown,
            state.breaker.admitsEarlyTrial(now: now)
        else { return }
        if let earlyTrial, earlyTrial.due <= until { return }
        earlyTrial = (endpoint, tier, until)
    }

    func result(now: Instant) -> PickResult {
        if let leastUsed { return .endpoint(leastUsed.endpoint, tier: leastUsed.tier) }
        if let roomAt { return .none(.atCapacity(retryAfter: max(Self.retryAfterMin, roomAt - now))) }
        if let earlyTrial { return .endpoint(earlyTrial.endpoint, tier: earlyTrial.tier) }
        if let repairAt { return .none(.unavailable(retryAfter: max(Self.retryAfterMin, repairAt - now))) }
        return .none(.exhausted)
    }
}
