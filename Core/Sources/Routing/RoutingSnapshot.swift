// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Everything a gateway needs to decide, compiled once and never edited: swap, do not edit.
///
/// Names are resolved to dense indices, prices and credentials are in place. Arrays are indexed by the matching id
/// type.
/// - Threading: immutable, shared by all loops.
public final class RoutingSnapshot: Sendable {
    /// Grows by one with each accepted configuration of this process.
    public let version: UInt64
    public let currency: Currency
    public let regions: [RegionRecord]
    public let endpoints: [EndpointRecord]
    public let routes: [RouteRecord]
    public let keys: [KeyRecord]
    /// Every identity that a credential of some endpoint names; what is asked for keys and tokens.
    public let credentialSources: [CredentialID: CredentialSource]
    /// Which endpoints each key's requests may be sent to, and when.
    public let admission: AdmissionTable
    /// Round trips between regions in nanoseconds, row-major: `[from * regions.count + to]`.
    public let roundTripNanoseconds: [Int64]
    /// By route and tier; `nil` where the tier does not weigh affinity. Built here, once, and not by every loop.
    let rings: [[ConsistentHashRing?]]

    public init(
        version: UInt64, currency: Currency, regions: [RegionRecord], endpoints: [EndpointRecord],
        routes: [RouteRecord],
        keys: [KeyRecord], credentialSources: [CredentialID: CredentialSource] = [:], admission: AdmissionTable,
        roundTripNanoseconds: [Int64]
    ) {
        precondition(endpoints.count <= Self.endpointsMax, "\(endpoints.count) endpoints, at most \(Self.endpointsMax)")
        precondition(
            endpoints.allSatisfy { $0.gaugeSlot >= 0 && $0.gaugeSlot < EndpointGauges.slotsMax },
            "gauge slots are below \(EndpointGauges.slotsMax)")
        precondition(roundTripNanoseconds.count == regions.count * regions.count, "round trips are regions × regions")
        precondition(
            admission.isUnrestricted || admission.endpointCount == endpoints.count,
            "\(admission.endpointCount) endpoints admitted or not, of \(endpoints.count)")
        self.version = version
        self.currency = currency
        self.regions = regions
        self.endpoints = endpoints
        self.routes = routes
        self.keys = keys
        self.credentialSources = credentialSources
        self.admission = admission
        self.roundTripNanoseconds = roundTripNanoseconds
        rings = routes.map { route in route.tiers.map { Self.ring($0, endpoints) } }
    }

    private static func ring(_ tier: TierRecord, _ endpoints: [EndpointRecord]) -> ConsistentHashRing? {
        guard tier.objective.affinity > 0 else { return nil }
        return ConsistentHashRing(
            endpoints: tier.endpoints, names: tier.endpoints.map { endpoints[Int($0.index)].name })
    }

    public static let endpointsMax = 4096

    @inlinable public func roundTrip(from: RegionID, to: RegionID) -> TimeSpan {
        .nanoseconds(roundTripNanoseconds[Int(from.index) * regions.count + Int(to.index)])
    }
}

public struct RegionRecord: Sendable {
    public var name: String
    public var provider: String
    public var jurisdiction: String
    public init(name: String, provider: String, jurisdiction: String) {
        self.name = name
        self.provider = provider
        self.jurisdiction = jurisdiction
    }
}

/// One (endpoint, served model) pair: what routing calls an endpoint.
///
/// An `Endpoint` document that serves three models compiles to three records that share `gaugeSlot`, because its limits
/// are the address's, not the model's.
public struct EndpointRecord: Sendable {
    /// The document's name; for the second and later models `name/model`.
    public var name: String
    public var provider: String
    public var flavor: ProviderFlavor
    public var region: RegionID
    /// The address's shared counters in `EndpointGauges`; stable for the process, by document name.
    public var gaugeSlot: Int
    public var address: UpstreamAddress
    /// Name to send as `model`, UTF-8, already escaped for a JSON string, without quotes.
    public var upstreamModel: [UInt8]
    /// `nil`: unknown price.
    public var prices: TokenPrices?
    public var mediaPrices: MediaPrices?
    public var limits: EndpointLimits
    public var timeouts: EndpointTimeouts
    public var health: HealthCheck?
    public var plans: OperationPlans
    /// What a wire that demands a bound on the answer is told when the caller states none.
    public var outputTokensDefault: Int64 = 4096
    /// Longest prompt plus answer of its model; 0 where nobody said.
    public var contextTokensMax: Int64 = 0
    public var thinking = ThinkingStyle.adaptive
    public var takesSampling = true
    public var schemas = SchemaDialect.jsonSchema
    /// Languages its model declares, each once and in order; empty: it gets requests in any.
    public var languages: [LanguageCode] = []

    /// - Parameter plans: `nil` means OpenAI's paths below the address's base path.
    public init(
        name: String, provider: String, flavor: ProviderFlavor, region: RegionID, gaugeSlot: Int,
        address: UpstreamAddress,
        upstreamModel: [UInt8], prices: TokenPrices?, limits: EndpointLimits, timeouts: EndpointTimeouts,
        health: HealthCheck?, plans: OperationPlans? = nil
    ) {
        self.name = name
        self.provider = provider
        self.flavor = flavor
        self.region = region
        self.gaugeSlot = gaugeSlot
        self.address = address
        self.upstreamModel = upstreamModel
        self.prices = prices
        self.limits = limits
        self.timeouts = timeouts
        self.health = health
        self.plans = plans ?? .openAI(basePath: address.basePath)
    }
}

/// Where bytes go and what identifies us there.
public struct UpstreamAddress: Sendable {
    public var isTLS: Bool
    /// Name or literal address; IPv6 without brackets.
    public var host: String
    public var port: UInt16
    /// Path prefix without trailing slash, e.g. `/openai/v1`; may be empty.
    public var basePath: String
    /// In order of preference, at most `EndpointCredential.perEndpointMax`; empty: none is sent.
    public var credentials: [CredentialRecord]
    public var certificateAuthorityFile: String?
    public init(
        isTLS: Bool, host: String, port: UInt16, basePath: String, credentials: [CredentialRecord],
        certificateAuthorityFile: String?
    ) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.basePath = basePath
        self.credentials = credentials
        self.certificateAuthorityFile = certificateAuthorityFile
    }
}

public struct RouteRecord: Sendable {
    public var name: String
    public var modelNames: [String]
    public var contextTokensMax: Int?
    public var tiers: [TierRecord]
    public var retry: RetryPolicy
    public var overflow: OverflowPolicy
    public var hedge: HedgePolicy?
    public var onUnsupported: UnsupportedPolicy
    public init(
        name: String, modelNames: [String], contextTokensMax: Int?, tiers: [TierRecord], retry: RetryPolicy,
        overflow: OverflowPolicy,
        hedge: HedgePolicy?, onUnsupported: UnsupportedPolicy = .refuse
    ) {
        self.name = name
        self.modelNames = modelNames
        self.contextTokensMax = contextTokensMax
        self.tiers = tiers
        self.retry = retry
        self.overflow = overflow
        self.hedge = hedge
        self.onUnsupported = onUnsupported
    }
}

public struct TierRecord: Sendable {
    public var name: String
    public var endpoints: [EndpointID]
    /// Declared here, but without what the route requires: known to explanations only.
    public var excluded: [ExcludedEndpoint]
    public var objective: Objective
    public init(name: String, endpoints: [EndpointID], excluded: [ExcludedEndpoint] = [], objective: Objective) {
        self.name = name
        self.endpoints = endpoints
        self.excluded = excluded
        self.objective = objective
    }
}
