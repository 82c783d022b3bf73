// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    mutating func compileRoutes(endpoints: Endpoints) -> Routes {
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
                    name: route.name, modelNames: route.modelNames, contextTokensMax: model.contextTokensMax,
                    tiers: tiers, retry: route.retry, overflow: route.overflow, hedge: route.hedge,
                    onUnsupported: route.onUnsupported), for: route.name)
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
                refuse(
                    ResourceName(.route, route.name), path, "no usable Endpoint \"\(name)\" serves \"\(route.model)\"")
            }
        }
        return TierRecord(name: tier.name, endpoints: ids, objective: tier.objective)
    }
}
