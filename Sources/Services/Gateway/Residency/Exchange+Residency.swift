// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import ResourceTypes
internal import Routing
internal import WireFormats

// Where this request's bytes may go. Every choice (first, retry, hedge, overflow, explanation) and every dispatch asks
// `admissible` anew, so that the end of a rule stops the next dispatch and not only the next request.

extension Exchange {
    /// What policy permits and the key's scopes leave. Nothing, for a caller whose key is gone from the configuration.
    var admissible: AdmissibleEndpoints {
        guard !worker.generation.keyMasks.isEmpty, let mask = scopeMask else { return permitted }
        return permitted.narrowed(by: mask)
    }

    private var permitted: AdmissibleEndpoints {
        guard worker.isRestricted else { return worker.everything }
        guard let claim else { return worker.residency.admissible(profile, at: worker.wallTime) }
        if let narrowed, narrowed.epoch.contains(worker.wallTime) { return narrowed.admissible }
        narrowed = try? worker.residency.narrowed(profile, by: claim, at: worker.wallTime)
        return narrowed?.admissible ?? worker.residency.admissible(nil, at: worker.wallTime)
    }

    private var profile: ProfileID? {
        guard let slot = principal?.slot, slot < worker.generation.keyProfiles.count else { return nil }
        return worker.generation.keyProfiles[slot]
    }

    /// Part of stage 4: what the caller demands on top, and whether anything is left.
    func checkResidency() -> Refusal? {
        if headers.statesResidency, let refusal = takeClaim() { return .residency(refusal) }
        guard worker.isRestricted else { return nil }
        return worker.router.admits(features, within: admissible) ? nil : .residency(residencyRefusal())
    }

    /// A demand that cannot be kept must not be overlooked.
    private func takeClaim() -> ResidencyRefusal? {
        guard worker.isRestricted else {
            return .invalidClaim("no residency policy is configured here, so that it could not be kept")
        }
        guard !headers.hasSeveralResidencies else { return .invalidClaim("it was sent more than once") }
        switch ClaimHeader.parse(headers.residency.slice(client.headBytes)) {
        case .claim(let claim):
            do throws(ClaimFault) {
                narrowed = try worker.residency.narrowed(profile, by: claim, at: worker.wallTime)
                self.claim = claim
                return nil
            } catch { return .invalidClaim(error) }
        case .unknownClass(let name): return .unknownClass(name)
        case .malformed: return .invalidClaim("write e.g. `within=(DE FR), classes=(health)`")
        }
    }

    /// Why nothing on the route (or the one endpoint it is pinned to) may have the bytes now.
    func residencyRefusal() -> ResidencyRefusal {
        let route = worker.generation.snapshot.routes[Int(features.route.index)]
        let endpoints = features.pinned.map { [$0] } ?? route.tiers.flatMap(\.endpoints)
        let refutations = endpoints.compactMap { endpoint -> Refutation? in
            guard case .deny(let refutation) = verdict(endpoint) else { return nil }
            return refutation
        }
        return .nothingAdmissible(
            refutations, documents: worker.residency.policy.documents, profile: profile,
            isPinned: features.pinned != nil)
    }

    private func verdict(_ endpoint: EndpointID) -> Verdict? {
        worker.residency.enter(worker.wallTime)
        if let narrowed, claim != nil { return narrowed.verdict(endpoint) }
        return profile.flatMap { worker.residency.policy.verdict($0, endpoint, in: worker.residency.epoch) }
    }

    /// For explanations.
    func residencyText(_ endpoint: EndpointID) -> String? {
        worker.isRestricted ? verdict(endpoint).text : nil
    }

    /// Where the answering endpoint may have processed the request; only asked for answers of endpoints.
    var jurisdictionLine: [UInt8] {
        guard let endpoint = attempts[answeringSlot].endpoint else { return [] }
        return worker.residency.jurisdictionLine(endpoint, at: worker.wallTime)
    }
}

extension Verdict? {
    /// For people who may see the rules.
    var text: String {
        switch self {
        case nil: "refused: no policy answers for this key or this time"
        case .permit(let witness): "permitted: \(witness)"
        case .deny(let refutation): "refused: \(refutation)"
        }
    }
}
