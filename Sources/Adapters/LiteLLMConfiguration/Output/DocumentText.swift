// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Pricing
internal import ResourceTypes

/// Writes documents: what is as by default is not written.
enum DocumentText {
    static func text(of imported: ImportedConfiguration) -> String {
        let documents =
            imported.providers.map { document("Provider", $0.name, [("flavor", .text($0.flavor.rawValue))]) }
            + imported.regions.map(region) + imported.models.map(model) + imported.endpoints.map(endpoint)
            + imported.routes.map(route) + imported.tenants.map { document("Tenant", $0.name, []) }
            + imported.keys.map(key)
        return "# Imported from a LiteLLM proxy's configuration. Read it, then: isobar check FILE\n"
            + documents.joined(separator: "---\n")
    }

    private static func document(_ kind: String, _ name: String, _ spec: [YAMLText.Field]) -> String {
        YAMLText.block([
            ("apiVersion", .text("isobar/v1")), ("kind", .text(kind)), ("metadata", .map([("name", .text(name))])),
            ("spec", .map(spec)),
        ])
    }

    private static func region(_ region: Region) -> String {
        document(
            "Region", region.name,
            [("provider", .text(region.provider)), ("jurisdiction", .text(region.jurisdiction))])
    }

    private static func model(_ model: Model) -> String {
        let modalities = Modality.allCases.filter(model.modalities.contains).map { YAMLText.text($0.rawValue) }
        return document(
            "Model", model.name,
            number("contextTokensMax", model.contextTokensMax) + number("outputTokensMax", model.outputTokensMax)
                + (modalities.isEmpty ? [] : [("modalities", .list(modalities))]))
    }

    // MARK: Endpoint

    private static func endpoint(_ endpoint: ImportedEndpoint) -> String {
        var spec: [YAMLText.Field] = [("region", .text(endpoint.region)), ("url", .text(endpoint.url))]
        if let version = endpoint.apiVersion { spec.append(("apiVersion", .text(version))) }
        if let credential = endpoint.credential { spec.append(("credential", .map(fields(of: credential)))) }
        spec.append(("serves", .list(endpoint.serves.map(served))))
        let limits =
            number("inFlightMax", endpoint.limits.inFlightMax)
            + number("tokensPerMinute", endpoint.limits.tokensPerMinute)
            + number("requestsPerMinute", endpoint.limits.requestsPerMinute)
        if !limits.isEmpty { spec.append(("limits", .map(limits))) }
        let timeouts = duration("firstByte", endpoint.firstByte) + duration("idle", endpoint.idle)
        if !timeouts.isEmpty { spec.append(("timeouts", .map(timeouts))) }
        return document("Endpoint", endpoint.name, spec)
    }

    private static func served(_ served: ServedModel) -> YAMLText {
        var fields: [YAMLText.Field] = [("model", .text(served.model))]
        if let name = served.upstreamName { fields.append(("as", .text(name))) }
        if !served.apis.isEmpty { fields.append(("apis", .list(served.apis.map { .text($0.rawValue) }))) }
        if served.thinking != .adaptive { fields.append(("thinking", .text(served.thinking.rawValue))) }
        if let prices = served.prices {
            var amounts: [YAMLText.Field] = [("currency", .text("USD"))]
            amounts.append(("inputPerMillionTokens", .number(prices.input.perMillionTokensText)))
            if let cached = prices.cachedInput {
                amounts.append(("cachedInputPerMillionTokens", .number(cached.perMillionTokensText)))
            }
            amounts.append(("outputPerMillionTokens", .number(prices.output.perMillionTokensText)))
            fields.append(("prices", .map(amounts)))
        }
        return .map(fields)
    }

    private static func fields(of credential: ImportedCredential) -> [YAMLText.Field] {
        switch credential {
        case .key(let scheme, let secret): [("scheme", .text(scheme.rawValue)), ("secret", reference(secret))]
        case .aws(let credential):
            [("scheme", .text("aws")), ("region", .text(credential.region))] + fields(of: credential.source)
                + text("roleARN", credential.roleARN) + text("externalID", credential.externalID)
        case .googleServiceAccount(let file):
            [("scheme", .text("google")), ("source", .text("service-account"))]
                + text("file", file)
        case .entraClientSecret(let tenant, let client, let secret):
            [
                ("scheme", .text("entra")), ("source", .text("client-secret")), ("tenant", .text(tenant)),
                ("client", .text(client)), ("secret", reference(secret)),
            ]
        }
    }

    private static func fields(of source: AWSCredential.Source) -> [YAMLText.Field] {
        switch source {
        case .environment: [("source", .text("environment"))]
        case .profile(let name): [("source", .text("profile")), ("profile", .text(name))]
        case .webIdentity(let file): [("source", .text("web-identity"))] + text("tokenFile", file)
        case .fixed(let id, let secret, let token):
            [
                ("source", .text("static")), ("accessKeyID", reference(id)), ("secretAccessKey", reference(secret)),
            ] + (token.map { [("sessionToken", reference($0))] } ?? [])
        }
    }

    private static func text(_ name: String, _ value: String?) -> [YAMLText.Field] {
        value.map { [(name, .text($0))] } ?? []
    }

    private static func reference(_ secret: SecretReference) -> YAMLText {
        switch secret {
        case .environment(let name): .text("env:\(name)")
        case .file(let path): .text("file:\(path)")
        }
    }

    // MARK: Route and callers

    private static func route(_ route: Route) -> String {
        var spec: [YAMLText.Field] = []
        if route.modelNames != route.models { spec.append(("models", .list(route.modelNames.map { .text($0) }))) }
        spec += route.models.map { ("model", .text($0)) }
        spec.append(("tiers", .list(route.tiers.map(tier))))
        let defaults = RetryPolicy()
        var retry: [YAMLText.Field] = []
        if route.retry.attemptsMax != defaults.attemptsMax {
            retry += number("attemptsMax", route.retry.attemptsMax)
        }
        if route.retry.totalTimeout != defaults.totalTimeout {
            retry += duration("totalTimeout", route.retry.totalTimeout)
        }
        if !retry.isEmpty { spec.append(("retry", .map(retry))) }
        if route.onUnsupported != .refuse { spec.append(("onUnsupported", .text(route.onUnsupported.rawValue))) }
        return document("Route", route.name, spec)
    }

    private static func tier(_ tier: RouteTier) -> YAMLText {
        var weights: [YAMLText.Field] = []
        for (name, weight) in [("latency", tier.objective.latency), ("cost", tier.objective.cost)] where weight > 0 {
            weights += number(name, weight)
        }
        return .map([
            ("name", .text(tier.name)), ("endpoints", .list(tier.endpoints.map { .text($0) })),
            // Written even when all weights are zero: left out, latency would count.
            ("objective", .map(weights.isEmpty ? [("latency", .number("0"))] : weights)),
        ])
    }

    private static func key(_ key: Key) -> String {
        document("Key", key.name, [("tenant", .text(key.tenant))] + (key.secret.map { [("secret", reference($0))] } ?? []))
    }

    // MARK: Values

    private static func number(_ name: String, _ value: Int?) -> [YAMLText.Field] {
        value.map { [(name, .number(String($0)))] } ?? []
    }

    /// In whole seconds where it is, else in the largest unit that keeps it whole; finer than a microsecond nothing is
    /// measured.
    private static func duration(_ name: String, _ span: TimeSpan?) -> [YAMLText.Field] {
        guard let nanoseconds = span?.nanoseconds else { return [] }
        for (unit, length) in [("s", Int64(1_000_000_000)), ("ms", 1_000_000)] where nanoseconds % length == 0 {
            return [(name, .text("\(nanoseconds / length)\(unit)"))]
        }
        return [(name, .text("\(max(1, nanoseconds / 1_000))us"))]
    }
}
