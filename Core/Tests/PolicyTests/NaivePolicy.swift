// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import ResourceTypes

/// The decision rule once more, by strings, lists and nested loops, written from the rule's text and not from the
/// compiler: what the compiled table is compared with. It uses the declared values only, and nothing that interns,
/// packs or resolves them.
struct NaivePolicy {
    static let anywhere = "⊤"

    let documents: PolicyDocuments
    let time: Int64
    let delta: Int64

    init(_ documents: PolicyDocuments, at time: WallTime) {
        self.documents = documents
        self.time = time.unixNanoseconds
        delta = documents.bundle.clockErrorMax.nanoseconds
    }

    /// `nil`: permitted. Otherwise what the refusal has to name.
    func refusal(_ profile: ResidencyProfile, _ endpoint: EndpointFacts) -> String? {
        if !allowed(from: .distantPast, to: documents.bundle.notAfter), profile.classes != [.public] { return "stale" }
        for regime in documents.regimes where isInForce(regime) && applies(regime, to: profile) {
            for facet in Facet.allCases where regime.constrains?.contains(facet) ?? true {
                for place in reach(endpoint, facet) {
                    if let refusal = refusal(regime, facet, place, profile, endpoint) { return refusal }
                }
            }
        }
        return limitRefusal(profile, endpoint) ?? rightRefusal(endpoint)
    }

    /// By which names a permitted place is covered: `home` or the mechanism.
    func basis(_ regime: ResidencyPolicy, _ facet: Facet, _ place: String, _ p: ResidencyProfile, _ e: EndpointFacts)
        -> String?
    {
        if allowedPlaces(regime.home ?? []).contains(place) { return "home" }
        return documents.mechanisms.first { covers($0, regime, facet, place, p, e, ignoringRetention: false) }?.name
    }

    private func refusal(
        _ regime: ResidencyPolicy, _ facet: Facet, _ place: String, _ p: ResidencyProfile, _ e: EndpointFacts
    ) -> String? {
        if basis(regime, facet, place, p, e) != nil { return nil }
        let isTooLong = documents.mechanisms.contains {
            covers($0, regime, facet, place, p, e, ignoringRetention: true)
        }
        return "\(regime.name) \(isTooLong ? "store" : facet.rawValue) \(place == Self.anywhere ? "anywhere" : place)"
    }

    // MARK: Time

    private func allowed(from start: WallTime?, to end: WallTime?) -> Bool {
        guard let start, let end else { return false }
        let hasBegun = start == .distantPast || time >= start.unixNanoseconds + delta
        let hasEnded = end != .distantFuture && time > end.unixNanoseconds - delta
        return start != .distantFuture && end != .distantPast && hasBegun && !hasEnded
    }

    private func forbidden(from start: WallTime?, to end: WallTime?) -> Bool {
        if let start, time < start.unixNanoseconds - delta { return false }
        if let end, end != .distantFuture, time > end.unixNanoseconds + delta { return false }
        return true
    }

    private func isInForce(_ regime: ResidencyPolicy) -> Bool {
        forbidden(from: regime.validFrom, to: regime.validTo)
    }

    // MARK: Places

    private func union(_ name: String) -> JurisdictionUnion? { documents.unions.first { $0.name == name } }

    private func isCurrent(_ union: JurisdictionUnion) -> Bool {
        allowed(from: union.validFrom ?? .distantPast, to: union.validTo ?? .distantFuture)
    }

    private func allowedPlaces(_ names: [String]) -> [String] {
        names.flatMap { name in union(name).map { isCurrent($0) ? $0.members : [] } ?? [name] }
            .filter { Universe.countries.contains($0) }
    }

    /// `nil`: every place there is.
    private func boundPlaces(_ names: [String]?) -> [String]? {
        guard let names else { return nil }
        let places = names.flatMap { union($0)?.members ?? [$0] }
        return places.allSatisfy { Universe.countries.contains($0) } ? places : nil
    }

    private func meets(_ a: [String]?, _ b: [String]?) -> Bool {
        guard let a, let b else { return !(a?.isEmpty ?? false) && !(b?.isEmpty ?? false) }
        return a.contains { b.contains($0) }
    }

    /// Alphabetical, "anywhere" last.
    func reach(_ endpoint: EndpointFacts, _ facet: Facet) -> [String] {
        guard let stated = statements(endpoint), let set = stated.facets[facet] else { return [Self.anywhere] }
        guard case .within(let names) = set else { return [] }
        if names.isEmpty { return [Self.anywhere] }
        var places: [String] = []
        for name in names {
            let members = union(name).map { isCurrent($0) ? $0.members : [Self.anywhere] } ?? [name]
            for member in members {
                let place = Universe.countries.contains(member) ? member : Self.anywhere
                if !places.contains(place) { places.append(place) }
            }
        }
        // A union out of its time makes the whole statement worthless.
        if names.contains(where: { union($0).map { !isCurrent($0) } ?? false }) { return [Self.anywhere] }
        return places.sorted { ($0 == Self.anywhere ? "ZZZ" : $0) < ($1 == Self.anywhere ? "ZZZ" : $1) }
    }

    private func statements(_ endpoint: EndpointFacts) -> EndpointResidency? {
        guard let residency = endpoint.residency, allowed(from: .distantPast, to: residency.notAfter) else {
            return nil
        }
        return residency
    }

    // MARK: Regimes

    private func applies(_ regime: ResidencyPolicy, to p: ResidencyProfile) -> Bool {
        let classes = p.classes.isEmpty ? Set(DataClass.allCases) : p.classes
        if let scope = regime.appliesTo?.classes, scope.isDisjoint(with: classes) { return false }
        if p.regimes.contains(regime.name) { return true }
        if regime.appliesTo?.isByName ?? false { return false }
        return meets(boundPlaces(regime.appliesTo?.subjects), boundPlaces(p.subjects))
    }

    private func covers(
        _ m: TransferMechanism, _ regime: ResidencyPolicy, _ facet: Facet, _ place: String, _ p: ResidencyProfile,
        _ e: EndpointFacts, ignoringRetention: Bool
    ) -> Bool {
        guard m.regime == regime.name, allowed(from: m.notBefore, to: m.notAfter), m.evidence?.isEmpty == false else {
            return false
        }
        if m.kind == .bcr, m.processors == .any { return false }
        if m.isOptIn ?? true, !p.mechanisms.contains(m.name) { return false }
        guard m.facets?.contains(facet) ?? false, m.purposes?.contains(p.purpose ?? .inference) ?? false else {
            return false
        }
        let classes = p.classes.isEmpty ? Set(DataClass.allCases) : p.classes
        guard let covered = m.classes, classes.isSubset(of: covered) else { return false }
        guard isDestination(place, of: m), isProcessor(e, of: m) else { return false }
        return ignoringRetention || isShort(m, e)
    }

    private func isDestination(_ place: String, of m: TransferMechanism) -> Bool {
        switch m.to {
        case nil: false
        case .anyCountry: place != Self.anywhere
        case .listed(let names): allowedPlaces(names).contains(place)
        }
    }

    private func isProcessor(_ e: EndpointFacts, of m: TransferMechanism) -> Bool {
        switch m.processors {
        case nil: return false
        case .any: return true
        case .listed(let names):
            guard let processor = statements(e)?.processor else { return false }
            return names.contains(processor)
        }
    }

    private func isShort(_ m: TransferMechanism, _ e: EndpointFacts) -> Bool {
        switch m.retentionMax {
        case nil: return false
        case .unlimited: return true
        case .atMost(let limit):
            guard let retention = statements(e)?.retention else { return false }
            return retention.nanoseconds <= limit.nanoseconds
        }
    }

    // MARK: What regimes do not ask

    private func limitRefusal(_ p: ResidencyProfile, _ e: EndpointFacts) -> String? {
        if let within = p.within {
            let places = allowedPlaces(within)
            for facet in [Facet.process, .store] {
                for place in reach(e, facet) where !places.contains(place) { return "profile \(facet.rawValue)" }
            }
        }
        if let limit = p.retentionMax {
            guard let retention = statements(e)?.retention, retention <= limit else { return "profile retention" }
        }
        if let age = p.attestationAgeMax {
            guard let attestedAt = statements(e)?.attestedAt,
                allowed(from: attestedAt, to: WallTime(unixNanoseconds: attestedAt.unixNanoseconds + age.nanoseconds))
            else { return "profile attestation" }
        }
        return nil
    }

    private func rightRefusal(_ e: EndpointFacts) -> String? {
        let hasLicence = documents.rights.contains {
            isLicence($0) && $0.subject.models?.contains(e.model) == true && $0.holders?.contains(e.provider) == true
                && allowed(from: $0.notBefore, to: $0.notAfter)
        }
        for right in documents.rights where concerns(right, e) {
            let isDenied =
                isLicence(right)
                ? !hasLicence && (right.holders == nil || right.holders?.contains(e.provider) == true)
                : denies(right, e)
            if isDenied { return "right \(right.name)" }
        }
        return nil
    }

    private func isLicence(_ right: PlacementRight) -> Bool {
        if case .licence = right.term { true } else { false }
    }

    private func concerns(_ right: PlacementRight, _ e: EndpointFacts) -> Bool {
        if let vendor = right.subject.vendor {
            if e.origin.hasNoRights { return false }
            guard vendor == e.origin.vendor || e.origin.vendor == nil else { return false }
        }
        if let family = right.subject.family {
            if e.origin.hasNoRights { return false }
            guard family == e.origin.family || e.origin.family == nil else { return false }
        }
        if let models = right.subject.models, !models.contains(e.model) { return false }
        return isLicence(right) || !right.carveOuts.contains(e.provider)
    }

    private func denies(_ right: PlacementRight, _ e: EndpointFacts) -> Bool {
        guard forbidden(from: right.notBefore, to: right.notAfter) else { return false }
        let process = reach(e, .process)
        if let scope = right.scope, !process.contains(Self.anywhere), !meets(boundPlaces(scope), process) {
            return false
        }
        switch right.term {
        case .licence: return false
        case .exclusivity: return right.holders?.contains(e.provider) != true
        case .firstAccess(let available, let window, let declinedOn):
            if right.holders?.contains(e.provider) == true { return false }
            var openings: [Int64] = []
            if let available, let window { openings.append(available.unixNanoseconds + window.nanoseconds + delta) }
            if let declinedOn { openings.append(declinedOn.unixNanoseconds + delta) }
            return !openings.contains { $0 <= time }
        case .territory(let names):
            let places = allowedPlaces(names)
            return process.contains { !places.contains($0) }
        case .exportControl(let names):
            let banned = boundPlaces(names)
            return [Facet.process, .store, .legalControl].contains { facet in
                reach(e, facet).contains { $0 == Self.anywhere || banned?.contains($0) ?? true }
            }
        }
    }
}

extension Verdict {
    /// In the words of `NaivePolicy.refusal`.
    var refusalText: String? {
        guard case .deny(let refutation) = self else { return nil }
        switch refutation.kind {
        case .stale: return "stale"
        case .regime:
            return "\(refutation.rule) \(refutation.facet?.rawValue ?? "?") \(refutation.jurisdiction?.code ?? "?")"
        case .within: return "profile \(refutation.facet?.rawValue ?? "?")"
        case .retention: return "profile retention"
        case .attestation: return "profile attestation"
        case .right: return "right \(refutation.rule)"
        }
    }
}
