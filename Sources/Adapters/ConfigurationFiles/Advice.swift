// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// What is allowed but probably not meant.
enum Advice {
    static func warnings(for resources: DeclaredResources, sources: SourceMap) -> [ConfigurationProblem] {
        unroutedEndpoints(resources, sources) + unpricedCandidates(resources, sources) + exposedCredentials(resources, sources)
    }

    private static func unroutedEndpoints(_ resources: DeclaredResources, _ sources: SourceMap) -> [ConfigurationProblem] {
        let routed = Set(resources.routes.flatMap { $0.tiers.flatMap(\.endpoints) })
        return resources.endpoints.filter { !routed.contains($0.name) }.map {
            sources.problem(
                .warning, at: ResourceName(.endpoint, $0.name), "", "no route leads here", hint: "name it in a tier of a Route, or remove it")
        }
    }

    /// An unknown price is never preferred for cost, which may not be what the weight was meant to say.
    private static func unpricedCandidates(_ resources: DeclaredResources, _ sources: SourceMap) -> [ConfigurationProblem] {
        let unpriced = Set(
            resources.endpoints.flatMap { endpoint in
                endpoint.serves.filter { $0.prices == nil }.map { ServedName(endpoint: endpoint.name, model: $0.model) }
            })
        return resources.routes.flatMap { route in
            route.tiers.enumerated().filter { $0.element.objective.cost > 0 }.flatMap { tierIndex, tier in
                tier.endpoints.enumerated().filter { unpriced.contains(ServedName(endpoint: $0.element, model: route.model)) }.map {
                    sources.problem(
                        .warning, at: ResourceName(.route, route.name), "spec.tiers[\(tierIndex)].endpoints[\($0.offset)]",
                        "the tier weighs cost, but Endpoint \($0.element) has no price for \(route.model)",
                        hint: "an unknown price counts as the highest; add prices to its spec.serves")
                }
            }
        }
    }

    private struct ServedName: Hashable {
        var endpoint: String
        var model: String
    }

    private static func exposedCredentials(_ resources: DeclaredResources, _ sources: SourceMap) -> [ConfigurationProblem] {
        resources.endpoints.filter { $0.credential != nil && isExposed($0.url) }.map {
            sources.problem(
                .warning, at: ResourceName(.endpoint, $0.name), "spec.url", "the credential travels unencrypted", hint: "use https")
        }
    }

    private static func isExposed(_ url: String) -> Bool {
        guard let address = try? EndpointURL(url), !address.isTLS else { return false }
        return !(address.host == "localhost" || address.host == "::1" || address.host.hasPrefix("127."))
    }
}
