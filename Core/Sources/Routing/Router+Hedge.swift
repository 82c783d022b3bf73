// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension Router {
    /// How long to wait for the first byte before a hedge: the 95th percentile of the endpoint's recent times to first
    /// token, at least `delayMin`. Until there are enough samples three times the estimate stands in for it.
    public func hedgeDelay(_ endpoint: EndpointID, policy: HedgePolicy, now: Instant) -> TimeSpan {
        guard let state = state(endpoint) else { return policy.delayMin }
        return max(policy.delayMin, firstTokenP95(state, now: now))
    }

    /// An endpoint for one backup request, at another provider than `endpoint`'s.
    /// - Returns: `.none(.exhausted)` also when the route's cap on extra requests is spent or every other provider is
    ///   full: a hedge is never urgent.
    public mutating func pickHedge(
        _ features: RequestFeatures, within admissible: AdmissibleEndpoints, avoidingProviderOf endpoint: EndpointID,
        excluding tried: TriedEndpoints, now: Instant
    ) -> PickResult {
        guard Int(features.route.index) < routes.count, let primary = state(endpoint) else { return .none(.exhausted) }
        let route = routes[Int(features.route.index)]
        guard route.pointee.hedges.canSpend else { return .none(.exhausted) }
        let question = PickQuestion(
            features: features, admissible: admissible, tried: tried, avoidedProvider: primary.pointee.provider,
            now: now)
        let result = decide(question)
        if case .endpoint = result { route.pointee.hedges.spend() }
        return result
    }

    func earnHedge(_ route: RouteID) {
        let route = routes[Int(route.index)]
        route.pointee.hedges.earn(percent: route.pointee.hedgePercent)
    }

    func firstTokenP95(_ state: UnsafeMutablePointer<EndpointState>, now: Instant) -> TimeSpan {
        state.pointee.firstTokenQuantile.p95()
            ?? .nanoseconds(Int64(3e9 * state.pointee.timeToFirstToken.projected(now: now)))
    }
}
