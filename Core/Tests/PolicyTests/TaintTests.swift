// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Routing
import Testing

@testable import Policy

// Goal: no byte of a request ever reaches an endpoint that its profile may not use at that moment, by any path. Method:
// the real router, attempt machine and tables on virtual time, under random failures, hedges, full endpoints, expiring
// rules and reloads; every dispatch carries its profile and is judged by the naive interpreter.

/// One request under way.
private struct Request {
    var profile: Int
    var features: RequestFeatures
    var machine: AttemptMachine
    var endpoints: [EndpointID?] = [nil, nil]
    var waitUntil: Instant?
}

private struct Tally {
    var requests = 0
    var dispatches = 0
    var retries = 0
    var hedges = 0
    var overflows = 0
    var stopped = 0
    var refused = 0
    var reloads = 0
    var violations: [String] = []

    static func + (a: Tally, b: Tally) -> Tally {
        Tally(
            requests: a.requests + b.requests, dispatches: a.dispatches + b.dispatches, retries: a.retries + b.retries,
            hedges: a.hedges + b.hedges, overflows: a.overflows + b.overflows, stopped: a.stopped + b.stopped,
            refused: a.refused + b.refused, reloads: a.reloads + b.reloads, violations: a.violations + b.violations)
    }
}

private struct TaintWorld: ~Copyable {
    static let requestsUnderWay = 48
    var universe: Universe
    var random: SplitMix
    var machineRandom: SplitMix64
    var documents: PolicyDocuments
    let profiles: [ResidencyProfile]
    var endpoints: [EndpointFacts]
    var policy: CompiledPolicy
    var router: Router
    var now = Instant(nanoseconds: 0)
    var epoch = AdmissionEpoch.none
    var requests: [Request?]
    var tally = Tally()

    init(seed: UInt64) throws {
        universe = Universe(seed: seed)
        random = SplitMix(seed: ~seed)
        machineRandom = SplitMix64(seed: seed)
        documents = universe.documents()
        var profiles: [ResidencyProfile] = []
        for _ in 0..<8 { profiles.append(universe.profile()) }
        self.profiles = profiles
        endpoints = []
        for index in 0..<12 { endpoints.append(universe.endpoint("e\(index)")) }
        policy = try Self.compile(documents, profiles, endpoints)
        router = Router(snapshot: Self.snapshot(1, endpoints, policy), gauges: EndpointGauges(), seed: seed)
        requests = [Request?](repeating: nil, count: Self.requestsUnderWay)
    }

    private static func compile(
        _ documents: PolicyDocuments, _ profiles: [ResidencyProfile], _ endpoints: [EndpointFacts]
    ) throws -> CompiledPolicy {
        try PolicyCompiler.compile(documents, profiles: profiles, endpoints: endpoints, from: Universe.day(0))
    }

    /// Three tiers of four endpoints each, three requests at a time at each.
    private static func snapshot(_ version: UInt64, _ endpoints: [EndpointFacts], _ policy: CompiledPolicy)
        -> RoutingSnapshot
    {
        let address = UpstreamAddress(
            isTLS: false, host: "h", port: 1, basePath: "", credentials: [], certificateAuthorityFile: nil)
        let records = endpoints.enumerated().map { index, facts in
            EndpointRecord(
                name: facts.name, provider: "p\(facts.name.utf8.last ?? 0)", flavor: .generic, region: RegionID(0),
                gaugeSlot: Int(facts.name.dropFirst()) ?? index, address: address, upstreamModel: [], prices: nil,
                limits: EndpointLimits(inFlightMax: 3), timeouts: EndpointTimeouts(), health: nil)
        }
        let tiers = stride(from: 0, to: records.count, by: 4).map { start in
            TierRecord(
                name: "t\(start)", endpoints: (start..<min(start + 4, records.count)).map { EndpointID($0) },
                objective: Objective(latency: 1, affinity: 1))
        }
        let route = RouteRecord(
            name: "r", modelNames: ["m"], contextTokensMax: nil, tiers: tiers,
            retry: RetryPolicy(attemptsMax: 6, totalTimeout: .seconds(100_000)),
            overflow: OverflowPolicy(), hedge: HedgePolicy(extraRequestsPercentMax: 60))
        return RoutingSnapshot(
            version: version, currency: .usd, regions: [RegionRecord(name: "r", provider: "p", jurisdiction: "DE")],
            endpoints: records, routes: [route], keys: [], admission: policy.table, roundTripNanoseconds: [0])
    }

    /// Virtual time on the calendar.
    private var wall: WallTime { Universe.day(0) + .nanoseconds(now.nanoseconds) }

    /// What the gateway does before every choice and every dispatch.
    private mutating func admissible(_ profile: Int) -> AdmissibleEndpoints {
        if !epoch.contains(wall) { epoch = policy.table.epoch(at: wall) }
        return policy.table.admissible(ProfileID(profile), in: epoch)
    }

    mutating func run(steps: Int) throws {
        for step in 0..<steps {
            now = now + .milliseconds(Int64(random.below(60_000)))
            if step % 1_500 == 1_499 { try reload() }
            let slot = random.below(requests.count)
            if requests[slot] == nil { begin(slot) } else { happen(slot) }
        }
    }

    private mutating func begin(_ slot: Int) {
        tally.requests += 1
        var features = RequestFeatures(route: RouteID(0), promptTokens: 10)
        features.prefixHashes[0] = UInt64(random.below(5))
        features.prefixCount = 1
        requests[slot] = Request(
            profile: random.below(profiles.count), features: features,
            machine: AttemptMachine(
                retry: RetryPolicy(attemptsMax: 6, totalTimeout: .seconds(100_000)), hedge: HedgePolicy(),
                startedAt: now))
        send(.begin, slot)
    }

    /// Something that may happen to a request under way.
    private mutating func happen(_ slot: Int) {
        guard let request = requests[slot] else { return }
        if let waitUntil = request.waitUntil, request.endpoints[0] == nil, request.endpoints[1] == nil {
            now = max(now, waitUntil)
            return send(.waited, slot)
        }
        let attempt = random.below(2)
        switch random.below(10) {
        case 0..<4:
            guard request.endpoints[attempt] != nil else { return send(.hedgeDue, slot) }
            let kind = random.pick([
                FailureKind.resetBeforeFirstByte, .serverError, .rateLimited, .firstByteTimeout, .credential,
            ])
            let isRace = random.isTrue(30)
            var failure = AttemptFailure(kind: isRace ? .resetBeforeFirstByte : kind, onReusedConnection: isRace)
            failure.hasOtherCredential = kind == .credential
            end(slot, attempt, failure)
            send(.failed(slot: attempt, failure), slot)
        case 4..<6: send(.hedgeDue, slot)
        default:
            if request.machine.committedSlot != nil {
                end(slot, attempt, nil)
                return send(.finished(slot: attempt), slot)
            }
            send(.committed(slot: attempt), slot)
        }
    }

    private mutating func end(_ slot: Int, _ attempt: Int, _ failure: AttemptFailure?) {
        guard let request = requests[slot], let endpoint = request.endpoints[attempt] else { return }
        let outcome = AttemptOutcome(features: request.features, failure: failure, duration: .seconds(1))
        _ = router.ended(endpoint, outcome, now: now)
        requests[slot]?.endpoints[attempt] = nil
    }

    private mutating func send(_ event: AttemptEvent, _ slot: Int) {
        guard requests[slot] != nil, let action = requests[slot]?.machine.handle(event, now: now, rng: &machineRandom)
        else { return }
        perform(action, slot)
    }

    private mutating func perform(_ action: AttemptAction, _ slot: Int) {
        guard let request = requests[slot] else { return }
        switch action {
        case .none: break
        case .pick:
            if request.machine.attempts > 0 { tally.retries += 1 }
            let result = router.pick(
                request.features, within: admissible(request.profile), excluding: request.machine.tried, now: now)
            picked(result, slot)
        case .pickHedge:
            guard let first = request.endpoints[0] else { return send(.nothingToPick(.exhausted), slot) }
            let result = router.pickHedge(
                request.features, within: admissible(request.profile), avoidingProviderOf: first,
                excluding: request.machine.tried, now: now)
            if case .endpoint = result { tally.hedges += 1 }
            picked(result, slot)
        case .dispatch(let attempt, let endpoint, _): dispatch(slot, attempt, endpoint)
        case .wait(let until): requests[slot]?.waitUntil = until
        case .release(_, let cancelled):
            if let cancelled { end(slot, cancelled, nil) }
        case .cancel(let attempt): end(slot, attempt, nil)
        case .answerFailure(let failure):
            if failure == .noEndpoint(.inadmissible) { checkRefusal(request) }
            finish(slot)
        case .endStream, .cancelAll, .complete: finish(slot)
        }
    }

    private mutating func picked(_ result: PickResult, _ slot: Int) {
        switch result {
        case .endpoint(let endpoint, let tier):
            if tier > 0 { tally.overflows += 1 }
            send(.picked(endpoint), slot)
        case .none(let reason): send(.nothingToPick(reason), slot)
        }
    }

    /// The only way to an endpoint: with a handle, or not at all.
    private mutating func dispatch(_ slot: Int, _ attempt: Int, _ endpoint: EndpointID) {
        guard let request = requests[slot] else { return }
        router.began(endpoint, request.features, now: now)
        requests[slot]?.endpoints[attempt] = endpoint
        guard let handle = admissible(request.profile).handle(endpoint) else {
            tally.stopped += 1
            let failure = AttemptFailure(kind: .inadmissible)
            end(slot, attempt, failure)
            return send(.failed(slot: attempt, failure), slot)
        }
        tally.dispatches += 1
        let reached = endpoints[Int(handle.id.index)]
        if let refusal = NaivePolicy(documents, at: wall).refusal(profiles[request.profile], reached) {
            tally.violations.append("\(reached.name) got bytes of profile \(request.profile): \(refusal)")
        }
    }

    private mutating func checkRefusal(_ request: Request) {
        tally.refused += 1
        let naive = NaivePolicy(documents, at: wall)
        if endpoints.contains(where: { naive.refusal(profiles[request.profile], $0) == nil }) {
            tally.violations.append("refused though something is admissible")
        }
    }

    private mutating func finish(_ slot: Int) {
        end(slot, 0, nil)
        end(slot, 1, nil)
        requests[slot] = nil
    }

    /// Other rules, other order of endpoints, one of them gone.
    private mutating func reload() throws {
        tally.reloads += 1
        documents = universe.documents()
        endpoints.shuffle(using: &random)
        let name = endpoints.removeLast().name
        endpoints.append(universe.endpoint(name == "e12" ? "e13" : random.isTrue() ? name : "e12"))
        policy = try Self.compile(documents, profiles, endpoints)
        epoch = .none
        let translation = router.adopt(
            Self.snapshot(router.snapshot.version + 1, endpoints, policy))
        for slot in requests.indices {
            guard let request = requests[slot] else { continue }
            requests[slot]?.features = translation.features(request.features) ?? request.features
            requests[slot]?.machine.translate(translation)
            for attempt in 0...1 {
                guard let endpoint = request.endpoints[attempt] else { continue }
                requests[slot]?.endpoints[attempt] = translation.endpoint(endpoint)
                if requests[slot]?.endpoints[attempt] == nil {
                    send(.failed(slot: attempt, AttemptFailure(kind: .resetBeforeFirstByte)), slot)
                }
            }
        }
    }
}

@Suite struct `No byte of a million requests` {
    @Test func `reaches an endpoint that its profile may not use, by retry, hedge, overflow, repeat or reload`()
        async throws
    {
        let blocks = 8
        let total = try await withThrowingTaskGroup(of: Tally.self) { group in
            for block in 0..<blocks {
                group.addTask {
                    var tally = Tally()
                    for seed in UInt64(block * 20)..<UInt64(block * 20 + Thoroughness.count(20)) {
                        var world = try TaintWorld(seed: seed)
                        try world.run(steps: 30_000)
                        tally = tally + world.tally
                    }
                    return tally
                }
            }
            return try await group.reduce(Tally(), +)
        }
        #expect(total.violations.count == 0, "\(total.violations.prefix(3))")
        #expect(total.requests >= Thoroughness.count(1_000_000), "\(total)")
        #expect(total.retries > Thoroughness.count(50_000) && total.hedges > Thoroughness.count(20_000), "\(total)")
        #expect(total.overflows > Thoroughness.count(50_000) && total.refused > Thoroughness.count(50_000), "\(total)")
        #expect(total.stopped > Thoroughness.count(100) && total.reloads > Thoroughness.count(1_000), "\(total)")
    }
}
