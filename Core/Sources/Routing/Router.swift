// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Synchronization

/// Chooses endpoints and learns from what became of them; one per loop.
///
/// The way of a pick (`Router+Pick.swift`): **filter** what was tried, cannot do it, speaks other languages, is broken
/// or is down → **gate**: the first tier that is not full → **score** its endpoints by predicted time, price and cached
/// prompt → **pick** among equals by power of two choices. Every `began` must be followed by exactly one `ended`, or by
/// an `adopt` that removes the endpoint.
/// - Threading: confined to one loop. Loops share `EndpointGauges`, and bad news by `EndpointNews`.
/// - Cost: `pick`, `began`, `answered` and `ended` allocate nothing. Memory is fixed by the snapshot: about 0.65 KB per
///   endpoint, 256 KB prefix table.
/// - Ids: an id of another snapshot is ignored where it is out of range and otherwise means another endpoint; see
///   `adopt`.
public struct Router: ~Copyable {
    public internal(set) var snapshot: RoutingSnapshot
    let gauges: EndpointGauges
    /// `gauges.slots`, to reach a slot without a reference count.
    let slots: UnsafeMutablePointer<GaugeSlot>
    var rng: SplitMix64

    var endpoints: Slab<EndpointState>
    var routes: Slab<RouteState>
    var tiers: Slab<TierState>
    var members: Slab<EndpointID>
    /// Of all endpoints, one after the other.
    var languages: Slab<LanguageCode>
    /// Seconds, `[from * regionCount + to]`.
    var roundTrips: Slab<Double>
    var regionCount: Int
    var models: ModelTable
    var prefixes = PrefixTable()
    /// Room for the candidates of one tier; holds nothing between calls.
    let scratch = Slab(repeating: Candidate(), count: Router.candidatesMax + Router.joinersMax)

    /// Most endpoints of a tier that one pick looks at. A larger tier is sampled: the best of 64 is in the best 2 % of
    /// any number, and a pick costs the same at 10,000 endpoints as at 64.
    static let candidatesMax = 64
    /// Endpoints that hold a part of the prompt and join the sample of a large tier: those of the prefix table and a
    /// few on the ring.
    static let joinersMax = 16

    /// - Parameter seed: of the router's own random numbers; equal seeds and equal calls give equal picks.
    public init(snapshot: RoutingSnapshot, gauges: EndpointGauges, seed: UInt64) {
        let layout = SnapshotLayout(snapshot)
        self.snapshot = snapshot
        self.gauges = gauges
        slots = gauges.slots
        rng = SplitMix64(seed: seed)
        endpoints = Slab(layout.endpoints)
        routes = Slab(layout.routes)
        tiers = Slab(layout.tiers)
        members = Slab(layout.members)
        languages = Slab(layout.languages)
        roundTrips = Slab(layout.roundTrips)
        regionCount = snapshot.regions.count
        models = ModelTable(snapshot.routes)
    }

    /// The route a public model name leads to.
    /// - Parameter name: the bytes of the request's `model` field, unescaped.
    public func route(forModel name: UnsafeRawBufferPointer) -> RouteID? { models.route(name) }

    /// The endpoint for the next attempt of a request.
    ///
    /// - Parameter tried: endpoints this request must not get again.
    /// - Returns: an endpoint of `snapshot`, and the tier it was found in. When every tier is full, the least loaded
    ///   endpoint whose own limits still allow a request; when all breakers of the route are open, now and then the
    ///   endpoint closest to its trial, since waiting for nobody helps nobody.
    public mutating func pick(_ features: RequestFeatures, excluding tried: TriedEndpoints, now: Instant) -> PickResult
    {
        guard Int(features.route.index) < routes.count else { return .none(.exhausted) }
        if tried.isEmpty { earnHedge(features.route) }
        return decide(PickQuestion(features: features, tried: tried, now: now))
    }

    /// How long `pick` would have no endpoint for a request that has tried nothing yet: zero when it would have one now,
    /// `nil` when it never will. Changes nothing, as a rehearsal.
    public func wait(for features: RequestFeatures, now: Instant) -> TimeSpan? {
        guard Int(features.route.index) < routes.count else { return nil }
        var rehearsal = rng
        let question = PickQuestion(features: features, tried: TriedEndpoints(), now: now)
        return switch decide(question, rng: &rehearsal, keepsGates: false) {
        case .endpoint: .zero
        case .none(let reason): reason.retryAfter
        }
    }

    /// An attempt was dispatched: it counts towards load and rates until `ended`.
    public mutating func began(_ endpoint: EndpointID, _ features: RequestFeatures, now: Instant) {
        guard let state = state(endpoint) else { return }
        let slot = slots + Int(state.pointee.gaugeSlot)
        slot.pointee.inFlight.add(1, ordering: .relaxed)
        state.pointee.inFlightHere += 1
        state.pointee.counters.attempts += 1
        state.pointee.breaker.began(now: now)
        reserve(features, state, slot, now: now)
    }

    /// Decides for real: random numbers advance and gates keep what they saw.
    mutating func decide(_ question: PickQuestion) -> PickResult {
        var random = rng
        defer { rng = random }
        return decide(question, rng: &random, keepsGates: true)
    }

    func state(_ endpoint: EndpointID) -> UnsafeMutablePointer<EndpointState>? {
        Int(endpoint.index) < endpoints.count ? endpoints[Int(endpoint.index)] : nil
    }
}

/// What a pick is asked for.
struct PickQuestion: BitwiseCopyable {
    var features: RequestFeatures
    var tried: TriedEndpoints
    /// A hedge must run at another provider than this one.
    var avoidedProvider: UInt16?
    var now: Instant
}
