// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// More questions than a table can hold.
public struct PolicyTooLarge: Error, Hashable, Sendable {
    /// Epochs × profiles × endpoints.
    public var cells: Int
}

/// From documents to a table of answers: every profile, every endpoint, every stretch of time.
public enum PolicyCompiler {
    /// 4.1 bytes each.
    public static let cellsMax = 16 << 20
    public static let profilesMax = 65_000

    /// One question by itself.
    public static func verdict(
        _ profile: ResidencyProfile, _ endpoint: EndpointFacts, at time: WallTime, _ documents: PolicyDocuments
    ) -> Verdict {
        let rules = Rules(documents, at: time)
        return rules.verdict(Demand(profile, rules), Offer(endpoint, rules))
    }

    /// - Parameters:
    ///   - endpoints: in the order of their `EndpointID`s.
    ///   - start: the first moment that the table answers for; before it nothing is admissible.
    public static func compile(
        _ documents: PolicyDocuments, profiles: [ResidencyProfile], endpoints: [EndpointFacts], from start: WallTime
    ) throws(PolicyTooLarge) -> CompiledPolicy {
        let epochStarts = Breakpoints.all(documents, profiles, endpoints, from: start)
        let cells = epochStarts.count * max(1, profiles.count) * max(1, endpoints.count)
        guard cells <= cellsMax, profiles.count <= profilesMax else { throw PolicyTooLarge(cells: cells) }
        var verdicts = VerdictBook()
        var admits: [Bool] = []
        var reasons: [UInt32] = []
        admits.reserveCapacity(cells)
        reasons.reserveCapacity(cells)
        let groups = EndpointGroups(endpoints)
        for time in epochStarts {
            let rules = Rules(documents, at: time)
            let offers = groups.distinct.map { Offer($0, rules) }
            for profile in profiles {
                let demand = Demand(profile, rules)
                let answers = offers.map { verdicts.enter(rules.verdict(demand, $0)) }
                for group in groups.groupByEndpoint {
                    admits.append(answers[group].isPermitted)
                    reasons.append(answers[group].number)
                }
            }
        }
        let table = AdmissionTable(
            epochStarts: epochStarts, profileCount: profiles.count, endpointCount: endpoints.count, admits: admits,
            reasons: reasons, isUnrestricted: false)
        return CompiledPolicy(
            table: table, documents: documents, profiles: profiles, endpoints: endpoints, verdicts: verdicts.all)
    }
}

/// Endpoints that differ in nothing but their name get the same answers.
private struct EndpointGroups {
    private(set) var distinct: [EndpointFacts] = []
    private(set) var groupByEndpoint: [Int] = []

    init(_ endpoints: [EndpointFacts]) {
        var groups: [EndpointFacts: Int] = [:]
        for endpoint in endpoints {
            var nameless = endpoint
            nameless.name = ""
            if groups[nameless] == nil {
                groups[nameless] = distinct.count
                distinct.append(nameless)
            }
            groupByEndpoint.append(groups[nameless, default: 0])
        }
    }
}

/// Each different verdict once.
private struct VerdictBook {
    private(set) var all: [Verdict] = []
    private var numbers: [Verdict: UInt32] = [:]

    mutating func enter(_ verdict: Verdict) -> (isPermitted: Bool, number: UInt32) {
        if let number = numbers[verdict] { return (verdict.isPermitted, number) }
        let number = UInt32(all.count)
        numbers[verdict] = number
        all.append(verdict)
        return (verdict.isPermitted, number)
    }
}
