// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Synchronization

extension Router {
    /// What this loop knows of an endpoint.
    /// - Parameter endpoint: of `snapshot`.
    public func view(_ endpoint: EndpointID, now: Instant) -> EndpointView {
        let state = endpoints[Int(endpoint.index)]
        let slot = slots + Int(state.pointee.gaugeSlot)
        let inFlight = slot.pointee.inFlight.load(ordering: .relaxed)
        let load = state.pointee.load(slot, inFlight: inFlight, now: now)
        let counters = state.pointee.counters
        return EndpointView(
            endpoint: endpoint, state: Self.viewState(state, load, now: now), inFlight: inFlight,
            timeToFirstToken: Self.span(state.pointee.timeToFirstToken.projected(now: now)),
            timeToFirstTokenP95: firstTokenP95(state, now: now),
            timePerOutputToken: Self.span(state.pointee.timePerToken.value), errorRate: state.pointee.errorRate.value,
            headroomPercent: Int(max(0, 100 * (1 - load.used)).rounded()),
            breaker: state.pointee.breaker.phase(now: now),
            attempts: counters.attempts, successes: counters.successes, failures: counters.failures,
            outputTokens: counters.outputTokens)
    }

    private static func viewState(_ state: UnsafeMutablePointer<EndpointState>, _ load: Load, now: Instant)
        -> EndpointView.State
    {
        if state.pointee.isProbedDown { return .down }
        if !state.pointee.hasCredential { return .noCredential }
        switch state.pointee.breaker.phase(now: now) {
        case .open: return .open
        case .halfOpen: return .halfOpen
        case .closed: break
        }
        if now < state.pointee.coolDownUntil, !state.pointee.isCoolDownForCapacity { return .coolDown }
        return load.used >= 1 ? .full : .up
    }

    static func span(_ seconds: Double) -> TimeSpan { TimeSpan(seconds: seconds) ?? .zero }
}
