// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// The documents as they stand at one moment: what is out of its time is left out, names are bits.
struct Rules {
    let time: WallTime
    let clockError: TimeSpan
    let bundle: String
    /// Only public data may pass.
    let isStale: Bool
    let atlas: Atlas
    let regimes: [Regime]
    let rights: [PlacementRight]

    struct Regime {
        let name: String
        let subjects: JurisdictionSet
        let classes: CaseSet<DataClass>
        let isByName: Bool
        let facets: CaseSet<Facet>
        let home: JurisdictionSet
        /// Those that can be relied on now.
        let mechanisms: [Mechanism]
        /// All that name the regime, for what would cure a refusal.
        let declared: [Mechanism]
    }

    struct Mechanism {
        let name: String
        let kind: TransferMechanism.Kind
        let to: JurisdictionSet
        let facets: CaseSet<Facet>
        let classes: CaseSet<DataClass>
        let purposes: CaseSet<Purpose>
        /// `nil`: any.
        let processors: Set<String>?
        let retentionMax: TransferMechanism.RetentionLimit?
        let isOptIn: Bool
    }

    /// - Parameter ignoringRegimesTimes: also regimes that are not in force, for questions about one of them.
    init(_ documents: PolicyDocuments, at time: WallTime, ignoringRegimesTimes: Bool = false) {
        let clockError = documents.bundle.clockErrorMax
        let atlas = Atlas(documents.unions, at: time, clockError: clockError)
        self.time = time
        self.clockError = clockError
        self.atlas = atlas
        bundle = documents.bundle.name
        isStale = !documents.bundle.span.contains(time)
        rights = documents.rights
        let inForce = documents.regimes.filter { ignoringRegimesTimes || $0.span(clockError).contains(time) }
        regimes = inForce.map { regime in
            let mechanisms = documents.mechanisms.filter { $0.regime == regime.name }
            let applies = regime.appliesTo
            return Regime(
                name: regime.name, subjects: atlas.bound(applies?.subjects),
                classes: applies?.classes.map { CaseSet($0) } ?? .all, isByName: applies?.isByName ?? false,
                facets: regime.constrains.map { CaseSet($0) } ?? .all, home: atlas.cover(regime.home ?? []),
                mechanisms: mechanisms.filter { $0.isReliable && $0.span(clockError).contains(time) }
                    .map { Mechanism($0, atlas) },
                declared: mechanisms.map { Mechanism($0, atlas) })
        }
    }
}

extension Rules.Mechanism {
    init(_ mechanism: TransferMechanism, _ atlas: Atlas) {
        name = mechanism.name
        kind = mechanism.kind
        switch mechanism.to {
        case nil: to = .nowhere
        case .anyCountry: to = .everyCountry
        case .listed(let names): to = atlas.cover(names)
        }
        facets = CaseSet(mechanism.facets ?? [])
        classes = CaseSet(mechanism.classes ?? [])
        purposes = CaseSet(mechanism.purposes ?? [])
        switch mechanism.processors {
        case nil: processors = []
        case .any: processors = nil
        case .listed(let names): processors = names
        }
        retentionMax = mechanism.retentionMax
        isOptIn = mechanism.isOptIn ?? true
    }
}

// MARK: - When documents count

extension PolicyBundle {
    var span: Span { Span(permissionFrom: .distantPast, to: notAfter, clockError: clockErrorMax) }
}

extension ResidencyPolicy {
    func span(_ clockError: TimeSpan) -> Span {
        Span(prohibitionFrom: validFrom, to: validTo, clockError: clockError)
    }
}

extension TransferMechanism {
    func span(_ clockError: TimeSpan) -> Span { Span(permissionFrom: notBefore, to: notAfter, clockError: clockError) }

    /// Without evidence nothing makes it lawful; rules of a group bind its members only.
    var isReliable: Bool {
        guard let evidence, !evidence.isEmpty else { return false }
        return kind != .bcr || processors != .any
    }
}

extension EndpointResidency {
    func span(_ clockError: TimeSpan) -> Span {
        Span(permissionFrom: .distantPast, to: notAfter, clockError: clockError)
    }
}
