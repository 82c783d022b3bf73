// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Whether contracts let a model run at an endpoint now, whoever asks.
enum Rights {
    /// - Parameter reach: the endpoint's sets in the order of `Facet`.
    /// - Returns: the first right, by name, that keeps the model away.
    static func refutation(_ facts: EndpointFacts, reach: [JurisdictionSet], _ rules: Rules) -> Refutation? {
        let bound = rules.rights.filter { $0.binds(facts, reach: reach, rules) }
        let isLicensed = rules.rights.contains { $0.licenses(facts, at: rules.time, rules.clockError) }
        return bound.first { right in
            right.term == .licence
                ? !isLicensed && (right.holders == nil || right.isHeld(by: facts.provider))
                : right.denies(facts.provider, reach: reach, rules)
        }.map { Refutation(kind: .right, rule: $0.name, term: $0.term.name) }
    }
}

extension PlacementRight {
    fileprivate func isHeld(by provider: String) -> Bool { holders?.contains(provider) ?? false }

    func span(_ clockError: TimeSpan) -> Span {
        term == .licence
            ? Span(permissionFrom: notBefore, to: notAfter, clockError: clockError)
            : Span(prohibitionFrom: notBefore, to: notAfter, clockError: clockError)
    }

    /// A licence allows the models it lists; whom it binds by vendor or family it only binds.
    fileprivate func licenses(_ facts: EndpointFacts, at time: WallTime, _ clockError: TimeSpan) -> Bool {
        term == .licence && isHeld(by: facts.provider) && subject.models?.contains(facts.model) ?? false
            && span(clockError).contains(time)
    }

    /// From which moment on others may have the subject too; `nil`: none in sight.
    func openFrom(_ clockError: TimeSpan) -> WallTime? {
        guard case .firstAccess(let available, let window, let declinedOn) = term else { return nil }
        let lapsed = available.flatMap { available in window.map { available + $0 } }
        return [lapsed, declinedOn].compactMap(\.self).min().map { $0 + clockError }
    }

    fileprivate func binds(_ facts: EndpointFacts, reach: [JurisdictionSet], _ rules: Rules) -> Bool {
        guard subject.matches(facts) else { return false }
        // A licence also speaks outside of its time: that it has lapsed.
        if term == .licence { return true }
        guard !carveOuts.contains(facts.provider), span(rules.clockError).contains(rules.time) else { return false }
        let process = reach[Facet.process.position]
        return process.contains(.anywhere) || scope == nil || process.intersects(rules.atlas.bound(scope))
    }

    fileprivate func denies(_ provider: String, reach: [JurisdictionSet], _ rules: Rules) -> Bool {
        switch term {
        case .licence: return false
        case .exclusivity: return !isHeld(by: provider)
        case .firstAccess:
            if isHeld(by: provider) { return false }
            return openFrom(rules.clockError).map { rules.time < $0 } ?? true
        case .territory(let places):
            return !reach[Facet.process.position].isSubset(of: rules.atlas.cover(places))
        case .exportControl(let places):
            let banned = rules.atlas.bound(places).union(.anywhere)
            return [Facet.process, .store, .legalControl].contains { reach[$0.position].intersects(banned) }
        }
    }
}

extension PlacementRight.Subject {
    /// A model of which nobody said whose it is may be anybody's; one that is nobody's is bound by its name only.
    fileprivate func matches(_ facts: EndpointFacts) -> Bool {
        func isSame(_ stated: String?, _ actual: String?) -> Bool {
            guard let stated else { return true }
            return !facts.origin.hasNoRights && (actual.map { $0 == stated } ?? true)
        }
        return isSame(vendor, facts.origin.vendor) && isSame(family, facts.origin.family)
            && models?.contains(facts.model) ?? true
    }
}
