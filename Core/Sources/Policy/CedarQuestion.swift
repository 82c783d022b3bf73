// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// One atomic question for Cedar, with our answer.
public struct CedarQuestion: Hashable, Sendable {
    /// What "anywhere" is called there.
    public static let top = "TOP"

    public var regime: String
    /// Position among the profiles asked about.
    public var profile: Int
    public var facet: Facet
    /// A country's code, or `top`.
    public var place: String
    public var classes: Set<DataClass>
    public var purpose: Purpose
    public var processor: String?
    public var nowUnixSeconds: Int64
    public var retentionSeconds: Int64?
    public var isAllowed: Bool
}

/// Draws questions that matter: places and processors that occur, moments at which something begins or ends.
public struct CedarSampler {
    private let documents: PolicyDocuments
    private let profiles: [ResidencyProfile]
    private let places: [String]
    private let processors: [String?]
    private let retentions: [Int64?]
    private let moments: [Int64]

    /// - Parameter start: earliest moment asked about.
    public init(
        _ documents: PolicyDocuments, profiles: [ResidencyProfile], endpoints: [EndpointFacts], from start: WallTime
    ) {
        self.documents = documents
        self.profiles = profiles
        places = Jurisdiction.codes + [String](repeating: CedarQuestion.top, count: 8)
        let named = documents.mechanisms.flatMap { mechanism -> [String] in
            if case .listed(let names) = mechanism.processors { names.sorted() } else { [] }
        }
        processors = [nil, "stranger"] + named + endpoints.compactMap { $0.residency?.processor }
        let limits = documents.mechanisms.compactMap { mechanism -> Int64? in
            if case .atMost(let limit) = mechanism.retentionMax { limit.nanoseconds / 1_000_000_000 } else { nil }
        }
        retentions = [nil, 0] + limits.flatMap { [$0, $0 + 1] }
        let edges = Breakpoints.all(documents, profiles, endpoints, from: start)
        moments = edges.map { $0.unixNanoseconds / 1_000_000_000 }
    }

    /// Half of the places are those that some list names, so that permits are not rare.
    public func questions(_ count: Int, using random: inout some RandomNumberGenerator) -> [CedarQuestion] {
        guard !documents.regimes.isEmpty, !profiles.isEmpty else { return [] }
        let named = Set(
            documents.regimes.flatMap { $0.home ?? [] } + documents.unions.flatMap(\.members)
                + documents.mechanisms.flatMap { mechanism -> [String] in
                    if case .listed(let names) = mechanism.to { names } else { [] }
                }
        ).filter { Jurisdiction(code: $0) != nil }.sorted()
        return (0..<count).map { _ in question(named.isEmpty || Bool.random(using: &random) ? places : named, &random) }
    }

    private func question(_ places: [String], _ random: inout some RandomNumberGenerator) -> CedarQuestion {
        func any<Element>(_ choices: [Element]) -> Element {
            choices[Int.random(in: 0..<choices.count, using: &random)]
        }
        let profile = Int.random(in: 0..<profiles.count, using: &random)
        var classes = profiles[profile].classes
        if classes.isEmpty || Int.random(in: 0..<4, using: &random) == 0 { classes.insert(any(DataClass.allCases)) }
        let purpose =
            Int.random(in: 0..<4, using: &random) == 0
            ? any(Purpose.allCases) : profiles[profile].purpose ?? .inference
        var question = CedarQuestion(
            regime: any(documents.regimes).name, profile: profile, facet: any(Facet.allCases), place: any(places),
            classes: classes, purpose: purpose, processor: any(processors),
            nowUnixSeconds: any(moments) + Int64.random(in: -2...2, using: &random), retentionSeconds: any(retentions),
            isAllowed: false)
        question.isAllowed = answer(question)
        return question
    }

    /// By the same functions that answer for endpoints.
    private func answer(_ question: CedarQuestion) -> Bool {
        let rules = Rules(documents, at: WallTime(unixSeconds: question.nowUnixSeconds), ignoringRegimesTimes: true)
        guard let regime = rules.regimes.first(where: { $0.name == question.regime }) else { return false }
        var profile = profiles[question.profile]
        profile.classes = question.classes
        profile.purpose = question.purpose
        let offer = Offer(
            processor: question.processor, retention: question.retentionSeconds.map { .seconds($0) })
        let place = Jurisdiction(code: question.place) ?? .anywhere
        return regime.allows(place, facetAt: question.facet.position, Demand(profile, rules), offer)
    }
}
