// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// Hands out turns to streams, one chunk a turn, evenly spaced over time.
///
/// Streams take turns in a circle, so that a stream's own chunks are `interval` apart and the streams do not burst
/// together, as on a model server that batches. With a total rate the gap between turns is fixed instead. A pacer that
/// falls behind catches up at most `debtMax`; the rest of the delay is dropped, because an endless burst would measure
/// the backlog and not the proxy.
struct Pacer {
    enum Pace {
        /// Nanoseconds between two chunks of one stream.
        case interval(Int64)
        /// Chunks per second over all streams.
        case total(Int64)
    }

    private static let debtMax: Int64 = 5_000_000
    private let pace: Pace
    private var streams: [Connection] = []
    private var cursor = 0
    private var next: MonotonicTime = 0

    init(_ pace: Pace) { self.pace = pace }

    /// When the next turn is due; `nil` without streams.
    var due: MonotonicTime? { streams.isEmpty ? nil : next }

    mutating func add(_ connection: Connection, now: MonotonicTime) {
        if streams.isEmpty { next = now }
        connection.streamIndex = streams.count
        streams.append(connection)
        if streams.count == 1 { next += gap }
    }

    mutating func remove(_ connection: Connection) {
        let last = streams.removeLast()
        guard last !== connection else { return }
        streams[connection.streamIndex] = last
        last.streamIndex = connection.streamIndex
    }

    /// The stream whose turn it is, if one is due.
    mutating func take(now: MonotonicTime) -> Connection? {
        guard !streams.isEmpty, next <= now else { return nil }
        next = max(next + gap, now - Self.debtMax)
        cursor = cursor + 1 < streams.count ? cursor + 1 : 0
        return streams[cursor]
    }

    private var gap: Int64 {
        switch pace {
        case .interval(let nanoseconds): nanoseconds / Int64(max(1, streams.count))
        case .total(let rate): 1_000_000_000 / rate
        }
    }
}
