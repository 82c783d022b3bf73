// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// When a client leaves before its answer is complete.
enum HangUp {
    /// With half of the request sent.
    case midRequest
    /// With the request sent, at once.
    case afterRequest
    /// With the request sent, one turn of the event loop later: the proxy is busy with it then.
    case nextTurn
    /// After so many chunks of the stream.
    case afterChunks(Int)

    /// The plan's share of requests gets one, of every manner alike.
    init?(_ plan: Plan, _ random: inout SplitMix64) {
        guard plan.hangUpPercent > 0, Int(random.next() % 100) < plan.hangUpPercent else { return nil }
        let kinds: UInt64 = plan.mode == .stream ? 5 : 3
        switch random.next() % kinds {
        case 0: self = .midRequest
        case 1: self = .afterRequest
        case 2: self = .nextTurn
        default: self = .afterChunks(Int(random.next() % UInt64(plan.chunks)) + 1)
        }
    }
}

/// One connection and the request that is under way on it.
final class Client {
    let slot: Int
    /// `nil`: not connected.
    var fd: Int32?
    var exchange: Exchange?
    /// The answer's bytes that are not used yet: a partial head, or decoded content.
    var carry = Carry()

    init(slot: Int) { self.slot = slot }
}
