// SPDX-License-Identifier: Apache-2.0
// Isobar

// Who may see a request's bytes, and where: what endpoints state about themselves, and what tenants and keys demand.
// What is left out always counts as the worst: a facet nobody stated is anywhere, a bound nobody stated is not kept.

/// A question about an endpoint that residency asks, each on its own. All must pass.
public enum Facet: String, CaseIterable, BitwiseCopyable, Hashable, Sendable {
    /// Where may the bytes be computed on?
    case process
    /// Where may they be at rest, be it transiently in a log or cache of the provider's?
    case store
    /// From where may a person read them, for abuse or quality?
    case humanReview
    /// From where may the operator's staff reach them?
    case supportAccess
    /// Whose law can compel the operator, wherever the bytes are?
    case legalControl
    /// Whose law and staff control the decryption key?
    case keyCustody
}

/// What kind of data a request carries; it may carry several, and the rules for all of them apply.
public enum DataClass: String, CaseIterable, BitwiseCopyable, Hashable, Sendable {
    case `public`, `internal`, personal
    /// GDPR, Article 9.
    case special
    /// GDPR, Article 10.
    case criminal
    case child, payment, health, government, exportControlled
}

/// What the bytes are used for. Follows from the code path and the tenant's configuration, never from the caller.
public enum Purpose: String, CaseIterable, BitwiseCopyable, Hashable, Sendable {
    case inference, cache, log, eval, fineTune, training, support
}

/// Everywhere that something can happen; a claim that must be complete.
public enum ClosedSet: Hashable, Sendable {
    /// Nobody, nowhere: satisfies every rule, so it has to be asserted.
    case nowhere
    /// Country codes (ISO 3166-1 alpha-2) and names of unions.
    case within([String])
}

/// Where a statement of fact was read, and when.
public struct Source: Hashable, Sendable {
    public var text: String
    public var readOn: WallTime
    public init(_ text: String, readOn: WallTime) {
        self.text = text
        self.readOn = readOn
    }
}

/// What an endpoint states about who can see the bytes sent to it.
public struct EndpointResidency: Hashable, Sendable {
    /// A missing facet is anywhere.
    public var facets: [Facet: ClosedSet]
    /// Who processes, as transfer mechanisms name it; `nil`: unknown, covered only by mechanisms for any processor.
    public var processor: String?
    /// Longest time for which anything of a request stays there; `nil`: unknown, longer than any limit.
    public var retention: TimeSpan?
    /// When the environment was last attested; `nil`: never.
    public var attestedAt: WallTime?
    /// Until when the statements hold; afterwards every facet is anywhere. `nil`: they do not hold at all.
    public var notAfter: WallTime?
    public var source: Source?

    public init(
        facets: [Facet: ClosedSet] = [:], processor: String? = nil, retention: TimeSpan? = nil,
        attestedAt: WallTime? = nil, notAfter: WallTime? = nil, source: Source? = nil
    ) {
        self.facets = facets
        self.processor = processor
        self.retention = retention
        self.attestedAt = attestedAt
        self.notAfter = notAfter
        self.source = source
    }
}

/// What a tenant, or one of its keys, demands for its requests.
public struct ResidencyProfile: Hashable, Sendable {
    /// Whose people the data is about; codes and unions. `nil`: anyone's, so that every regime counts.
    public var subjects: [String]?
    /// Empty counts as all.
    public var classes: Set<DataClass>
    /// `nil`: inference.
    public var purpose: Purpose?
    /// Regimes in force whoever the subjects are; the only way to those that apply by name alone.
    public var regimes: Set<String>
    /// Transfer mechanisms taken up. A legal permission is not a tenant's wish.
    public var mechanisms: Set<String>
    /// The only places for processing and storage, whatever regimes say. `nil`: no such limit.
    public var within: [String]?
    /// `nil`: an endpoint may keep the bytes for as long as it likes.
    public var retentionMax: TimeSpan?
    /// Oldest attestation accepted; `nil`: none is needed.
    public var attestationAgeMax: TimeSpan?

    public init(
        subjects: [String]? = nil, classes: Set<DataClass> = [], purpose: Purpose? = nil,
        regimes: Set<String> = [], mechanisms: Set<String> = [], within: [String]? = nil,
        retentionMax: TimeSpan? = nil, attestationAgeMax: TimeSpan? = nil
    ) {
        self.subjects = subjects
        self.classes = classes
        self.purpose = purpose
        self.regimes = regimes
        self.mechanisms = mechanisms
        self.within = within
        self.retentionMax = retentionMax
        self.attestationAgeMax = attestationAgeMax
    }
}

/// What a key demands on top of its tenant: more of everything that restricts, less of what permits.
public struct ResidencyNarrowing: Hashable, Sendable {
    /// In addition to the tenant's.
    public var subjects: [String]
    public var classes: Set<DataClass>
    public var regimes: Set<String>
    /// Must be the tenant's own where it states one.
    public var purpose: Purpose?
    /// Some of the tenant's; `nil`: all of them.
    public var mechanisms: Set<String>?
    /// Inside of the tenant's; `nil`: the tenant's.
    public var within: [String]?
    /// No longer than the tenant's; `nil`: the tenant's.
    public var retentionMax: TimeSpan?
    public var attestationAgeMax: TimeSpan?

    public init(
        subjects: [String] = [], classes: Set<DataClass> = [], regimes: Set<String> = [], purpose: Purpose? = nil,
        mechanisms: Set<String>? = nil, within: [String]? = nil, retentionMax: TimeSpan? = nil,
        attestationAgeMax: TimeSpan? = nil
    ) {
        self.subjects = subjects
        self.classes = classes
        self.regimes = regimes
        self.purpose = purpose
        self.mechanisms = mechanisms
        self.within = within
        self.retentionMax = retentionMax
        self.attestationAgeMax = attestationAgeMax
    }
}
