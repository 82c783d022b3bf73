// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// The answer to "may this profile's bytes go to this endpoint now?", with its reason.
public enum Verdict: Hashable, Sendable {
    case permit(Witness)
    case deny(Refutation)

    public var isPermitted: Bool {
        if case .permit = self { true } else { false }
    }
}

/// Why something is allowed: for each regime, facet and place either its home or the mechanism that covers it.
public struct Witness: Hashable, Sendable {
    public enum Basis: Hashable, Sendable {
        case home
        case mechanism(String)
    }
    public struct Step: Hashable, Sendable {
        public var regime: String
        public var facet: Facet
        /// Empty where the endpoint asserts that nobody is anywhere.
        public var jurisdictions: JurisdictionSet
        public var basis: Basis
    }
    /// Empty: no regime applies.
    public internal(set) var steps: [Step] = []
}

/// Why something is refused: the first reason in a fixed order, so that the same question always gets the same words.
public struct Refutation: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// The documents are too old to be relied on.
        case stale
        /// A regime allows no such place for a facet.
        case regime
        /// The profile's own limit on places.
        case within
        /// The endpoint may keep the bytes for longer than the profile allows.
        case retention
        /// The endpoint's environment was not attested recently enough.
        case attestation
        /// A contract on who may host the model.
        case right
    }
    public var kind: Kind
    /// Name of the bundle, regime or right; of a profile's own limit `profile`.
    public var rule: String
    public var facet: Facet?
    public var jurisdiction: Jurisdiction?
    /// Kinds of mechanisms by which the regime admits that place, in order.
    public var cures: [TransferMechanism.Kind]
    /// The mechanism that would have covered it, had the endpoint's retention been short enough.
    public var mechanism: String?
    /// Of a right.
    public var term: String?

    public init(
        kind: Kind, rule: String, facet: Facet? = nil, jurisdiction: Jurisdiction? = nil,
        cures: [TransferMechanism.Kind] = [], mechanism: String? = nil, term: String? = nil
    ) {
        self.kind = kind
        self.rule = rule
        self.facet = facet
        self.jurisdiction = jurisdiction
        self.cures = cures
        self.mechanism = mechanism
        self.term = term
    }
}

extension Refutation: CustomStringConvertible {
    public var description: String {
        let place = [
            facet.map { "\($0.rawValue)" }, jurisdiction.map { $0 == .anywhere ? "anywhere" : "in \($0.code)" },
        ]
        .compactMap(\.self).joined(separator: " ")
        switch kind {
        case .stale: return "\(rule): the policy documents are past their date"
        case .regime:
            if let mechanism {
                return "\(rule): \(place): \(mechanism) would cover it if it were kept for a shorter time"
            }
            let cure = cures.isEmpty ? "" : "; possible: " + cures.map(\.rawValue).joined(separator: ", ")
            return "\(rule): \(place) is not at home and no mechanism covers it\(cure)"
        case .within: return "\(rule): \(place) is outside of the places allowed"
        case .retention: return "\(rule): the bytes may be kept for longer than allowed"
        case .attestation: return "\(rule): no recent attestation"
        case .right: return "\(rule): \(term ?? "right") of somebody else, or lapsed"
        }
    }
}

extension Witness: CustomStringConvertible {
    public var description: String {
        if steps.isEmpty { return "no regime" }
        return steps.map { step in
            let basis =
                switch step.basis {
                case .home: "home"
                case .mechanism(let name): name
                }
            return "\(step.regime) \(step.facet.rawValue) \(step.jurisdictions.text): \(basis)"
        }.joined(separator: "; ")
    }
}
