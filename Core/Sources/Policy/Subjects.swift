// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// The two sides of a question, as bits at the moment of some `Rules`.

/// A profile.
struct Demand {
    let subjects: JurisdictionSet
    let classes: CaseSet<DataClass>
    let isPublicOnly: Bool
    let purpose: CaseSet<Purpose>
    let regimes: Set<String>
    let mechanisms: Set<String>
    /// `nil`: no limit of its own.
    let within: JurisdictionSet?
    let retentionMax: TimeSpan?
    let attestationAgeMax: TimeSpan?

    init(_ profile: ResidencyProfile, _ rules: Rules) {
        subjects = rules.atlas.bound(profile.subjects)
        classes = profile.classes.isEmpty ? .all : CaseSet(profile.classes)
        isPublicOnly = profile.classes == [.public]
        purpose = CaseSet([profile.purpose ?? .inference])
        regimes = profile.regimes
        mechanisms = profile.mechanisms
        within = profile.within.map { rules.atlas.cover($0) }
        retentionMax = profile.retentionMax
        attestationAgeMax = profile.attestationAgeMax
    }
}

/// An endpoint.
struct Offer {
    /// In the order of `Facet`.
    let sets: [JurisdictionSet]
    let processor: String?
    let retention: TimeSpan?
    let attestedAt: WallTime?
    /// A contract keeps the model away from it, whoever asks.
    let right: Refutation?

    init(_ facts: EndpointFacts, _ rules: Rules) {
        let stated = facts.residency.flatMap { $0.span(rules.clockError).contains(rules.time) ? $0 : nil }
        let sets = Facet.allCases.map { rules.atlas.reach(stated?.facets[$0]) }
        self.sets = sets
        processor = stated?.processor
        retention = stated?.retention
        attestedAt = stated?.attestedAt
        right = Rights.refutation(facts, reach: sets, rules)
    }

    /// Of which only this is known.
    init(processor: String?, retention: TimeSpan?) {
        sets = Facet.allCases.map { _ in .anywhere }
        self.processor = processor
        self.retention = retention
        attestedAt = nil
        right = nil
    }

    subscript(facet: Facet) -> JurisdictionSet { sets[facet.position] }
}

extension Facet {
    var position: Int {
        switch self {
        case .process: 0
        case .store: 1
        case .humanReview: 2
        case .supportAccess: 3
        case .legalControl: 4
        case .keyCustody: 5
        }
    }
}
