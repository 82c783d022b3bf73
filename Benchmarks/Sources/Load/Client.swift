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
