// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Policy
public import ResourceTypes

/// What a change of configuration opens and closes: every pair of tenant (or key) and endpoint whose answer differs at
/// some moment from a given one on.
public struct ResidencyDifference: Hashable, Sendable {
    public enum Answer: Hashable, Sendable {
        /// There is no such tenant, key or endpoint.
        case absent
        /// No policy restricts anything.
        case unrestricted
        case verdict(Verdict)

        public var isPermitted: Bool {
            switch self {
            case .absent: false
            case .unrestricted: true
            case .verdict(let verdict): verdict.isPermitted
            }
        }
    }

    public var holder: String
    public var endpoint: String
    /// The first moment at which the two differ, as the example.
    public var at: WallTime
    public var old: Answer
    public var new: Answer
    public var isNewlyAllowed: Bool { new.isPermitted }

    /// Complete, because between two moments at which a rule of either side begins or ends nothing changes.
    /// - Returns: for each pair at most one newly allowed and one newly refused difference, in the order of the new
    ///   configuration, then what only the old one has.
    public static func all(
        from old: ResidencyCompiler.Output, to new: ResidencyCompiler.Output, at start: WallTime
    ) -> [ResidencyDifference] {
        let moments = Set(old.epochStarts + new.epochStarts + [start]).filter { $0 >= start }.sorted()
        var differences: [ResidencyDifference] = []
        for holder in union(new.holders.map(\.name), old.holders.map(\.name)) {
            for endpoint in union(new.endpointNames, old.endpointNames) {
                differences += compare(holder, endpoint, old, new, moments)
            }
        }
        return differences
    }

    private static func compare(
        _ holder: String, _ endpoint: String, _ old: ResidencyCompiler.Output, _ new: ResidencyCompiler.Output,
        _ moments: [WallTime]
    ) -> [ResidencyDifference] {
        var found: [Bool: ResidencyDifference] = [:]
        for moment in moments {
            let (before, after) = (old.answer(holder, endpoint, at: moment), new.answer(holder, endpoint, at: moment))
            guard before.isPermitted != after.isPermitted, found[after.isPermitted] == nil else { continue }
            found[after.isPermitted] = ResidencyDifference(
                holder: holder, endpoint: endpoint, at: moment, old: before, new: after)
        }
        return found.values.sorted { $0.at < $1.at }
    }

    private static func union(_ first: [String], _ second: [String]) -> [String] {
        let known = Set(first)
        return first + second.filter { !known.contains($0) }
    }
}

extension ResidencyCompiler.Output {
    fileprivate var epochStarts: [WallTime] { policy.table.epochStarts }

    /// - Parameters:
    ///   - holder: name of a tenant, or `tenant/key`; a key without demands of its own is its tenant.
    ///   - endpoint: as a snapshot names it.
    public func answer(_ holder: String, _ endpoint: String, at time: WallTime) -> ResidencyDifference.Answer {
        let holding = holders.first { $0.name == holder } ?? tenant(ofKey: holder)
        guard let holding, let index = endpointNames.firstIndex(of: endpoint) else { return .absent }
        if policy.table.isUnrestricted { return .unrestricted }
        let epoch = policy.table.epoch(at: time)
        return policy.verdict(holding.profile, EndpointID(index), in: epoch).map { .verdict($0) } ?? .absent
    }

    private func tenant(ofKey name: String) -> ResidencyCompiler.Holder? {
        let parts = name.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, keyNames.contains(String(parts[1])) else { return nil }
        return holders.first { $0.name == parts[0] }
    }
}
