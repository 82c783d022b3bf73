// SPDX-License-Identifier: Apache-2.0
// Isobar

// Laws and contracts as dated values. Optional means "not stated" and reads as the strictest: a rule without an end goes
// on, a permission without an end has none to rely on. Where "for ever" is meant, `WallTime.distantFuture` says so.

/// A named set of jurisdictions, e.g. the European Union, valid for a time.
public struct JurisdictionUnion: Hashable, Sendable {
    public var name: String
    /// Country codes.
    public var members: [String]
    public var validFrom: WallTime?
    public var validTo: WallTime?
    public init(name: String, members: [String], validFrom: WallTime?, validTo: WallTime?) {
        self.name = name
        self.members = members
        self.validFrom = validFrom
        self.validTo = validTo
    }
}

/// One law, contract or tenant's rule: for whom, which facets, and where they are at home.
public struct ResidencyPolicy: Hashable, Sendable {
    /// To whom a regime applies. `nil`: all.
    public struct Applicability: Hashable, Sendable {
        /// Codes and unions; one subject among them suffices.
        public var subjects: [String]?
        /// One class among them suffices.
        public var classes: Set<DataClass>?
        /// Only to profiles that name the regime.
        public var isByName: Bool
        public init(subjects: [String]? = nil, classes: Set<DataClass>? = nil, isByName: Bool = false) {
            self.subjects = subjects
            self.classes = classes
            self.isByName = isByName
        }
    }

    public var name: String
    public var appliesTo: Applicability?
    /// `nil`: all.
    public var constrains: Set<Facet>?
    /// Where no mechanism is needed; codes and unions. `nil`: nowhere.
    public var home: [String]?
    /// `nil`: since ever.
    public var validFrom: WallTime?
    /// `nil`: for ever.
    public var validTo: WallTime?
    public var source: Source?

    public init(
        name: String, appliesTo: Applicability? = nil, constrains: Set<Facet>? = nil, home: [String]? = nil,
        validFrom: WallTime? = nil, validTo: WallTime? = nil, source: Source? = nil
    ) {
        self.name = name
        self.appliesTo = appliesTo
        self.constrains = constrains
        self.home = home
        self.validFrom = validFrom
        self.validTo = validTo
        self.source = source
    }
}

/// A lawful way to leave a regime's home.
public struct TransferMechanism: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case adequacy
        /// Standard contractual clauses, with a transfer impact assessment as evidence.
        case scc
        /// Binding corporate rules: for the members of the group, so processors must be listed.
        case bcr
        case consent, statutoryPermit, contractual
    }

    public enum Destination: Hashable, Sendable {
        /// Every country, but not "anywhere": an endpoint still has to say where.
        case anyCountry
        /// Codes and unions.
        case listed([String])
    }

    public enum Processors: Hashable, Sendable {
        case any
        case listed(Set<String>)
    }

    public enum RetentionLimit: Hashable, Sendable {
        case unlimited
        case atMost(TimeSpan)
    }

    public var name: String
    public var kind: Kind
    /// The regime that admits it; `nil`: none does.
    public var regime: String?
    public var to: Destination?
    public var facets: Set<Facet>?
    /// Must hold all classes of a profile: two mechanisms that cover half each do not add up.
    public var classes: Set<DataClass>?
    public var purposes: Set<Purpose>?
    public var processors: Processors?
    /// What an endpoint's retention must not exceed; `nil`: none is short enough.
    public var retentionMax: RetentionLimit?
    public var notBefore: WallTime?
    public var notAfter: WallTime?
    /// The decision, assessment, approval or instruction that makes it lawful. `nil` or empty: nothing does.
    public var evidence: String?
    /// Whether only profiles that take it up by name have it; `nil` counts as `true`.
    public var isOptIn: Bool?
    public var source: Source?

    public init(
        name: String, kind: Kind, regime: String? = nil, to: Destination? = nil, facets: Set<Facet>? = nil,
        classes: Set<DataClass>? = nil, purposes: Set<Purpose>? = nil, processors: Processors? = nil,
        retentionMax: RetentionLimit? = nil, notBefore: WallTime? = nil, notAfter: WallTime? = nil,
        evidence: String? = nil, isOptIn: Bool? = nil, source: Source? = nil
    ) {
        self.name = name
        self.kind = kind
        self.regime = regime
        self.to = to
        self.facets = facets
        self.classes = classes
        self.purposes = purposes
        self.processors = processors
        self.retentionMax = retentionMax
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.evidence = evidence
        self.isOptIn = isOptIn
        self.source = source
    }
}

/// Turns residency on, and says for how long the documents of a configuration may be relied on.
public struct PolicyBundle: Hashable, Sendable {
    public var name: String
    /// Past it only public data is let through.
    public var notAfter: WallTime
    /// How wrong this machine's clock may be; permissions end that much earlier, prohibitions that much later.
    public var clockErrorMax: TimeSpan
    /// Where callers can read why they were refused.
    public var policyURL: String?
    public init(name: String, notAfter: WallTime, clockErrorMax: TimeSpan, policyURL: String? = nil) {
        self.name = name
        self.notAfter = notAfter
        self.clockErrorMax = clockErrorMax
        self.policyURL = policyURL
    }
}
