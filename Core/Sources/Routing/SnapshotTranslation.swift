// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Ids of one snapshot expressed in the next one's, by name.
///
/// Because ids are positions, whoever keeps one across `Router.adopt` (a live attempt, an `AttemptMachine`, the
/// features of a request that may still retry) must translate it. `nil` means gone: the router has already given back
/// what such an endpoint's attempts held, so nothing is to be reported for them any more.
public struct SnapshotTranslation: Sendable {
    let endpoints: [EndpointID?]
    let routes: [RouteID?]
    let regions: [RegionID?]

    init(from source: RoutingSnapshot, to target: RoutingSnapshot) {
        endpoints = Self.positions(of: source.endpoints.map(\.name), in: target.endpoints.map(\.name)).map {
            $0.map { EndpointID($0) }
        }
        routes = Self.positions(of: source.routes.map(\.name), in: target.routes.map(\.name)).map {
            $0.map { RouteID($0) }
        }
        regions = Self.positions(of: source.regions.map(\.name), in: target.regions.map(\.name)).map {
            $0.map { RegionID($0) }
        }
    }

    /// - Returns: `nil` for an endpoint that is gone or was never there.
    public func endpoint(_ id: EndpointID) -> EndpointID? {
        Int(id.index) < endpoints.count ? endpoints[Int(id.index)] : nil
    }
    public func route(_ id: RouteID) -> RouteID? { Int(id.index) < routes.count ? routes[Int(id.index)] : nil }
    public func region(_ id: RegionID) -> RegionID? { Int(id.index) < regions.count ? regions[Int(id.index)] : nil }

    /// - Returns: `nil` when the route is gone, or the only endpoint that could serve it: such a request ends with what it has.
    public func features(_ features: RequestFeatures) -> RequestFeatures? {
        guard let route = route(features.route) else { return nil }
        var translated = features
        translated.route = route
        translated.callerRegion = features.callerRegion.flatMap { region($0) }
        if let pinned = features.pinned {
            guard let endpoint = endpoint(pinned) else { return nil }
            translated.pinned = endpoint
        }
        return translated
    }

    private static func positions(of names: [String], in target: [String]) -> [Int?] {
        var positionByName: [String: Int] = [:]
        for (position, name) in target.enumerated() { positionByName[name] = position }
        return names.map { positionByName[$0] }
    }
}
