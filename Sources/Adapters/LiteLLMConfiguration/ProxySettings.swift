// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

/// What the proxy's settings say about all deployments and groups.
///
/// `router_settings` come before `litellm_settings` where both say something, as in the proxy (its settings reference,
/// read 2026-11).
struct ProxySettings {
    /// Over all endpoints, the first try included; `nil`: ours.
    private(set) var attemptsMax: Int?
    /// For one attempt, until the answer begins.
    private(set) var timeout: TimeSpan?
    /// For streams, between two pieces.
    private(set) var streamTimeout: TimeSpan?
    /// Requests at one deployment at one time.
    private(set) var inFlightMax: Int?
    private(set) var objective: Objective
    private(set) var dropsUnsupported: Bool
    /// In the order of the file.
    private(set) var fallbacks: [Fallback] = []
    /// `alias: group`
    private(set) var aliases: [YAMLTree.Entry] = []
    /// The proxy's own key.
    let masterKey: YAMLTree?

    /// Where a group's requests go when it fails.
    struct Fallback {
        /// `*` stands for every group that has none of its own.
        var group: String
        var targets: [YAMLTree]
    }

    static let timeoutRange = TimeSpan.milliseconds(1) ... .seconds(3_600)

    init(_ root: ForeignFields, _ context: TranslationContext) {
        let router = ForeignFields(root["router_settings"] ?? Self.nothing(root))
        let library = ForeignFields(root["litellm_settings"] ?? Self.nothing(root))
        let general = ForeignFields(root["general_settings"] ?? Self.nothing(root))
        func either(_ name: String) -> YAMLTree? {
            let (first, second) = (router[name], library[name])
            return first ?? second
        }
        objective = Self.objective(either("routing_strategy"), context)
        let retries = context.count(either("num_retries"), in: 0...1_000)
        attemptsMax = retries.map { min($0 + 1, 10) }
        let (routerTimeout, libraryTimeout) = (router["timeout"], library["request_timeout"])
        timeout = context.seconds(routerTimeout ?? libraryTimeout, in: Self.timeoutRange)
        streamTimeout = context.seconds(either("stream_timeout"), in: Self.timeoutRange)
        let parallel = (router["default_max_parallel_requests"], general["max_parallel_requests"])
        inFlightMax = context.count(parallel.0 ?? parallel.1, in: 1...1_000_000)
        dropsUnsupported = library["drop_params"]?.truth ?? false
        masterKey = general["master_key"]
        aliases = either("model_group_alias")?.entries ?? []
        fallbacks = Self.fallbacks(either("fallbacks"), context)
        if let targets = either("default_fallbacks")?.elements { fallbacks.append(.init(group: "*", targets: targets)) }
        SettingAdvice.report(router, of: "router_settings", context)
        SettingAdvice.report(library, of: "litellm_settings", context)
        SettingAdvice.report(general, of: "general_settings", context)
    }

    private static func nothing(_ root: ForeignFields) -> YAMLTree { YAMLTree(.mapping([]), at: root.tree.location) }

    /// How the proxy picks, as weights of ours. Ours never overlook load; these say what counts besides.
    private static func objective(_ field: YAMLTree?, _ context: TranslationContext) -> Objective {
        let load = Objective(latency: 0, cost: 0, affinity: 0)
        guard let field, let strategy = context.plain(field) else { return load }
        switch strategy {
        case "simple-shuffle", "least-busy": return load
        case "usage-based-routing", "usage-based-routing-v2":
            context.differs(field, "declared limits (rpm, tpm) and load decide, not the tokens of the minute")
            return load
        case "latency-based-routing": return Objective(latency: 1, cost: 0, affinity: 0)
        case "cost-based-routing": return Objective(latency: 0, cost: 1, affinity: 0)
        default:
            context.leftOut(
                field, "this routing strategy is left out: endpoints are picked by load",
                hint: "weights of latency, cost and affinity: spec.tiers[].objective")
            return load
        }
    }

    /// A list of mappings with one group each, or one mapping of all.
    private static func fallbacks(_ field: YAMLTree?, _ context: TranslationContext) -> [Fallback] {
        guard let field else { return [] }
        let entries = field.isMapping ? field.entries : (field.elements ?? []).flatMap(\.entries)
        return entries.map { Fallback(group: $0.name, targets: $0.value.elements ?? [$0.value]) }
    }
}
