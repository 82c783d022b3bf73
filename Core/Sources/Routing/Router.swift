// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Chooses endpoints and learns from what became of them; one per loop.
public struct Router: ~Copyable {
    public private(set) var snapshot: RoutingSnapshot
    private let gauges: EndpointGauges
    private var rng: SplitMix64

    public init(snapshot: RoutingSnapshot, gauges: EndpointGauges, seed: UInt64) {
        self.snapshot = snapshot
        self.gauges = gauges
        rng = SplitMix64(seed: seed)
    }

    /// Takes over a newer snapshot; what was learned stays, by name.
    @discardableResult
    public mutating func adopt(_ snapshot: RoutingSnapshot) -> SnapshotTranslation {
        let translation = SnapshotTranslation(from: self.snapshot, to: snapshot)
        self.snapshot = snapshot
        return translation
    }

    public func route(forModel name: UnsafeRawBufferPointer) -> RouteID? {
        for (index, route) in snapshot.routes.enumerated() {
            for modelName in route.modelNames where modelName.utf8.elementsEqual(name) { return RouteID(index) }
        }
        return nil
    }

    public mutating func pick(_ features: RequestFeatures, excluding tried: TriedEndpoints, now: Instant) -> PickResult {
        for (index, tier) in snapshot.routes[Int(features.route.index)].tiers.enumerated() {
            for endpoint in tier.endpoints where !tried.contains(endpoint) { return .endpoint(endpoint, tier: index) }
        }
        return .none(.exhausted)
    }

    public mutating func began(_ endpoint: EndpointID, _ features: RequestFeatures, now: Instant) {
        gauges.addInFlight(snapshot.endpoints[Int(endpoint.index)].gaugeSlot)
    }

    /// The first content byte came. Optional: tells estimators and breaker before the answer ends, which may take minutes.
    public mutating func answered(_ endpoint: EndpointID, timeToFirstToken: TimeSpan, now: Instant) {}

    public mutating func ended(_ endpoint: EndpointID, _ outcome: AttemptOutcome, now: Instant) -> EndpointNews? {
        gauges.subtractInFlight(snapshot.endpoints[Int(endpoint.index)].gaugeSlot)
        return nil
    }

    public mutating func learn(_ news: EndpointNews, now: Instant) {}

    public mutating func probed(_ endpoint: EndpointID, _ result: ProbeResult, now: Instant) {
        guard let queued = result.queued else { return }
        gauges.storeQueued(snapshot.endpoints[Int(endpoint.index)].gaugeSlot, queued, at: now)
    }

    public func hedgeDelay(_ endpoint: EndpointID, policy: HedgePolicy, now: Instant) -> TimeSpan { policy.delayMin }

    public mutating func pickHedge(
        _ features: RequestFeatures, avoidingProviderOf endpoint: EndpointID, excluding tried: TriedEndpoints, now: Instant
    ) -> PickResult { .none(.exhausted) }

    public func explain(_ features: RequestFeatures, now: Instant) -> Explanation {
        Explanation(route: snapshot.routes[Int(features.route.index)].name, tiers: [], reason: "")
    }

    public func view(_ endpoint: EndpointID, now: Instant) -> EndpointView {
        EndpointView(
            endpoint: endpoint, state: .up, inFlight: gauges.inFlight(snapshot.endpoints[Int(endpoint.index)].gaugeSlot),
            timeToFirstToken: .milliseconds(300), timeToFirstTokenP95: .milliseconds(300), timePerOutputToken: .milliseconds(20),
            errorRate: 0, headroomPercent: 100, breaker: .closed, attempts: 0, successes: 0, failures: 0, outputTokens: 0)
    }
}
