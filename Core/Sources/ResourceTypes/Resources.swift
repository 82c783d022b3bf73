// SPDX-License-Identifier: Apache-2.0
// Isobar

// The nouns people declare, as plain values. YAML decoding is `Adapters/ConfigurationFiles`; cross-reference checks and
// compilation to a `RoutingSnapshot` are `Services/ControlPlane`. A name is 1 to 63 characters of a-z, 0-9, `-` and
// `.`, starting and ending with a letter or digit.

/// Who runs endpoints: a cloud, a company's own site, an edge operator.
public struct Provider: Hashable, Sendable {
    public var name: String
    /// How its servers differ from OpenAI's own API.
    public var flavor: ProviderFlavor
    public init(name: String, flavor: ProviderFlavor) {
        self.name = name
        self.flavor = flavor
    }
}

/// Whose API an endpoint speaks: which paths, which dialect, which headers, and where load signals are found.
public enum ProviderFlavor: String, CaseIterable, Hashable, Sendable {
    case openai, azure, anthropic, bedrock, vertex, gemini
    case vllm, sglang
    case llamaCpp = "llama.cpp"
    case ollama, tgi
    /// OpenAI's paths, and nothing beyond them is assumed.
    case generic
}

/// A place where endpoints run and callers come from.
public struct Region: Hashable, Sendable {
    public var name: String
    /// Owner of the place; must name a `Provider`.
    public var provider: String
    /// ISO 3166-1 alpha-2 code of the law that holds there, e.g. `IN`.
    public var jurisdiction: String
    /// Network round trip to other regions, by region name. Symmetric: either side may state it. Missing pairs use a
    /// default of 50 ms, the same region 1 ms.
    public var roundTrips: [String: TimeSpan]
    public init(name: String, provider: String, jurisdiction: String, roundTrips: [String: TimeSpan] = [:]) {
        self.name = name
        self.provider = provider
        self.jurisdiction = jurisdiction
        self.roundTrips = roundTrips
    }
}

/// A public model version; the same weights wherever it is served.
public struct Model: Hashable, Sendable {
    public var name: String
    /// Longest prompt plus answer. `nil` means unknown: no check.
    public var contextTokensMax: Int?
    /// Longest answer: what a wire that demands a bound is told when the caller states none. `nil`: 4,096.
    public var outputTokensMax: Int?
    /// What it takes and gives; empty means text, and embeddings where an endpoint has them.
    public var modalities: Set<Modality>
    /// BCP 47 tags of the languages it is good at, e.g. `hi`, `ta`; empty means that nobody said, and then it gets
    /// requests in any.
    public var languages: [String]
    /// Whose it is, for placement rights.
    public var origin: ModelOrigin
    public init(
        name: String, contextTokensMax: Int? = nil, outputTokensMax: Int? = nil, modalities: Set<Modality> = [],
        languages: [String] = [], origin: ModelOrigin = ModelOrigin()
    ) {
        self.name = name
        self.contextTokensMax = contextTokensMax
        self.outputTokensMax = outputTokensMax
        self.modalities = modalities
        self.languages = languages
        self.origin = origin
    }
}

/// One address that serves models.
public struct Endpoint: Hashable, Sendable {
    public var name: String
    public var region: String
    /// Base URL up to and including the version segment, e.g. `https://host:8443/openai/v1`. `http` or `https`.
    public var url: String
    /// In order of preference; empty: none is needed. At most `EndpointCredential.perEndpointMax`.
    public var credentials: [EndpointCredential]
    public var serves: [ServedModel]
    public var limits: EndpointLimits
    public var timeouts: EndpointTimeouts
    public var health: HealthCheck?
    /// PEM file with the certificate authorities to trust instead of the system's.
    public var certificateAuthorityFile: String?
    /// Azure's `api-version`: the deployments path is used with it, the v1 path without.
    public var apiVersion: String?
    /// Who can see what is sent there, and where; `nil`: anyone, anywhere.
    public var residency: EndpointResidency?

    public init(
        name: String, region: String, url: String, credentials: [EndpointCredential] = [], serves: [ServedModel],
        limits: EndpointLimits = EndpointLimits(), timeouts: EndpointTimeouts = EndpointTimeouts(),
        health: HealthCheck? = nil,
        certificateAuthorityFile: String? = nil, apiVersion: String? = nil, residency: EndpointResidency? = nil
    ) {
        self.name = name
        self.region = region
        self.url = url
        self.credentials = credentials
        self.serves = serves
        self.limits = limits
        self.timeouts = timeouts
        self.health = health
        self.certificateAuthorityFile = certificateAuthorityFile
        self.apiVersion = apiVersion
        self.residency = residency
    }
}

/// One model at one endpoint.
public struct ServedModel: Hashable, Sendable {
    /// Must name a `Model`.
    public var model: String
    /// What the endpoint calls it; `nil` means the same name.
    public var upstreamName: String?
    /// `nil` means unknown: served, metered in tokens, cost reported as unknown and never preferred for cost.
    public var prices: TokenPrices?
    /// `nil` means that it is not billed by anything but tokens.
    public var mediaPrices: MediaPrices?
    /// Which APIs the endpoint has for it, the preferred one first; empty means what its provider's flavor has.
    public var apis: [ServedAPI]
    /// How the model is told to think.
    public var thinking: ThinkingStyle
    /// Whether it takes `temperature`, `top_p` and `top_k`.
    public var takesSampling: Bool
    /// How schemas are written for it, where its API has two ways.
    public var schemas: SchemaDialect
    /// What the endpoint calls it where tokens are counted; `nil` means as elsewhere, on Bedrock without the geography
    /// of an inference profile.
    public var countsAs: String?

    public init(
        model: String, upstreamName: String? = nil, prices: TokenPrices? = nil, mediaPrices: MediaPrices? = nil,
        apis: [ServedAPI] = [], thinking: ThinkingStyle = .adaptive, takesSampling: Bool = true,
        schemas: SchemaDialect = .jsonSchema, countsAs: String? = nil
    ) {
        self.model = model
        self.upstreamName = upstreamName
        self.prices = prices
        self.mediaPrices = mediaPrices
        self.apis = apis
        self.thinking = thinking
        self.takesSampling = takesSampling
        self.schemas = schemas
        self.countsAs = countsAs
    }
}

/// How Google's API is told the schema of an answer or of a tool's arguments.
public enum SchemaDialect: String, CaseIterable, Hashable, BitwiseCopyable, Sendable {
    /// In JSON Schema (Gemini from 2.5).
    case jsonSchema = "json-schema"
    /// In Google's own selection of OpenAPI's schemas, which is all that older models take.
    case openAPI = "openapi"
}

/// How a model is told how much to think before it answers.
public enum ThinkingStyle: String, CaseIterable, Hashable, BitwiseCopyable, Sendable {
    /// It cannot.
    case none
    /// By a number of tokens (Claude up to 4.5, Gemini 2.5).
    case budget
    /// By effort (OpenAI, Claude from 4.6, Gemini 3).
    case adaptive
}

/// Capacity of an endpoint as its owner declares it. `nil` means not limited by us.
public struct EndpointLimits: Hashable, Sendable {
    /// Requests at the endpoint at one time, over all of a gateway's loops.
    public var inFlightMax: Int?
    /// Requests waiting inside the model server (as it reports them) from which on it counts as full.
    public var queueMax: Int?
    public var tokensPerMinute: Int?
    public var requestsPerMinute: Int?
    public init(
        inFlightMax: Int? = nil, queueMax: Int? = nil, tokensPerMinute: Int? = nil, requestsPerMinute: Int? = nil
    ) {
        self.inFlightMax = inFlightMax
        self.queueMax = queueMax
        self.tokensPerMinute = tokensPerMinute
        self.requestsPerMinute = requestsPerMinute
    }
}

public struct EndpointTimeouts: Hashable, Sendable {
    /// TCP and TLS handshakes, over all addresses of a name.
    public var connect: TimeSpan
    /// From the request's last byte to the first content byte of the answer.
    public var firstByte: TimeSpan
    /// Longest silence inside an answer.
    public var idle: TimeSpan
    public init(connect: TimeSpan = .seconds(3), firstByte: TimeSpan = .seconds(60), idle: TimeSpan = .seconds(30)) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
    }
}

/// Active probing of an endpoint. Absent: only traffic tells.
public struct HealthCheck: Hashable, Sendable {
    /// Absolute path at the endpoint's host, e.g. `/health`.
    public var path: String
    public var interval: TimeSpan
    public var timeout: TimeSpan
    /// Absolute path of the server's Prometheus page, read for queue length with the flavor's metric names; `nil` reads
    /// none.
    public var loadPath: String?
    public init(
        path: String, interval: TimeSpan = .seconds(5), timeout: TimeSpan = .seconds(2), loadPath: String? = nil
    ) {
        self.path = path
        self.interval = interval
        self.timeout = timeout
        self.loadPath = loadPath
    }
}

/// What callers ask for by model name, and where it may go.
public struct Route: Hashable, Sendable {
    public var name: String
    /// Public model names that lead here (the `model` field of a request).
    public var modelNames: [String]
    /// The `Model`s served, usually one. An endpoint of the route serves it with each of these that it has.
    public var models: [String]
    public var require: RouteRequirement
    /// In order of preference: the first is the default tier, the others are overflow.
    public var tiers: [RouteTier]
    public var retry: RetryPolicy
    public var overflow: OverflowPolicy
    /// `nil`: never hedge.
    public var hedge: HedgePolicy?
    public var onUnsupported: UnsupportedPolicy
    public init(
        name: String, modelNames: [String], models: [String], require: RouteRequirement = RouteRequirement(),
        tiers: [RouteTier], retry: RetryPolicy = RetryPolicy(), overflow: OverflowPolicy = OverflowPolicy(),
        hedge: HedgePolicy? = nil, onUnsupported: UnsupportedPolicy = .refuse
    ) {
        self.name = name
        self.modelNames = modelNames
        self.models = models
        self.require = require
        self.tiers = tiers
        self.retry = retry
        self.overflow = overflow
        self.hedge = hedge
        self.onUnsupported = onUnsupported
    }
}

/// Endpoints of equal preference and what decides among them.
public struct RouteTier: Hashable, Sendable {
    public var name: String
    public var endpoints: [String]
    public var objective: Objective
    public init(name: String, endpoints: [String], objective: Objective = Objective()) {
        self.name = name
        self.endpoints = endpoints
        self.objective = objective
    }
}

/// Weights of the score's parts, each 0 to 100; only their ratios matter. All zero means power of two choices on load
/// alone.
public struct Objective: Hashable, Sendable {
    /// Weight of predicted time: network round trip, time to first token, time per output token.
    public var latency: Int
    /// Weight of predicted money for this request.
    public var cost: Int
    /// Weight of prompt tokens already cached at the endpoint.
    public var affinity: Int
    public init(latency: Int = 1, cost: Int = 0, affinity: Int = 0) {
        self.latency = latency
        self.cost = cost
        self.affinity = affinity
    }
}

public struct RetryPolicy: Hashable, Sendable {
    /// Over all endpoints, the first try included. 1 to 10.
    public var attemptsMax: Int
    /// From the request's last byte to the answer's last byte.
    public var totalTimeout: TimeSpan
    public init(attemptsMax: Int = 4, totalTimeout: TimeSpan = .seconds(600)) {
        self.attemptsMax = attemptsMax
        self.totalTimeout = totalTimeout
    }
}

/// When a tier counts as full and when traffic returns to it. Both in percent of the tightest declared or observed
/// limit.
public struct OverflowPolicy: Hashable, Sendable {
    public var enterPercent: Int
    /// Below `enterPercent`: the gap is the hysteresis.
    public var returnPercent: Int
    /// Shortest stay in overflow once entered.
    public var holdMin: TimeSpan
    public init(enterPercent: Int = 100, returnPercent: Int = 75, holdMin: TimeSpan = .milliseconds(500)) {
        self.enterPercent = enterPercent
        self.returnPercent = returnPercent
        self.holdMin = holdMin
    }
}

/// One delayed backup request on another provider.
public struct HedgePolicy: Hashable, Sendable {
    /// Most hedges per 100 requests of the route.
    public var extraRequestsPercentMax: Int
    /// Never hedge earlier than this, whatever the p95 estimate says.
    public var delayMin: TimeSpan
    public init(extraRequestsPercentMax: Int = 5, delayMin: TimeSpan = .milliseconds(50)) {
        self.extraRequestsPercentMax = extraRequestsPercentMax
        self.delayMin = delayMin
    }
}

/// A customer or department; owns keys.
public struct Tenant: Hashable, Sendable {
    public var name: String
    /// Where its requests come from unless `X-Isobar-Region` says otherwise; names a `Region`.
    public var region: String?
    /// What its requests demand; `nil` only where no `PolicyBundle` turns residency on.
    public var residency: ResidencyProfile?
    public var audit: AuditDemand
    public init(
        name: String, region: String? = nil, residency: ResidencyProfile? = nil, audit: AuditDemand = .bestEffort
    ) {
        self.name = name
        self.region = region
        self.residency = residency
        self.audit = audit
    }
}

/// How sure a tenant wants to be that what its requests do is in the audit log.
public enum AuditDemand: String, CaseIterable, Hashable, Sendable {
    /// Nothing is sent to an endpoint before the log has it on the disk; with the log down, nothing is sent.
    case required
    /// Everything is noted where there is a log, and nothing waits for it.
    case bestEffort
}
