// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
public import Budgets
public import ConfigurationFiles
public import Policy
public import ResourceTypes
public import Routing

/// From names to indices: declared resources and their secrets become one `RoutingSnapshot`.
///
/// Pure: what it needs arrives as arguments, what it changes (gauge slots) is returned. It trusts nothing that only the
/// configuration reader has checked: a name that is not declared, an address that does not parse, a limit that is
/// passed is a problem, never a trap.
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
        /// The reasons behind `snapshot.admission`.
        public var policy: CompiledPolicy
        public var budgets: BudgetPlan
        public var roleBindings: [RoleBindingRecord]
        /// To be passed to the next compilation of this process.
        public var slots: GaugeSlots
        /// Likewise.
        public var credentialIDs: CredentialIDs
        public var warnings: [ConfigurationProblem]
    }

    typealias Regions = Indexed<String, RegionID, RegionRecord>
    typealias Endpoints = Indexed<ServedName, EndpointID, EndpointRecord>
    typealias Routes = Indexed<String, RouteID, RouteRecord>

    struct ServedName: Hashable {
        var endpoint: String
        var model: String
    }

    let configuration: Configuration
    let secrets: ResolvedSecrets
    var resources: DeclaredResources { configuration.resources }
    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []
    var credentialIDs: CredentialIDs
    var credentialSources: [CredentialID: CredentialSource] = [:]

    /// - Parameters:
    ///   - slots, credentialIDs: from the previous compilation of this process; empty for the first.
    ///   - version: greater than the previous snapshot's.
    ///   - now: from when on the snapshot has to know who may send what where.
    public static func compile(
        _ configuration: Configuration, secrets: ResolvedSecrets, slots: GaugeSlots, credentialIDs: CredentialIDs,
        version: UInt64, at now: WallTime
    ) throws(ConfigurationProblems) -> Output {
        var compiler = SnapshotCompiler(configuration: configuration, secrets: secrets, credentialIDs: credentialIDs)
        var slots = slots
        compiler.checkLimits()
        if !slots.assign(configuration.resources.endpoints.map(\.name)) {
            compiler.refuse("\(configuration.resources.endpoints.count) endpoints; allowed: \(GaugeSlots.slotsMax)")
        }
        guard compiler.problems.isEmpty else { throw ConfigurationProblems(compiler.problems) }

        let regions = compiler.compileRegions()
        let endpoints = compiler.compileEndpoints(regions: regions, slots: slots)
        let routes = compiler.compileRoutes(endpoints: endpoints)
        let residency = try ResidencyCompiler.compile(configuration, at: now)
        let keys = compiler.compileKeys(
            regions: regions, endpoints: endpoints, routes: routes, profiles: residency.profileByKey)
        let budgets = compiler.compileBudgets()
        let roleBindings = compiler.compileRoleBindings()
        compiler.checkTokenIssuers()
        guard compiler.problems.isEmpty else { throw ConfigurationProblems(compiler.problems) }

        let snapshot = RoutingSnapshot(
            version: version, currency: configuration.resources.currency, regions: regions.records,
            endpoints: endpoints.records, routes: routes.records, keys: keys,
            credentialSources: compiler.credentialSources, admission: residency.policy.table,
            roundTripNanoseconds: compiler.roundTrips(regions))
        return Output(
            snapshot: snapshot, policy: residency.policy, budgets: budgets, roleBindings: roleBindings, slots: slots,
            credentialIDs: compiler.credentialIDs,
            warnings: configuration.warnings + compiler.warnings)
    }

    private init(configuration: Configuration, secrets: ResolvedSecrets, credentialIDs: CredentialIDs) {
        self.configuration = configuration
        self.secrets = secrets
        self.credentialIDs = credentialIDs
        self.credentialIDs.assign(identities)
    }

    /// Of all endpoints, in their order.
    private var identities: [CloudIdentity] { resources.endpoints.flatMap { $0.credentials.compactMap(\.identity) } }

    // MARK: Problems

    private mutating func refuse(_ message: String) {
        problems.append(ConfigurationProblem(file: "", message: message))
    }

    mutating func refuse(_ resource: ResourceName, _ path: String, _ message: String, hint: String? = nil) {
        problems.append(configuration.sources.problem(at: resource, path, message, hint: hint))
    }

    private mutating func checkLimits() {
        let endpointRecords = resources.endpoints.reduce(0) { $0 + $1.serves.count }
        for (count, max, what) in [
            (resources.regions.count, Self.regionsMax, "regions"), (resources.routes.count, Self.routesMax, "routes"),
            (resources.keys.count, Self.keysMax, "keys"),
            (endpointRecords, RoutingSnapshot.endpointsMax, "pairs of endpoint and served model"),
            (Set(identities).count, CredentialIDs.identitiesMax, "cloud identities"),
        ] where count > max {
            refuse("\(count) \(what); allowed: \(max)")
        }
    }

    // MARK: Regions

    private func compileRegions() -> Regions {
        var regions = Regions { RegionID($0) }
        for region in resources.regions {
            regions.append(
                RegionRecord(name: region.name, provider: region.provider, jurisdiction: region.jurisdiction),
                for: region.name)
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

    mutating func regionID(_ name: String, _ regions: Regions, of resource: ResourceName) -> RegionID? {
        if let id = regions.ids[name] { return id }
        refuse(resource, "spec.region", "no Region is named \"\(name)\"")
        return nil
    }
}

/// Records in snapshot order, and the index of each by what names it.
struct Indexed<Name: Hashable, ID, Record> {
    private(set) var records: [Record] = []
    private(set) var ids: [Name: ID] = [:]
    private let makeID: (Int) -> ID

    init(_ makeID: @escaping (Int) -> ID) { self.makeID = makeID }

    mutating func append(_ record: Record, for name: Name) {
        ids[name] = makeID(records.count)
        records.append(record)
    }
}
