// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes

@testable import Routing

/// Snapshots in a line, and a router to drive by hand on a clock that only the test moves.
final class World {
    var router: Router
    let gauges: EndpointGauges
    var now = Instant(nanoseconds: 1_000_000_000_000)

    init(_ snapshot: RoutingSnapshot, seed: UInt64 = 1, gauges: EndpointGauges = EndpointGauges()) {
        self.gauges = gauges
        router = Router(snapshot: snapshot, gauges: gauges, seed: seed)
    }

    func pick(_ features: RequestFeatures = RequestFeatures(route: RouteID(0)), excluding tried: [Int] = [])
        -> PickResult
    {
        var set = TriedEndpoints()
        for index in tried { set.insert(EndpointID(index)) }
        return router.pick(features, excluding: set, now: now)
    }

    /// Index of the picked endpoint; `nil` for none.
    func picked(_ features: RequestFeatures = RequestFeatures(route: RouteID(0)), excluding tried: [Int] = []) -> Int? {
        guard case .endpoint(let endpoint, _) = pick(features, excluding: tried) else { return nil }
        return Int(endpoint.index)
    }

    func began(_ index: Int, _ features: RequestFeatures = RequestFeatures(route: RouteID(0))) {
        router.began(EndpointID(index), features, now: now)
    }

    /// One whole successful attempt, the clock not moved.
    func succeed(
        _ index: Int, ttft: TimeSpan = .milliseconds(300),
        _ features: RequestFeatures = RequestFeatures(route: RouteID(0))
    ) {
        began(index, features)
        let outcome = AttemptOutcome(features: features, timeToFirstToken: ttft, duration: ttft)
        _ = router.ended(EndpointID(index), outcome, now: now)
    }

    @discardableResult
    func fail(_ index: Int, _ kind: FailureKind, retryAfter: TimeSpan? = nil, duration: TimeSpan = .milliseconds(1))
        -> EndpointNews?
    {
        let features = RequestFeatures(route: RouteID(0))
        began(index, features)
        let failure = AttemptFailure(kind: kind, retryAfter: retryAfter)
        return router.ended(
            EndpointID(index), AttemptOutcome(features: features, failure: failure, duration: duration), now: now)
    }

    func view(_ index: Int) -> EndpointView { router.view(EndpointID(index), now: now) }
    func explain(_ features: RequestFeatures = RequestFeatures(route: RouteID(0))) -> Explanation {
        router.explain(features, now: now)
    }
    func lacksOnlyLanguage(_ features: RequestFeatures) -> Bool { router.lacksOnlyLanguage(features) }
    func operations(_ route: Int) -> OperationSet { router.operations(of: RouteID(route)) }
    func route(_ model: String) -> RouteID? { Array(model.utf8).withUnsafeBytes { router.route(forModel: $0) } }

    /// Picks `count` times without load and returns how often each endpoint came.
    func shares(_ count: Int, of endpoints: Int, _ features: RequestFeatures = RequestFeatures(route: RouteID(0)))
        -> [Int]
    {
        var picks = [Int](repeating: 0, count: endpoints)
        for _ in 0..<count { if let index = picked(features) { picks[index] += 1 } }
        return picks
    }
}

extension EndpointRecord {
    static func test(
        _ name: String, provider: String = "azure", region: Int = 0, slot: Int, prices: TokenPrices? = nil,
        limits: EndpointLimits = EndpointLimits(), health: HealthCheck? = nil
    ) -> EndpointRecord {
        let address = UpstreamAddress(
            isTLS: false, host: "127.0.0.1", port: 80, basePath: "", credentials: [],
            certificateAuthorityFile: nil)
        return EndpointRecord(
            name: name, provider: provider, flavor: .generic, region: RegionID(region), gaugeSlot: slot,
            address: address,
            upstreamModel: Array("m".utf8), prices: prices, limits: limits, timeouts: EndpointTimeouts(), health: health
        )
    }
}

extension RoutingSnapshot {
    /// One route `chat` with one tier per element of `tiers`, all of one objective.
    static func test(
        version: UInt64 = 1, _ endpoints: [EndpointRecord], tiers: [[Int]]? = nil, objective: Objective = Objective(),
        overflow: OverflowPolicy = OverflowPolicy(), hedge: HedgePolicy? = nil, modelNames: [String] = ["chat"],
        roundTripMilliseconds: [Int64] = [1]
    ) -> RoutingSnapshot {
        let tiers = tiers ?? [Array(endpoints.indices)]
        let records = tiers.enumerated().map { number, members in
            TierRecord(name: "tier-\(number)", endpoints: members.map { EndpointID($0) }, objective: objective)
        }
        let route = RouteRecord(
            name: "chat", modelNames: modelNames, contextTokensMax: nil, tiers: records, retry: RetryPolicy(),
            overflow: overflow, hedge: hedge)
        let regionCount = Int(Double(roundTripMilliseconds.count).squareRoot())
        let regions = (0..<regionCount).map {
            RegionRecord(name: "region-\($0)", provider: "azure", jurisdiction: "US")
        }
        return RoutingSnapshot(
            version: version, currency: .usd, regions: regions, endpoints: endpoints, routes: [route], keys: [],
            roundTripNanoseconds: roundTripMilliseconds.map { $0 * 1_000_000 })
    }

    /// `count` endpoints without limits, each its own provider and slot.
    static func plain(_ count: Int, objective: Objective = Objective(), limits: EndpointLimits = EndpointLimits())
        -> RoutingSnapshot
    {
        test((0..<count).map { .test("e\($0)", provider: "p\($0)", slot: $0, limits: limits) }, objective: objective)
    }
}

extension TokenPrices {
    /// Input and output price in whole currency units per million tokens.
    static func perMillion(_ input: Int64, _ output: Int64) -> TokenPrices {
        TokenPrices(
            input: UnitPrice(picoPerUnit: input * 1_000_000), output: UnitPrice(picoPerUnit: output * 1_000_000))
    }
}

extension RequestFeatures {
    /// A request whose message prefixes have these hashes.
    static func conversation(_ hashes: [UInt64], promptTokens: Int32 = 1_000) -> RequestFeatures {
        var features = RequestFeatures(route: RouteID(0), promptTokens: promptTokens)
        for (k, hash) in hashes.prefix(RequestFeatures.prefixesMax).enumerated() { features.prefixHashes[k] = hash }
        features.prefixCount = min(hashes.count, RequestFeatures.prefixesMax)
        return features
    }
}
