// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

// What a route can serve at all, whatever the state of its endpoints: for refusals that say why, and for explanations.

extension Router {
    /// Whether nothing but its language keeps a request from every endpoint of its route.
    public func lacksOnlyLanguage(_ features: RequestFeatures) -> Bool {
        guard features.language != nil, !hasTaker(features) else { return false }
        var features = features
        features.language = nil
        return hasTaker(features)
    }

    /// What the endpoints of a route can do between them; nothing for a route that is not there.
    public func operations(of route: RouteID) -> OperationSet {
        var operations = OperationSet()
        for endpoint in members(of: route) { operations.formUnion(endpoints[Int(endpoint.index)].pointee.served) }
        return operations
    }

    private func hasTaker(_ features: RequestFeatures) -> Bool {
        let question = PickQuestion(features: features, tried: TriedEndpoints(), now: .distantPast)
        for endpoint in members(of: features.route) where isWanted(endpoint, question) { return true }
        return false
    }

    private func members(of route: RouteID) -> [EndpointID] {
        guard Int(route.index) < routes.count else { return [] }
        var found: [EndpointID] = []
        for tier in routes[Int(route.index)].pointee.tiers.range {
            for member in tiers[tier].pointee.members.range { found.append(members[member].pointee) }
        }
        return found
    }
}
