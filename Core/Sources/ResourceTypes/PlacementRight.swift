// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A dated term of a contract or law on who may host a model, and where.
///
/// A right denies; a preference belongs into the weights of a route.
public struct PlacementRight: Hashable, Sendable {
    public enum Term: Hashable, Sendable {
        /// Only `holders` may host the subject.
        case exclusivity
        /// New versions come to `holders` first. Others wait until `window` after general availability there, or until
        /// the holder declined. Both `nil`: neither has happened.
        case firstAccess(generalAvailability: WallTime?, window: TimeSpan?, declinedOn: WallTime?)
        /// `holders` may host the listed models inside the right's time, and not outside of it.
        case licence
        /// The subject is processed in these places only; codes and unions.
        case territory([String])
        /// The subject is not processed, stored or controlled in these places; codes and unions.
        case exportControl([String])

        public var name: String {
            switch self {
            case .exclusivity: "exclusivity"
            case .firstAccess: "firstAccess"
            case .licence: "licence"
            case .territory: "territory"
            case .exportControl: "exportControl"
            }
        }
    }

    /// Which models. What is stated must all match; nothing stated matches every model.
    public struct Subject: Hashable, Sendable {
        public var vendor: String?
        public var family: String?
        public var models: [String]?
        public init(vendor: String? = nil, family: String? = nil, models: [String]? = nil) {
            self.vendor = vendor
            self.family = family
            self.models = models
        }
    }

    public var name: String
    public var term: Term
    public var subject: Subject
    /// Names of providers. `nil`: nobody, which for a licence means that everybody needs one and none has it.
    public var holders: Set<String>?
    /// Where the term binds: endpoints that may process there; codes and unions. `nil`: everywhere. Not of a licence.
    public var scope: [String]?
    /// Providers that the term does not bind. Not of a licence.
    public var carveOuts: Set<String>
    /// Of a licence `nil` means never; of any other term since ever, and for ever.
    public var notBefore: WallTime?
    public var notAfter: WallTime?
    public var source: Source?

    public init(
        name: String, term: Term, subject: Subject = Subject(), holders: Set<String>? = nil, scope: [String]? = nil,
        carveOuts: Set<String> = [], notBefore: WallTime? = nil, notAfter: WallTime? = nil, source: Source? = nil
    ) {
        self.name = name
        self.term = term
        self.subject = subject
        self.holders = holders
        self.scope = scope
        self.carveOuts = carveOuts
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.source = source
    }
}

/// Whose a model is, as placement rights name it.
public struct ModelOrigin: Hashable, Sendable {
    public var vendor: String?
    public var family: String?
    /// Nobody has a right in it: said, because silence could be an oversight.
    public var hasNoRights: Bool
    public init(vendor: String? = nil, family: String? = nil, hasNoRights: Bool = false) {
        self.vendor = vendor
        self.family = family
        self.hasNoRights = hasNoRights
    }
}
