// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import Identity
public import Policy
public import Reactor
internal import Pricing
public import ResourceTypes
public import Routing
internal import Translation
internal import WireFormats

/// A compiled configuration with what the control side prepared for it: resolved names and TLS settings. Published to
/// every loop.
public struct PublishedConfiguration: Sendable {
    public var snapshot: RoutingSnapshot
    /// The reasons behind `snapshot.admission`.
    public var policy: CompiledPolicy
    /// Addresses by `host:port`; a missing entry means that the name does not resolve.
    public var addresses: [String: [SocketAddress]]
    /// Client TLS settings by certificate authority file; the empty name stands for the system's roots.
    public var tls: [String: TLSContext]
    public var budgets: PublishedBudgets?
    /// Whose tokens are believed.
    public var issuers: [TokenIssuer]

    public init(
        snapshot: RoutingSnapshot, policy: CompiledPolicy, addresses: [String: [SocketAddress]],
        tls: [String: TLSContext], budgets: PublishedBudgets? = nil, issuers: [TokenIssuer] = []
    ) {
        self.snapshot = snapshot
        self.policy = policy
        self.addresses = addresses
        self.tls = tls
        self.budgets = budgets
        self.issuers = issuers
    }
}

/// One configuration as one loop runs it: snapshot, key table, connection pools, and the few fields that requests read
/// most, side by side.
///
/// A new configuration makes a new generation. Requests under way are translated to its ids (`Exchange.translate`),
/// what was learned moves over inside the router, idle connections move by address.
/// - Threading: confined to its loop.
final class Generation {
    /// What dispatching needs of an endpoint; plain integers, copied without reference counting.
    struct EndpointOptions {
        var prices: TokenPrices?
        var mediaPrices: MediaPrices?
        var timeouts: EndpointTimeouts
    }

    struct RouteOptions {
        var retry: RetryPolicy
        var hedge: HedgePolicy?
        var dropsUnsupported: Bool
        /// Operations whose native answers are marked with their origin, because an endpoint that passes requests of the
        /// same wire as they are would not take their signatures.
        var markedOperations: OperationSet
    }

    let snapshot: RoutingSnapshot
    let policy: CompiledPolicy
    let keys: KeyTable
    let tokens: TokenTable
    let workloads: WorkloadTable
    /// By `EndpointID`; records of one address share one.
    let upstreams: [Upstream]
    let endpointOptions: [EndpointOptions]
    /// The endpoint's name for the model, escaped for JSON.
    let upstreamModels: [[UInt8]]
    /// The same name as it is, for forms.
    let plainUpstreamModels: [[UInt8]]
    /// How each endpoint performs each operation.
    let dispatchPlans: [DispatchPlans]
    /// `ResponseOwners`' hash of each endpoint's name.
    let endpointHashes: [Int]
    let routeOptions: [RouteOptions]
    /// By `KeyID`.
    let keyRegions: [RegionID?]
    let keyOperations: [OperationSet]
    /// Stable counter positions in this loop, by `EndpointID`, `KeyID` and `RouteID`.
    let endpointSlots: [Int]
    let keySlots: [Int]
    let routeSlots: [Int]
    /// By stable position of the key; `nil` for keys that are gone.
    let keyIDs: [KeyID?]
    /// Likewise.
    let keyProfiles: [ProfileID?]
    /// Likewise; empty where no key is confined to some endpoints.
    let keyMasks: [EndpointMask?]
    /// Likewise; empty without budgets.
    let keyBudgets: [KeyBudgets]
    let keyTenants: [String]
    /// By `RouteID`; empty without budgets.
    let ceilings: [PriceCeiling]

    init(_ configuration: PublishedConfiguration, worker: Worker, inheriting previous: Generation?) {
        snapshot = configuration.snapshot
        policy = configuration.policy
        keys = KeyTable(snapshot.keys, seed: worker.keyTableSeed)
        let bearers = snapshot.keys.map {
            TokenBearer(tokens: $0.tokens, expiresAtUnixSeconds: $0.expiresAtUnixSeconds)
        }
        workloads = WorkloadTable(snapshot.keys)
        tokens = TokenTable(configuration.issuers, bearers: bearers, keys: worker.issuerKeys)
        upstreams = Self.makeUpstreams(configuration, worker: worker, inheriting: previous)
        endpointOptions = snapshot.endpoints.map {
            EndpointOptions(prices: $0.prices, mediaPrices: $0.mediaPrices, timeouts: $0.timeouts)
        }
        upstreamModels = snapshot.endpoints.map(\.upstreamModel)
        plainUpstreamModels = upstreamModels.map { escaped in
            let name = try? JSONValue(parsing: [34] + escaped + [34])
            return name?.stringValue.map { Array($0.utf8) } ?? escaped
        }
        dispatchPlans = snapshot.endpoints.map { DispatchPlans($0) }
        endpointHashes = snapshot.endpoints.map { ResponseOwners.hash($0.name) }
        routeOptions = snapshot.routes.map { route in
            RouteOptions(
                retry: route.retry, hedge: route.hedge, dropsUnsupported: route.onUnsupported == .drop,
                markedOperations: Self.markedOperations(route, configuration.snapshot))
        }
        keyRegions = snapshot.keys.map(\.region)
        keyOperations = snapshot.keys.map(\.scopes.operations)
        endpointSlots = snapshot.endpoints.map { worker.metrics.endpointSlot(named: $0.name) }
        keySlots = snapshot.keys.map { worker.metrics.keySlot(named: $0.name) }
        routeSlots = snapshot.routes.map { worker.metrics.routeSlot(named: $0.name) }
        keyIDs = Self.ids(at: keySlots)
        keyProfiles = Self.profiles(of: snapshot.keys, at: keySlots)
        keyMasks = Self.masks(of: snapshot.keys, at: keySlots)
        keyBudgets = Self.keyBudgets(configuration.budgets, at: keySlots)
        keyTenants = configuration.budgets == nil ? [] : Self.tenants(of: snapshot.keys, at: keySlots)
        ceilings = keyBudgets.isEmpty ? [] : Self.ceilings(snapshot)
        previous?.retire()
    }

    /// Before the first configuration: routes nothing, knows nobody.
    init() {
        snapshot = RoutingSnapshot(
            version: 0, currency: .usd, regions: [], endpoints: [], routes: [], keys: [],
            admission: CompiledPolicy.unrestricted.table, roundTripNanoseconds: [])
        policy = .unrestricted
        keys = KeyTable([], seed: 0)
        tokens = TokenTable([], bearers: [], keys: IssuerKeys())
        workloads = WorkloadTable([])
        upstreams = []
        endpointOptions = []
        upstreamModels = []
        plainUpstreamModels = []
        dispatchPlans = []
        endpointHashes = []
        routeOptions = []
        keyRegions = []
        keyOperations = []
        endpointSlots = []
        keySlots = []
        routeSlots = []
        keyIDs = []
        keyProfiles = []
        keyMasks = []
        keyBudgets = []
        keyTenants = []
        ceilings = []
    }

    /// `nil` for a key that is gone.
    func key(at slot: Int) -> KeyID? { slot < keyIDs.count ? keyIDs[slot] : nil }

    private static func ids(at slots: [Int]) -> [KeyID?] {
        var ids = [KeyID?](repeating: nil, count: (slots.max() ?? -1) + 1)
        for (index, slot) in slots.enumerated() { ids[slot] = KeyID(index) }
        return ids
    }

    private static func profiles(of keys: [KeyRecord], at slots: [Int]) -> [ProfileID?] {
        var profiles = [ProfileID?](repeating: nil, count: (slots.max() ?? -1) + 1)
        for (key, slot) in zip(keys, slots) { profiles[slot] = key.profile }
        return profiles
    }

    /// A key that is gone reaches nothing.
    private static func masks(of keys: [KeyRecord], at slots: [Int]) -> [EndpointMask?] {
        guard keys.contains(where: { $0.scopes.endpoints != nil }) else { return [] }
        var masks = [EndpointMask?](repeating: EndpointMask([]), count: (slots.max() ?? -1) + 1)
        for (key, slot) in zip(keys, slots) { masks[slot] = key.scopes.endpoints }
        return masks
    }

    private static func tenants(of keys: [KeyRecord], at slots: [Int]) -> [String] {
        var tenants = [String](repeating: "", count: (slots.max() ?? -1) + 1)
        for (key, slot) in zip(keys, slots) { tenants[slot] = key.tenant }
        return tenants
    }

    private static func markedOperations(_ route: RouteRecord, _ snapshot: RoutingSnapshot) -> OperationSet {
        let endpoints = route.tiers.flatMap(\.endpoints).map { snapshot.endpoints[Int($0.index)] }
        var marked = OperationSet()
        for operation in Operation.allCases {
            guard let wire = operation.chatWire else { continue }
            let plans = endpoints.compactMap { $0.plans[operation] }
            let natives = plans.filter(\.isNative).compactMap(\.origin)
            if SignatureOrigin.areMistakable(natives, among: plans.compactMap(\.origin), on: wire) {
                marked.insert(operation.set)
            }
        }
        return marked
    }

    private static func makeUpstreams(
        _ configuration: PublishedConfiguration, worker: Worker, inheriting previous: Generation?
    ) -> [Upstream] {
        var byGauge: [Int: Upstream] = [:]
        return configuration.snapshot.endpoints.map { record in
            if let shared = byGauge[record.gaugeSlot] { return shared }
            let old = previous?.upstreams.first { $0.name == record.name && $0.authority == record.address.authority }
            let upstream = Upstream(
                record, addresses: configuration.addresses[record.address.authority] ?? [],
                tls: record.address.isTLS ? configuration.tls[record.address.certificateAuthorityFile ?? ""] : nil,
                worker: worker, inheriting: old)
            byGauge[record.gaugeSlot] = upstream
            return upstream
        }
    }

    /// No new request uses these pools: what their connections finish is closed instead of kept.
    private func retire() {
        for upstream in upstreams { upstream.retire() }
    }

    /// Where bytes go: for those who have leave to send some there.
    func upstream(_ handle: EndpointHandle) -> Upstream { upstreams[Int(handle.id.index)] }

    /// The endpoint whose name has this hash.
    func endpoint(hash: Int) -> EndpointID? { endpointHashes.firstIndex(of: hash).map { EndpointID($0) } }

    func region(named name: UnsafeRawBufferPointer) -> RegionID? {
        for (index, region) in snapshot.regions.enumerated() where region.name.utf8.elementsEqual(name) {
            return RegionID(index)
        }
        return nil
    }
}

extension UpstreamAddress {
    /// Host and port as a URL has them, IPv6 in brackets (RFC 3986 §3.2.2). Also the key of the resolved addresses.
    public var authority: String { "\(bracketedHost):\(port)" }

    /// Value of the `Host` field: the port only where it is not the scheme's own.
    public var hostField: String { port == (isTLS ? 443 : 80) ? bracketedHost : authority }

    var bracketedHost: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }
}
