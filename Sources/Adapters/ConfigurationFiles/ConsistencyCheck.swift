// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// What no document can know alone.

extension DecodingContext {
    /// Every mentioned name must be declared, in whatever file.
    func checkReferences() {
        let names = Dictionary(grouping: declared.keys, by: \.kind).mapValues { $0.map(\.name).sorted() }
        for reference in references where declared[reference.subject] == nil {
            let (kind, name) = (reference.subject.kind, reference.subject.name)
            let known = names[kind] ?? []
            report(
                reference, "no \(kind.rawValue) is named \"\(ScalarText(text: name, isQuoted: true).shortened)\"",
                hint: known.isEmpty ? "there is no \(kind.rawValue) at all" : NearestName.hint(for: name, among: known))
        }
    }

    /// Amounts of two currencies cannot be compared or added.
    /// - Returns: the currency of all prices; USD when there is no price.
    func checkCurrencies() -> Currency {
        guard let first = currencies.first else { return .usd }
        for other in currencies where other.subject != first.subject {
            let place = "\(first.location.file):\(first.location.line)"
            report(
                other, "prices in \(other.subject.code), but in \(first.subject.code) at \(place)",
                hint: "state all prices in one currency")
        }
        return first.subject
    }

    func checkRoutes(of resources: DeclaredResources) {
        let served = Dictionary(resources.endpoints.map { ($0.name, $0.serves.map(\.model)) }) { first, _ in first }
        var owners: [String: String] = [:]
        for route in resources.routes {
            checkModelNames(of: route, owners: &owners)
            checkTiers(of: route, served: served)
        }
    }

    /// A public model name leads to one route.
    private func checkModelNames(of route: Route, owners: inout [String: String]) {
        for (index, name) in route.modelNames.enumerated() {
            guard let owner = owners.updateValue(route.name, forKey: name), owner != route.name else { continue }
            report(
                sources.problem(
                    at: ResourceName(.route, route.name), "spec.models[\(index)]",
                    "the model name \"\(name)\" already leads to Route \(owner)",
                    hint: "callers' model names must be unique"))
        }
    }

    /// Every endpoint of a route must serve its model, or one of them, and stand in one tier only.
    private func checkTiers(of route: Route, served: [String: [String]]) {
        var tierOf: [String: String] = [:]
        for (tierIndex, tier) in route.tiers.enumerated() {
            for (index, endpoint) in tier.endpoints.enumerated() {
                let path = "spec.tiers[\(tierIndex)].endpoints[\(index)]"
                func refuse(_ message: String, _ hint: String) {
                    report(sources.problem(at: ResourceName(.route, route.name), path, message, hint: hint))
                }
                if let models = served[endpoint], !models.contains(where: route.models.contains) {
                    let wanted = route.models.map { "\"\($0)\"" }.joined(separator: ", ")
                    refuse(
                        "Endpoint \(endpoint) does not serve the route's model \(wanted)",
                        "add the model to its spec.serves, which has \(models.prefix(8).joined(separator: ", "))")
                }
                if let other = tierOf.updateValue(tier.name, forKey: endpoint), other != tier.name {
                    refuse("Endpoint \(endpoint) is already in tier \(other)", "keep it in one tier")
                }
            }
        }
    }

    /// Both sides may state a round trip, but not two different ones.
    func checkRoundTrips(of regions: [Region]) {
        let stated = Dictionary(regions.map { ($0.name, $0.roundTrips) }) { first, _ in first }
        for region in regions {
            for (other, span) in region.roundTrips.sorted(by: { $0.key < $1.key }) where region.name < other {
                guard let back = stated[other]?[region.name], back != span else { continue }
                let spans = "\(DurationText.write(back)), but \(DurationText.write(span)) in Region \(region.name)"
                report(
                    sources.problem(
                        at: ResourceName(.region, other), "spec.roundTrips.\(region.name)", "stated as \(spans)",
                        hint: "round trips are symmetric: state each once"))
            }
        }
    }
}
