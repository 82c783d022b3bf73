// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

extension Rules {
    /// The one decision: whether bytes of this profile may go to this endpoint at the rules' moment.
    ///
    /// Denies unless each place that each facet can reach is at home in every regime that applies, or covered by one of
    /// its mechanisms for the whole set of classes; then the profile's own limits and the model's placement rights.
    /// The first refutation is by regime (name), facet, jurisdiction, then the order below.
    func verdict(_ demand: Demand, _ offer: Offer) -> Verdict {
        if isStale, !demand.isPublicOnly { return .deny(Refutation(kind: .stale, rule: bundle)) }
        var witness = Witness()
        for regime in regimes where regime.applies(to: demand) {
            if let refutation = regime.refutation(demand, offer, &witness) { return .deny(refutation) }
        }
        if let refutation = demand.ownRefutation(offer, self) ?? offer.right { return .deny(refutation) }
        return .permit(witness)
    }
}

extension Rules.Regime {
    func applies(to demand: Demand) -> Bool {
        guard classes.intersects(demand.classes) else { return false }
        return demand.regimes.contains(name) || !isByName && subjects.intersects(demand.subjects)
    }

    /// One place for one facet by itself.
    func allows(_ place: Jurisdiction, facetAt position: Int, _ demand: Demand, _ offer: Offer) -> Bool {
        guard facets.contains(at: position) else {
            return mechanisms.contains { $0.covers(place, position, demand, offer) }
        }
        return home.contains(place) || mechanisms.contains { $0.covers(place, position, demand, offer) }
    }

    /// Adds what allows each place to `witness`, up to the first that nothing allows.
    func refutation(_ demand: Demand, _ offer: Offer, _ witness: inout Witness) -> Refutation? {
        for (position, facet) in Facet.allCases.enumerated() where facets.contains(at: position) {
            let reach = offer.sets[position]
            let atHome = reach.intersection(home)
            if !atHome.isEmpty || reach.isEmpty { witness.add(name, facet, atHome, .home) }
            var rest = reach.subtracting(home)
            for mechanism in mechanisms where !rest.isEmpty {
                let covered = rest.intersection(mechanism.to)
                guard !covered.isEmpty, mechanism.admits(demand, offer, facetAt: position),
                    mechanism.keepsShort(offer)
                else { continue }
                witness.add(name, facet, covered, .mechanism(mechanism.name))
                rest = rest.subtracting(covered)
            }
            if let place = rest.first { return refutation(demand, offer, facet, place) }
        }
        return nil
    }

    private func refutation(_ demand: Demand, _ offer: Offer, _ facet: Facet, _ place: Jurisdiction) -> Refutation {
        // What fails by retention alone is a matter of storage, wherever it was asked for.
        if let mechanism = mechanisms.first(where: {
            $0.to.contains(place) && $0.admits(demand, offer, facetAt: facet.position)
        }) {
            return Refutation(
                kind: .regime, rule: name, facet: .store, jurisdiction: place, mechanism: mechanism.name)
        }
        let cures = Set(
            declared.filter { $0.to.contains(place) && $0.facets.contains(at: facet.position) }.map(\.kind))
        return Refutation(
            kind: .regime, rule: name, facet: facet, jurisdiction: place,
            cures: TransferMechanism.Kind.allCases.filter { cures.contains($0) })
    }
}

extension Rules.Mechanism {
    /// Whether it is for this data, use and processor at all.
    func admits(_ demand: Demand, _ offer: Offer, facetAt position: Int) -> Bool {
        guard facets.contains(at: position), demand.classes.isSubset(of: classes),
            demand.purpose.isSubset(of: purposes), !isOptIn || demand.mechanisms.contains(name)
        else { return false }
        guard let processors else { return true }
        return offer.processor.map { processors.contains($0) } ?? false
    }

    fileprivate func covers(_ place: Jurisdiction, _ position: Int, _ demand: Demand, _ offer: Offer) -> Bool {
        to.contains(place) && admits(demand, offer, facetAt: position) && keepsShort(offer)
    }

    /// Whether the endpoint forgets soon enough.
    func keepsShort(_ offer: Offer) -> Bool {
        switch retentionMax {
        case nil: false
        case .unlimited: true
        case .atMost(let limit): offer.retention.map { $0 <= limit } ?? false
        }
    }
}

extension Demand {
    /// The profile's own limits, which no regime has to ask for.
    fileprivate func ownRefutation(_ offer: Offer, _ rules: Rules) -> Refutation? {
        if let within {
            for facet in [Facet.process, .store] {
                guard let place = offer[facet].subtracting(within).first else { continue }
                return Refutation(kind: .within, rule: "profile", facet: facet, jurisdiction: place)
            }
        }
        if let retentionMax, !(offer.retention.map { $0 <= retentionMax } ?? false) {
            return Refutation(kind: .retention, rule: "profile", facet: .store)
        }
        guard let attestationAgeMax else { return nil }
        let span = Span(
            permissionFrom: offer.attestedAt, to: offer.attestedAt.map { $0 + attestationAgeMax },
            clockError: rules.clockError)
        return span.contains(rules.time) ? nil : Refutation(kind: .attestation, rule: "profile")
    }
}

extension Witness {
    fileprivate mutating func add(_ regime: String, _ facet: Facet, _ places: JurisdictionSet, _ basis: Basis) {
        steps.append(Step(regime: regime, facet: facet, jurisdictions: places, basis: basis))
    }
}
