// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// What is allowed but probably not meant.
enum Advice {
    static func warnings(for resources: DeclaredResources, sources: SourceMap) -> [ConfigurationProblem] {
        unroutedEndpoints(resources, sources) + unpricedCandidates(resources, sources)
            + exposedCredentials(resources, sources) + silentEndpoints(resources, sources)
    }

    private static func unroutedEndpoints(
        _ resources: DeclaredResources, _ sources: SourceMap
    ) -> [ConfigurationProblem] {
        let routed = Set(resources.routes.flatMap { $0.tiers.flatMap(\.endpoints) })
        return resources.endpoints.filter { !routed.contains($0.name) }.map {
            sources.problem(
                .warning, at: ResourceName(.endpoint, $0.name), "", "no route leads here",
                hint: "name it in a tier of a Route, or remove it")
        }
    }

    /// An unknown price is never preferred for cost, which may not be what the weight was meant to say.
    private static func unpricedCandidates(
        _ resources: DeclaredResources, _ sources: SourceMap
    ) -> [ConfigurationProblem] {
        let served = Dictionary(resources.endpoints.map { ($0.name, $0.serves) }) { first, _ in first }
        var warnings: [ConfigurationProblem] = []
        for route in resources.routes {
            for (tierIndex, tier) in route.tiers.enumerated() where tier.objective.cost > 0 {
                for (index, endpoint) in tier.endpoints.enumerated() {
                    let unpriced = (served[endpoint] ?? []).filter {
                        route.models.contains($0.model) && $0.prices == nil && $0.mediaPrices == nil
                    }
                    warnings += unpriced.map { model in
                        sources.problem(
                            .warning, at: ResourceName(.route, route.name),
                            "spec.tiers[\(tierIndex)].endpoints[\(index)]",
                            "the tier weighs cost, but Endpoint \(endpoint) has no price for \(model.model)",
                            hint: "an unknown price counts as the highest; add prices to its spec.serves")
                    }
                }
            }
        }
        return warnings
    }

    private static func exposedCredentials(
        _ resources: DeclaredResources, _ sources: SourceMap
    ) -> [ConfigurationProblem] {
        resources.endpoints.filter { !$0.credentials.isEmpty && isExposed($0.url) }.map {
            sources.problem(
                .warning, at: ResourceName(.endpoint, $0.name), "spec.url", "the credential travels unencrypted",
                hint: "use https")
        }
    }

    private static func isExposed(_ url: String) -> Bool {
        guard let address = try? EndpointURL(url) else { return false }
        return !address.isTLS && !PlainHosts.contains(address.host)
    }

    /// Not an error: public data may go there.
    private static func silentEndpoints(
        _ resources: DeclaredResources, _ sources: SourceMap
    ) -> [ConfigurationProblem] {
        guard !resources.policyBundles.isEmpty else { return [] }
        return resources.endpoints.filter { $0.residency == nil }.map {
            sources.problem(
                .warning, at: ResourceName(.endpoint, $0.name), "spec.residency",
                "states nothing, so its bytes may be anywhere and only public data goes there",
                hint: "state each facet as the closed set of countries it can reach")
        }
    }
}
