// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import ResourceTypes
internal import Routing

// The configuration in the audit log's terms. Positions are the stable ones of the loop's counters.

extension Generation {
    /// This configuration's names, and of earlier ones those that it has not.
    func auditNames(after previous: AuditNames) -> AuditNames {
        var keys = previous.keys
        for (key, slot) in zip(snapshot.keys, keySlots) {
            keys.put(AuditNames.Key(name: key.name, tenant: key.tenant), at: slot)
        }
        var endpoints = previous.endpoints
        for (endpoint, slot) in zip(snapshot.endpoints, endpointSlots) {
            endpoints.put(
                AuditNames.Endpoint(
                    name: endpoint.name, provider: endpoint.provider,
                    region: snapshot.regions[Int(endpoint.region.index)].name,
                    model: String(decoding: endpoint.upstreamModel, as: UTF8.self)), at: slot)
        }
        var routes = previous.routes
        for (route, slot) in zip(snapshot.routes, routeSlots) { routes.put(route.name, at: slot) }
        return AuditNames(keys: keys, endpoints: endpoints, routes: routes)
    }

    /// By stable position of the key. What keys demanded that are gone holds for what they still have under way.
    func auditRequirements(after previous: [Bool]) -> [Bool] {
        var requirements = previous
        for (key, slot) in zip(snapshot.keys, keySlots) { requirements.put(key.requiresAudit, at: slot, filler: false) }
        return requirements
    }
}

extension [AuditNames.Key] {
    fileprivate mutating func put(_ element: Element, at slot: Int) {
        put(element, at: slot, filler: Element(name: "", tenant: ""))
    }
}

extension [AuditNames.Endpoint] {
    fileprivate mutating func put(_ element: Element, at slot: Int) {
        put(element, at: slot, filler: Element(name: "", provider: "", region: "", model: ""))
    }
}

extension [String] {
    fileprivate mutating func put(_ element: Element, at slot: Int) { put(element, at: slot, filler: "") }
}

extension Array {
    /// Positions that nothing was put at yet get the filler.
    fileprivate mutating func put(_ element: Element, at slot: Int, filler: Element) {
        while count <= slot { append(filler) }
        self[slot] = element
    }
}
