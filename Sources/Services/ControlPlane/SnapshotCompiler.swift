// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ConfigurationFiles
internal import ResourceTypes
public import Routing

/// From names to indices: declared resources and their secrets become one `RoutingSnapshot`.
///
/// Pure: what it needs arrives as arguments, what it changes (gauge slots) is returned. It trusts nothing that only the configuration
/// reader has checked: a name that is not declared, an address that does not parse, a limit that is passed is a problem, never a trap.
public struct SnapshotCompiler {
    public static let routesMax = 1_000
    public static let keysMax = 65_000
    /// The round trips are a square of this side.
    public static let regionsMax = 1_000
    /// Where both regions are silent about each other.
    static let roundTripUnknown = TimeSpan.milliseconds(50)
    static let roundTripInside = TimeSpan.milliseconds(1)

    /// What a successful compilation gives.
    public struct Output: Sendable {
        public var snapshot: RoutingSnapshot
        /// To be passed to the next compilation of this process.
        public var slots: GaugeSlots
        public var warnings: [ConfigurationProblem]
    }

    private let configuration: Configuration
    private let secrets: ResolvedSecrets
    private var resources: DeclaredResources { configuration.resources }
    private var problems: [ConfigurationProblem] = []
    private var warnings: [ConfigurationProblem] = []

    /// - Parameters:
    ///   - slots: from the previous compilation of this process; empty for the first.
    ///   - version: greater than the previous snapshot's.
    public static func compile(
        _ configuration: Configuration, secrets: ResolvedSecrets, slots: GaugeSlots, version: UInt64
    ) throws(ConfigurationProblems) -> Output {
        var compiler = SnapshotCompiler(configuration: configuration, secrets: secrets)
        var slots = slots
        compiler.checkLimits()
        if !slots.assign(configuration.resources.endpoints.map(\.name)) {
            compiler.refuse("\(configuration.resources.endpoints.count) endpoints; allowed: \(GaugeSlots.slotsMax)")
        }
        guard compiler.problems.isEmpty else { throw ConfigurationProblems(compiler.problems) }

        let regions = compiler.compileRegions()
        let endpoints = compiler.compileEndpoints(regions: regions, slots: slots)
        let routes = compiler.compileRoutes(endpoints: endpoints)
        let keys = compiler.compileKeys(regions: regions, routes: routes)
        guard compiler.problems.isEmpty else { throw ConfigurationProblems(compiler.problems) }

        let snapshot = RoutingSnapshot(
            version: version, currency: configuration.resources.currency, regions: regions.records, endpoints: endpoints.records,
            routes: routes.records, keys: keys, roundTripNanoseconds: compiler.roundTrips(regions))
        return Output(snapshot: snapshot, slots: slots, warnings: configuration.warnings + compiler.warnings)
    }

    private init(configuration: Configuration, secrets: ResolvedSecrets) {
        self.configuration = configuration
        self.secrets = secrets
    }

    // MARK: Problems

    private mutating func refuse(_ message: String) {
        problems.append(ConfigurationProblem(file: "", message: message))
    }

    private mutating func refuse(_ resource: ResourceName, _ path: String, _ message: String, hint: String? = nil) {
        problems.append(configuration.sources.problem(at: resource, path, message, hint: hint))
    }

    private mutating func checkLimits() {
        let endpointRecords = resources.endpoints.reduce(0) { $0 + $1.serves.count }
        for (count, max, what) in [
            (resources.regions.count, Self.regionsMax, "regions"), (resources.routes.count, Self.routesMax, "routes"),
            (resources.keys.count, Self.keysMax, "keys"),
            (endpointRecords, RoutingSnapshot.endpointsMax, "pairs of endpoint and served model"),
        ] where count > max {
            refuse("\(count) \(what); allowed: \(max)")
        }
    }

    // MARK: Regions

    private typealias Regions = Indexed<String, RegionID, RegionRecord>

    private func compileRegions() -> Regions {
        var regions = Regions { RegionID($0) }
        for region in resources.regions {
            regions.append(
                RegionRecord(name: region.name, provider: region.provider, jurisdiction: region.jurisdiction), for: region.name)
        }
        return regions
    }

    /// Row-major, symmetric: what one side states holds both ways.
    private func roundTrips(_ regions: Regions) -> [Int64] {
        let side = regions.records.count
        var matrix = [Int64](repeating: Self.roundTripUnknown.nanoseconds, count: side * side)
        for (from, region) in resources.regions.enumerated() {
            matrix[from * side + from] = Self.roundTripInside.nanoseconds
            for (name, span) in region.roundTrips {
                guard let to = regions.ids[name].map({ Int($0.index) }), to != from else { continue }
                matrix[from * side + to] = span.nanoseconds
                matrix[to * side + from] = span.nanoseconds
            }
        }
        return matrix
    }

    // MARK: Endpoints

    private typealias Endpoints = Indexed<ServedName, EndpointID, EndpointRecord>

    private struct ServedName: Hashable {
        var endpoint: String
        var model: String
    }

    private mutating func compileEndpoints(regions: Regions, slots: GaugeSlots) -> Endpoints {
        let flavors = Dictionary(resources.providers.map { ($0.name, $0.flavor) }) { first, _ in first }
        var endpoints = Endpoints { EndpointID($0) }
        for endpoint in resources.endpoints {
            guard let region = regionID(endpoint.region, regions, of: ResourceName(.endpoint, endpoint.name)),
                let address = compileAddress(of: endpoint), let slot = slots[endpoint.name]
            else { continue }
            let provider = regions.records[Int(region.index)].provider
            guard let flavor = flavors[provider] else {
                refuse(ResourceName(.endpoint, endpoint.name), "spec.region", "its region's provider \"\(provider)\" is not declared")
                continue
            }
            for (index, served) in endpoint.serves.enumerated() {
                let record = EndpointRecord(
                    name: index == 0 ? endpoint.name : "\(endpoint.name)/\(served.model)", provider: provider, flavor: flavor,
                    region: region, gaugeSlot: slot, address: address,
                    upstreamModel: JSONText.escaped(served.upstreamName ?? served.model), prices: served.prices,
                    limits: endpoint.limits, timeouts: endpoint.timeouts, health: endpoint.health)
                endpoints.append(record, for: ServedName(endpoint: endpoint.name, model: served.model))
            }
        }
        return endpoints
    }

    private mutating func regionID(_ name: String, _ regions: Regions, of resource: ResourceName) -> RegionID? {
        if let id = regions.ids[name] { return id }
        refuse(resource, "spec.region", "no Region is named \"\(name)\"")
        return nil
    }

    private mutating func compileAddress(of endpoint: Endpoint) -> UpstreamAddress? {
        let resource = ResourceName(.endpoint, endpoint.name)
        let url: EndpointURL
        do throws(EndpointURL.Defect) {
            url = try EndpointURL(endpoint.url)
        } catch {
            refuse(resource, "spec.url", "not an endpoint's address", hint: error.description)
            return nil
        }
        var header: Secret?
        if let credential = endpoint.credential {
            guard let secret = secrets[credential.secret] else {
                refuse(resource, "spec.credential.secret", "the secret was not read")
                return nil
            }
            header = credential.scheme.headerLine(with: secret)
        }
        return UpstreamAddress(
            isTLS: url.isTLS, host: url.host, port: url.port, basePath: url.basePath, credentialHeader: header,
            certificateAuthorityFile: endpoint.certificateAuthorityFile)
    }

    // MARK: Routes

    private typealias Routes = Indexed<String, RouteID, RouteRecord>

    private mutating func compileRoutes(endpoints: Endpoints) -> Routes {
        let models = Dictionary(resources.models.map { ($0.name, $0) }) { first, _ in first }
        var routes = Routes { RouteID($0) }
        for route in resources.routes {
            guard let model = models[route.model] else {
                refuse(ResourceName(.route, route.name), "spec.model", "no Model is named \"\(route.model)\"")
                continue
            }
            let tiers = route.tiers.indices.map { compileTier($0, of: route, endpoints) }
            routes.append(
                RouteRecord(
                    name: route.name, modelNames: route.modelNames, contextTokensMax: model.contextTokensMax, tiers: tiers,
                    retry: route.retry, overflow: route.overflow, hedge: route.hedge), for: route.name)
        }
        return routes
    }

    private mutating func compileTier(_ tierIndex: Int, of route: Route, _ endpoints: Endpoints) -> TierRecord {
        let tier = route.tiers[tierIndex]
        var ids: [EndpointID] = []
        for (index, name) in tier.endpoints.enumerated() {
            if let id = endpoints.ids[ServedName(endpoint: name, model: route.model)] {
                ids.append(id)
            } else {
                let path = "spec.tiers[\(tierIndex)].endpoints[\(index)]"
                refuse(ResourceName(.route, route.name), path, "no usable Endpoint \"\(name)\" serves \"\(route.model)\"")
            }
        }
        return TierRecord(name: tier.name, endpoints: ids, objective: tier.objective)
    }

    // MARK: Keys

    private mutating func compileKeys(regions: Regions, routes: Routes) -> [KeyRecord] {
        let tenants = Dictionary(resources.tenants.map { ($0.name, $0) }) { first, _ in first }
        var holders: [[UInt8]: String] = [:]
        return resources.keys.compactMap { key in
            let resource = ResourceName(.key, key.name)
            guard let secret = secrets[key.secret], isUnique(secret, of: resource, in: &holders) else { return nil }
            guard let tenant = tenants[key.tenant] else {
                refuse(resource, "spec.tenant", "no Tenant is named \"\(key.tenant)\"")
                return nil
            }
            let region = tenant.region.flatMap { regionID($0, regions, of: ResourceName(.tenant, tenant.name)) }
            return KeyRecord(
                name: key.name, tenant: key.tenant, secret: secret, region: region,
                routes: key.routes.map { routeIDs($0, routes, of: resource) }, expiresAtUnixSeconds: key.expiresAtUnixSeconds)
        }
    }

    /// A presented key must say who presents it.
    private mutating func isUnique(_ secret: Secret, of key: ResourceName, in holders: inout [[UInt8]: String]) -> Bool {
        if secret.count < SecretResolver.guessableBytes {
            warnings.append(
                configuration.sources.problem(
                    .warning, at: key, "spec.secret", "the key has only \(secret.count) bytes",
                    hint: "use at least 128 random bits, e.g. openssl rand -hex 32"))
        }
        guard let holder = holders.updateValue(key.name, forKey: secret.withBytes { Array($0) }) else { return true }
        refuse(key, "spec.secret", "the same secret as Key \(holder)", hint: "give each key its own")
        return false
    }

    private mutating func routeIDs(_ names: [String], _ routes: Routes, of key: ResourceName) -> [RouteID] {
        var ids: [RouteID] = []
        for (index, name) in names.enumerated() {
            if let id = routes.ids[name] { ids.append(id) } else { refuse(key, "spec.routes[\(index)]", "no usable Route is named \"\(name)\"") }
        }
        return ids
    }
}

/// Records in snapshot order, and the index of each by what names it.
private struct Indexed<Name: Hashable, ID, Record> {
    private(set) var records: [Record] = []
    private(set) var ids: [Name: ID] = [:]
    private let makeID: (Int) -> ID

    init(_ makeID: @escaping (Int) -> ID) { self.makeID = makeID }

    mutating func append(_ record: Record, for name: Name) {
        ids[name] = makeID(records.count)
        records.append(record)
    }
}
