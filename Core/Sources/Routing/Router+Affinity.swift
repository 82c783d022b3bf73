// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

extension Router {
    /// Credits candidates with the part of the prompt they hold, unless their load is above the bound.
    func credit(
        _ candidates: UnsafeMutableBufferPointer<Candidate>, _ tier: UnsafeMutablePointer<TierState>,
        _ route: UnsafeMutablePointer<RouteState>, _ question: PickQuestion
    ) {
        let matches = prefixes.matches(question.features, salt: route.pointee.salt, now: question.now)
        var total = 0
        for candidate in candidates { total += candidate.inFlight }
        let bound = LoadBound.inFlightMax(total: total, endpoints: candidates.count)
        if matches.count > 0 {
            for i in 0..<candidates.count where candidates[i].inFlight < bound {
                candidates[i].cachedShare = matches.share(of: candidates[i].endpoint)
            }
        }
        guard let ring = tier.pointee.ring else { return }
        let home = ring._withUnsafeGuaranteedRef {
            $0.home(of: Self.conversationKey(question.features) ^ route.pointee.salt) { endpoint in
                candidates.contains { $0.endpoint == endpoint && $0.inFlight < bound }
            }
        }
        for i in 0..<candidates.count where candidates[i].endpoint == home { candidates[i].isHome = true }
    }

    /// The first two messages: a system message is shared by many conversations, the first question tells them apart and stays as they grow.
    static func conversationKey(_ features: RequestFeatures) -> UInt64 {
        mixed(features.prefixHashes[features.prefixCount > 1 ? 1 : 0])
    }
}
