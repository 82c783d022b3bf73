// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

extension Router {
    /// Credits candidates with the part of the prompt they hold, unless their load is above the bound. In a tier too
    /// large to be looked at whole, those that hold something join the candidates here.
    /// - Returns: the number of candidates, at least `count`.
    func credit(
        _ count: Int, _ tier: UnsafeMutablePointer<TierState>, _ route: UnsafeMutablePointer<RouteState>,
        _ question: PickQuestion
    ) -> Int {
        let matches = prefixes.matches(question.features, salt: route.pointee.salt, now: question.now)
        let bound = loadBound(count)
        let isSampled = tier.pointee.members.count > Self.candidatesMax
        let enter = route.pointee.overflow.enter
        var count = count
        var isConversationHeld = false
        for i in 0..<matches.count {
            let endpoint = matches.endpoint(i)
            if isSampled, isMember(endpoint, of: tier) { count = join(endpoint, count, enter: enter, question) }
            if let position = position(of: endpoint, count), scratch.base[position].inFlight < bound {
                scratch.base[position].cachedShare = Double(matches.depth(i)) / Double(question.features.prefixCount)
                isConversationHeld = isConversationHeld || matches.depth(i) > 1
            }
        }
        // Because: one message in common is often only the system prompt, but whoever holds two holds the conversation,
        // wherever its home is.
        guard !isConversationHeld, let ring = tier.pointee.ring else { return count }
        let home = ring.home(of: Self.conversationKey(question.features) ^ route.pointee.salt) { endpoint in
            if isSampled { count = join(endpoint, count, enter: enter, question) }
            guard let position = position(of: endpoint, count) else { return false }
            return scratch.base[position].inFlight < bound
        }
        if let home, let position = position(of: home, count) { scratch.base[position].isHome = true }
        return count
    }

    private func loadBound(_ count: Int) -> Int {
        var total = 0
        for i in 0..<count { total += scratch.base[i].inFlight }
        return LoadBound.inFlightMax(total: total, endpoints: count)
    }

    private func position(of endpoint: EndpointID, _ count: Int) -> Int? {
        for i in 0..<count where scratch.base[i].endpoint == endpoint { return i }
        return nil
    }

    /// Adds an endpoint that the sample missed, if it may take the request and there is room left.
    private func join(_ endpoint: EndpointID, _ count: Int, enter: Double, _ question: PickQuestion) -> Int {
        guard count < scratch.count, position(of: endpoint, count) == nil else { return count }
        guard let seen = look(at: endpoint, question), seen.used < enter, isWanted(endpoint, question) else {
            return count
        }
        scratch.base[count] = Candidate(endpoint: endpoint, inFlight: seen.inFlight, used: seen.used)
        return count + 1
    }

    private func isMember(_ endpoint: EndpointID, of tier: UnsafeMutablePointer<TierState>) -> Bool {
        let section = tier.pointee.members
        var low = section.start
        var high = section.start + section.count
        while low < high {
            let middle = (low + high) >> 1
            if members.base[middle] < endpoint { low = middle + 1 } else { high = middle }
        }
        return low < section.start + section.count && members.base[low] == endpoint
    }

    /// The first two messages: a system message is shared by many conversations, the first question tells them apart
    /// and stays as they grow.
    static func conversationKey(_ features: RequestFeatures) -> UInt64 {
        mixed(features.prefixHashes[features.prefixCount > 1 ? 1 : 0])
    }
}
