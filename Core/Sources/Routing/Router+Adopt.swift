// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Synchronization

extension Router {
    /// Takes over a newer snapshot. What was learned about endpoints, routes and tiers that are still there stays, by
    /// name.
    ///
    /// - Returns: the old ids in terms of the new ones, for whatever the caller keeps of live requests. For an endpoint
    ///   that is gone the router has already given back what this loop's attempts held: do not report them as `ended`.
    @discardableResult
    public mutating func adopt(_ snapshot: RoutingSnapshot) -> SnapshotTranslation {
        let translation = SnapshotTranslation(from: self.snapshot, to: snapshot)
        let layout = SnapshotLayout(snapshot)
        var endpoints = Slab(layout.endpoints)
        var routes = Slab(layout.routes)
        var tiers = Slab(layout.tiers)
        moveEndpoints(to: &endpoints, snapshot, translation)
        moveRoutes(to: &routes, &tiers, snapshot, translation)
        prefixes.translate(translation)
        self.endpoints = endpoints
        self.routes = routes
        self.tiers = tiers
        members = Slab(layout.members)
        languages = Slab(layout.languages)
        roundTrips = Slab(layout.roundTrips)
        regionCount = snapshot.regions.count
        models = ModelTable(snapshot.routes)
        // Last: the old snapshot owns the rings that the old tiers point to.
        self.snapshot = snapshot
        return translation
    }

    private func moveEndpoints(
        to target: inout Slab<EndpointState>, _ snapshot: RoutingSnapshot, _ translation: SnapshotTranslation
    ) {
        for i in 0..<endpoints.count {
            let source = endpoints[i]
            guard let id = translation.endpoint(EndpointID(i)) else {
                (slots + Int(source.pointee.gaugeSlot)).pointee.inFlight.subtract(
                    Int(source.pointee.inFlightHere), ordering: .relaxed)
                continue
            }
            let destination = target[Int(id.index)]
            let (provider, languages) = (destination.pointee.provider, destination.pointee.languages)
            let previousSlot = source.pointee.gaugeSlot
            destination.pointee = source.pointee
            destination.pointee.adopt(
                snapshot.endpoints[Int(id.index)], provider: provider, languages: languages)
            moveInFlight(
                Int(source.pointee.inFlightHere), from: Int(previousSlot), to: Int(destination.pointee.gaugeSlot))
        }
    }

    /// An endpoint's document may have been split or merged, and so have got another slot: its running requests move
    /// along.
    private func moveInFlight(_ count: Int, from source: Int, to target: Int) {
        guard source != target, count > 0 else { return }
        (slots + source).pointee.inFlight.subtract(count, ordering: .relaxed)
        (slots + target).pointee.inFlight.add(count, ordering: .relaxed)
    }

    private func moveRoutes(
        to routes: inout Slab<RouteState>, _ tiers: inout Slab<TierState>, _ snapshot: RoutingSnapshot,
        _ translation: SnapshotTranslation
    ) {
        for i in 0..<self.routes.count {
            guard let id = translation.route(RouteID(i)) else { continue }
            let source = self.routes[i]
            let target = routes[Int(id.index)]
            target.pointee.hedges = source.pointee.hedges
            target.pointee.outputTokens = source.pointee.outputTokens
            let names = snapshot.routes[Int(id.index)].tiers.map(\.name)
            for (position, tier) in self.snapshot.routes[i].tiers.enumerated() {
                guard let newPosition = names.firstIndex(of: tier.name) else { continue }
                tiers[target.pointee.tiers.start + newPosition].pointee.gate =
                    self.tiers[source.pointee.tiers.start + position].pointee.gate
            }
        }
    }
}
