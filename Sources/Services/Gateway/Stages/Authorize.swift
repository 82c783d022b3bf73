// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Stage 4: may this key use this route.
enum Authorize {
    static func check(_ exchange: Exchange) -> Refusal? {
        guard let principal = exchange.principal else { return .missingKey }
        let generation = exchange.worker.generation
        guard let allowed = generation.snapshot.keys[Int(principal.key.index)].routes else { return nil }
        let route = exchange.features.route
        if allowed.contains(route) { return nil }
        return .routeForbidden(generation.snapshot.routes[Int(route.index)].modelNames.first ?? "")
    }
}
