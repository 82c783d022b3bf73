// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Stage 4: may this key use this route, and may its bytes go anywhere on it.
enum Authorize {
    static func check(_ exchange: Exchange) -> Refusal? {
        guard let principal = exchange.principal else { return .missingKey }
        let generation = exchange.worker.generation
        guard let key = generation.key(at: principal.slot) else { return .unknownKey }
        let route = exchange.features.route
        guard let allowed = generation.snapshot.keys[Int(key.index)].routes, !allowed.contains(route) else {
            return exchange.checkResidency()
        }
        return .routeForbidden(generation.snapshot.routes[Int(route.index)].modelNames.first ?? "")
    }
}
