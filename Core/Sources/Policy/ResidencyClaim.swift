// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// What a caller demands on top of its profile: further classes, fewer places.
public struct ResidencyClaim: Hashable, Sendable {
    public var classes: Set<DataClass>
    /// Codes and unions; `nil`: no demand.
    public var within: [String]?
    public init(classes: Set<DataClass> = [], within: [String]? = nil) {
        self.classes = classes
        self.within = within
    }
}

/// Why a claim is refused.
public enum ClaimFault: Error, Hashable, Sendable {
    /// Neither a country's code nor a union.
    case unknownPlace(String)
    /// Outside of what the profile allows: a claim can only narrow.
    case widens(Jurisdiction)
    /// There is no such profile, or the table has not begun.
    case noProfile
}

/// The answers for one profile narrowed by one claim, in one epoch.
public final class NarrowedAdmission: @unchecked Sendable {
    // Proof of @unchecked: nothing is written after `init`.
    private let words: UnsafeMutablePointer<UInt64>
    private let verdicts: [Verdict]
    public let epoch: AdmissionEpoch

    init(_ verdicts: [Verdict], within base: AdmissibleEndpoints, epoch: AdmissionEpoch) {
        self.verdicts = verdicts
        self.epoch = epoch
        let count = (verdicts.count + 63) / 64
        words = .allocate(capacity: max(1, count))
        words.initialize(repeating: 0, count: max(1, count))
        for (index, verdict) in verdicts.enumerated() where verdict.isPermitted && base.contains(EndpointID(index)) {
            words[index >> 6] |= 1 << UInt64(index & 63)
        }
    }

    deinit { words.deallocate() }

    public var admissible: AdmissibleEndpoints { AdmissibleEndpoints(words: words, count: verdicts.count) }

    public func verdict(_ endpoint: EndpointID) -> Verdict? {
        Int(endpoint.index) < verdicts.count ? verdicts[Int(endpoint.index)] : nil
    }
}

extension CompiledPolicy {
    /// - Cost: as many decisions as there are endpoints; keep the result for equal claims of the same epoch.
    public func narrow(_ profile: ProfileID, by claim: ResidencyClaim, in epoch: AdmissionEpoch)
        throws(ClaimFault) -> NarrowedAdmission
    {
        guard let documents, Int(profile.index) < profiles.count, epoch.index >= 0 else { throw .noProfile }
        let rules = Rules(documents, at: epoch.start)
        var narrowed = profiles[Int(profile.index)]
        if let within = claim.within {
            try check(within, isInside: narrowed.within, documents, rules)
            narrowed.within = within
        }
        // No classes stated counts as all of them already.
        if !narrowed.classes.isEmpty { narrowed.classes.formUnion(claim.classes) }
        let demand = Demand(narrowed, rules)
        let verdicts = endpoints.map { rules.verdict(demand, Offer($0, rules)) }
        return NarrowedAdmission(verdicts, within: table.admissible(profile, in: epoch), epoch: epoch)
    }

    private func check(
        _ claimed: [String], isInside allowed: [String]?, _ documents: PolicyDocuments, _ rules: Rules
    ) throws(ClaimFault) {
        let unions = Set(documents.unions.map(\.name))
        for name in claimed where Jurisdiction(code: name) == nil && !unions.contains(name) {
            throw .unknownPlace(name)
        }
        guard let allowed else { return }
        let outside = rules.atlas.cover(claimed).subtracting(rules.atlas.cover(allowed))
        if let place = outside.first { throw .widens(place) }
    }
}
