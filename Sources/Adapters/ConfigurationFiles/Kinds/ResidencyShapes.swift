// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// What endpoints state and what tenants and keys demand: the `residency` sections.

/// A facet as it is written; nothing written is the same as `anywhere`.
enum FacetStatement {
    case anywhere
    case closed(ClosedSet)

    var set: ClosedSet? {
        switch self {
        case .anywhere: nil
        case .closed(let set): set
        }
    }
}

extension Shape where Value == EndpointResidency {
    static let endpointResidency = Shape.object { fields in
        var facets: [Facet: ClosedSet] = [:]
        for facet in Facet.allCases {
            facets[facet] = fields.optional(facet.rawValue, .facetStatement)?.set
        }
        let processor = fields.optional("processor", .name)
        let retention = fields.optional("retention", .retention)
        let attestedAt = fields.optional("attestedAt", .beginning)
        let notAfter = fields.required("notAfter", .end)
        let source = fields.source()
        guard let notAfter, let source else { return nil }
        return EndpointResidency(
            facets: facets, processor: processor, retention: retention, attestedAt: attestedAt, notAfter: notAfter,
            source: source)
    }
}

extension Shape where Value == FacetStatement {
    static let facetStatement = Shape<[String]>.places
        .or("nowhere", FacetStatement.closed(.nowhere)) { .closed(.within($0)) }
        .or("anywhere", .anywhere) { $0 }
}

extension Shape where Value == ResidencyProfile {
    static let residencyProfile = Shape.object { fields in
        let subjects = fields.required("subjects", .subjects)
        let classes = fields.required("classes", .setOf(DataClass.self))
        let purpose = fields.optional("purpose", .oneOf(Purpose.self))
        let regimes = fields.regimes()
        let mechanisms = fields.mechanisms()
        let within = fields.optional("within", .places)
        let retentionMax = fields.optional("retentionMax", .retention)
        let attestationAgeMax = fields.optional("attestationAgeMax", .retention)
        guard let subjects, let classes else { return nil }
        return ResidencyProfile(
            subjects: subjects.names, classes: classes, purpose: purpose, regimes: regimes ?? [],
            mechanisms: mechanisms ?? [], within: within, retentionMax: retentionMax,
            attestationAgeMax: attestationAgeMax)
    }
}

extension Shape where Value == ResidencyNarrowing {
    static let residencyNarrowing = Shape.object { fields in
        ResidencyNarrowing(
            subjects: fields.optional("subjects", .places) ?? [],
            classes: fields.optional("classes", .setOf(DataClass.self)) ?? [], regimes: fields.regimes() ?? [],
            purpose: fields.optional("purpose", .oneOf(Purpose.self)), mechanisms: fields.mechanisms(),
            within: fields.optional("within", .places), retentionMax: fields.optional("retentionMax", .retention),
            attestationAgeMax: fields.optional("attestationAgeMax", .retention))
    }
}

extension Fields {
    fileprivate func regimes() -> Set<String>? {
        optional("regimes", .list(.reference(to: .residencyPolicy), count: 1...256).unique("regime", by: \.self))
            .map { Set($0) }
    }

    fileprivate func mechanisms() -> Set<String>? {
        optional(
            "mechanisms",
            .list(.reference(to: .transferMechanism), count: 1...256).unique("mechanism", by: \.self)
                .or("none", []) { $0 }
        ).map { Set($0) }
    }
}

/// Whose people the data is about: `anyone` has no list.
struct SubjectStatement { var names: [String]? }

extension Shape where Value == SubjectStatement {
    static let subjects = Shape<[String]>.places.or("anyone", SubjectStatement(names: nil)) {
        SubjectStatement(names: $0)
    }
}
