// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Stage 4: may this key use this route, for this, and may its bytes go anywhere on it.
enum Authorize {
    static func check(_ exchange: Exchange) -> Refusal? {
        guard let principal = exchange.principal else { return .missingKey }
        let generation = exchange.worker.generation
        guard let key = generation.key(at: principal.slot) else { return .unknownKey }
        let route = exchange.features.route
        if let allowed = generation.snapshot.keys[Int(key.index)].routes, !allowed.contains(route) {
            return .routeForbidden(generation.snapshot.routes[Int(route.index)].modelNames.first ?? "")
        }
        return checkScopes(exchange, generation, key) ?? exchange.checkResidency()
    }

    /// Because: the operation is asked about first, for it is known whatever the route.
    private static func checkScopes(_ exchange: Exchange, _ generation: Generation, _ key: KeyID) -> Refusal? {
        let operation = exchange.features.operation
        guard generation.keyOperations[Int(key.index)].contains(operation) else {
            return .scope(
                .action(operation.action, generation.snapshot.keys[Int(key.index)].scopes.declared.actions ?? []))
        }
        guard let mask = exchange.scopeMask else { return nil }
        let reachable = exchange.worker.everything.narrowed(by: mask)
        guard !exchange.worker.router.admits(exchange.features, within: reachable) else { return nil }
        return .scope(generation.emptyScope(of: key, on: exchange.features))
    }

    /// Listing models is an action like any other.
    static func checkListing(_ exchange: Exchange) -> Refusal? {
        guard let principal = exchange.principal else { return .missingKey }
        let generation = exchange.worker.generation
        guard let key = generation.key(at: principal.slot) else { return .unknownKey }
        let scopes = generation.snapshot.keys[Int(key.index)].scopes
        return scopes.listsModels ? nil : .scope(.action(.models, scopes.declared.actions ?? []))
    }
}

extension Exchange {
    /// The endpoints that the key's scopes leave it; `nil`: all.
    var scopeMask: EndpointMask? {
        let masks = worker.generation.keyMasks
        guard let slot = principal?.slot, slot < masks.count else { return nil }
        return masks[slot]
    }
}

extension Generation {
    /// Which scope leaves nothing of a route, or of the one endpoint that a request must go to.
    fileprivate func emptyScope(of key: KeyID, on features: RequestFeatures) -> ScopeRefusal {
        let declared = snapshot.keys[Int(key.index)].scopes.declared
        let route = snapshot.routes[Int(features.route.index)]
        let endpoints = features.pinned.map { [$0] } ?? route.tiers.flatMap(\.endpoints)
        if let regions = declared.regions {
            let served = Set(
                endpoints.map { snapshot.regions[Int(snapshot.endpoints[Int($0.index)].region.index)].name })
            if served.isDisjoint(with: regions) { return .regions(regions) }
        }
        guard let models = declared.models else { return .regions(declared.regions ?? []) }
        return declared.regions == nil ? .models(models) : .modelsInRegions(models, declared.regions ?? [])
    }
}

extension Operation {
    var action: CallerAction { CallerAction.allCases.first { $0.operations.contains(self) } ?? .chat }
}
