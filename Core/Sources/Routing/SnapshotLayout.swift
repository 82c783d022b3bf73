// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// A snapshot flattened into the arrays a router works on, with nothing learned yet.
struct SnapshotLayout {
    let endpoints: [EndpointState]
    let routes: [RouteState]
    let tiers: [TierState]
    let members: [EndpointID]
    /// Of all endpoints, one after the other.
    let languages: [LanguageCode]
    /// Seconds.
    let roundTrips: [Double]

    init(_ snapshot: RoutingSnapshot) {
        let providers = Self.providerNumbers(snapshot.endpoints)
        var languages: [LanguageCode] = []
        endpoints = zip(snapshot.endpoints, providers).map { record, provider in
            let section = Section(start: languages.count, count: record.languages.count)
            // Sorted, so that a language is found by binary search.
            languages += record.languages.sorted()
            return EndpointState(record, provider: provider, languages: section)
        }
        self.languages = languages
        var routes: [RouteState] = []
        var tiers: [TierState] = []
        var members: [EndpointID] = []
        for (route, rings) in zip(snapshot.routes, snapshot.rings) {
            routes.append(RouteState(route, tiers: Section(start: tiers.count, count: route.tiers.count)))
            for (tier, ring) in zip(route.tiers, rings) {
                let section = Section(start: members.count, count: tier.endpoints.count)
                // Sorted, so that membership is a binary search.
                members += tier.endpoints.sorted()
                tiers.append(TierState(members: section, weights: ScoreWeights(tier.objective), ring: ring?.points))
            }
        }
        self.routes = routes
        self.tiers = tiers
        self.members = members
        roundTrips = snapshot.roundTripNanoseconds.map { Double($0) / 1e9 }
    }

    /// A number per provider name, by endpoint.
    static func providerNumbers(_ endpoints: [EndpointRecord]) -> [UInt16] {
        var numberByName: [String: UInt16] = [:]
        for endpoint in endpoints where numberByName[endpoint.provider] == nil {
            numberByName[endpoint.provider] = UInt16(numberByName.count)
        }
        return endpoints.map { numberByName[$0.provider, default: 0] }
    }
}
