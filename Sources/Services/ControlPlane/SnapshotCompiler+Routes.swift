// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    typealias Models = [String: Model]

    mutating func compileRoutes(endpoints: Endpoints) -> Routes {
        let models = Dictionary(resources.models.map { ($0.name, $0) }) { first, _ in first }
        var routes = Routes { RouteID($0) }
        for route in resources.routes where declares(route.models, of: route, models) {
            let tiers = route.tiers.indices.map { compileTier($0, of: route, models, endpoints) }
            checkRequirement(of: route, tiers, models, endpoints)
            routes.append(
                RouteRecord(
                    name: route.name, modelNames: route.modelNames,
                    contextTokensMax: route.models.compactMap { models[$0]?.contextTokensMax }.min(),
                    tiers: tiers, retry: route.retry, overflow: route.overflow, hedge: route.hedge,
                    onUnsupported: route.onUnsupported), for: route.name)
        }
        return routes
    }

    private mutating func declares(_ names: [String], of route: Route, _ models: Models) -> Bool {
        for name in names where models[name] == nil {
            refuse(ResourceName(.route, route.name), "spec.model", "no Model is named \"\(name)\"")
        }
        return names.allSatisfy { models[$0] != nil }
    }

    /// Every pair of one of the tier's endpoints and one of the route's models; apart, those without what it requires.
    private mutating func compileTier(
        _ tierIndex: Int, of route: Route, _ models: Models, _ endpoints: Endpoints
    ) -> TierRecord {
        let tier = route.tiers[tierIndex]
        var record = TierRecord(name: tier.name, endpoints: [], objective: tier.objective)
        for (index, name) in tier.endpoints.enumerated() {
            let pairs = route.models.compactMap { model in
                endpoints.ids[ServedName(endpoint: name, model: model)].map { (model, $0) }
            }
            if pairs.isEmpty {
                let wanted = route.models.map { "\"\($0)\"" }.joined(separator: ", ")
                let path = "spec.tiers[\(tierIndex)].endpoints[\(index)]"
                refuse(ResourceName(.route, route.name), path, "no usable Endpoint \"\(name)\" serves \(wanted)")
            }
            for (modelName, id) in pairs {
                guard let model = models[modelName] else { continue }
                let lacks = route.require.lacks(of: model, plans: endpoints.records[Int(id.index)].plans)
                if lacks.isEmpty {
                    record.endpoints.append(id)
                } else {
                    record.excluded.append(.init(endpoint: id, lacks: lacks))
                }
            }
        }
        return record
    }
}
