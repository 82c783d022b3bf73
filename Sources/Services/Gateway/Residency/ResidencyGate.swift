// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import ResourceTypes

/// One loop's way to the answers of the policy in force: which stretch of time it is in, and what callers' own demands
/// come to.
///
/// - Limits: `narrowedMax` answers to demands; when there are more all are forgotten.
/// - Threading: confined to its loop.
final class ResidencyGate {
    private(set) var policy = CompiledPolicy.unrestricted
    private(set) var epoch = AdmissionEpoch.none
    private var narrowed: [Demand: NarrowedAdmission] = [:]
    /// By `EndpointID`; `x-isobar-jurisdictions` with CRLF.
    private var jurisdictionLines: [[UInt8]] = []

    private struct Demand: Hashable {
        var profile: ProfileID
        var claim: ResidencyClaim
    }

    private static let narrowedMax = 1_024

    func adopt(_ policy: CompiledPolicy) {
        self.policy = policy
        epoch = .none
        narrowed = [:]
    }

    func admissible(_ profile: ProfileID?, at time: WallTime) -> AdmissibleEndpoints {
        enter(time)
        return policy.table.admissible(profile, in: epoch)
    }

    /// The answers for a profile and a caller's demand; kept for the next request that demands the same.
    func narrowed(_ profile: ProfileID?, by claim: ResidencyClaim, at time: WallTime)
        throws(ClaimFault) -> NarrowedAdmission
    {
        guard let profile else { throw .noProfile }
        enter(time)
        let demand = Demand(profile: profile, claim: claim)
        if let known = narrowed[demand] { return known }
        let admission = try policy.narrow(profile, by: claim, in: epoch)
        if narrowed.count >= Self.narrowedMax { narrowed = [:] }
        narrowed[demand] = admission
        return admission
    }

    func jurisdictionLine(_ endpoint: EndpointID, at time: WallTime) -> [UInt8] {
        enter(time)
        return Int(endpoint.index) < jurisdictionLines.count ? jurisdictionLines[Int(endpoint.index)] : []
    }

    /// One comparison, but in the moment in which some rule begins or ends.
    @inline(__always)
    func enter(_ time: WallTime) {
        if !epoch.contains(time) { move(to: time) }
    }

    private func move(to time: WallTime) {
        epoch = policy.table.epoch(at: time)
        narrowed = [:]
        jurisdictionLines = policy.processing(in: epoch).map { Array("x-isobar-jurisdictions: \($0.text)\r\n".utf8) }
    }
}
