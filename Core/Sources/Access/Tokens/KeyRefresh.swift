// SPDX-License-Identifier: Apache-2.0
// Isobar

/// When an issuer's keys are fetched, on anybody's clock in seconds.
public struct KeyRefresh: Equatable, Sendable {
    public private(set) var nextFetch: Int64
    private var lastAskedFor: Int64?
    private var failures = 0
    private let ageMax: Int64

    /// - Parameters:
    ///   - now: when the first fetch is due.
    ///   - ageMax: how long keys are relied on; they are confirmed well before.
    public init(now: Int64, ageMax: Int64) {
        nextFetch = now
        self.ageMax = ageMax
    }

    /// How long keys are taken as they are, whatever the issuer says.
    public static let freshSeconds: ClosedRange<Int64> = 60...86_400
    static let freshSecondsDefault: Int64 = 300
    /// Tokens with unknown keys make us ask no more often than this: anybody can send them.
    public static let pauseSeconds: Int64 = 30
    static let retrySeconds: ClosedRange<Int64> = 2...60

    public mutating func began(at now: Int64) {
        // Nothing else begins while it runs; whoever fetches says how it ended.
        nextFetch = .max
    }

    /// - Parameter freshFor: seconds, from the answer's `Cache-Control`.
    public mutating func succeeded(at now: Int64, freshFor: Int64?) {
        failures = 0
        let fresh = min(max(freshFor ?? Self.freshSecondsDefault, Self.freshSeconds.lowerBound), Self.freshSeconds.upperBound)
        nextFetch = now + min(fresh, max(ageMax / 2, 1))
    }

    public mutating func failed(at now: Int64) {
        failures = min(failures + 1, 6)
        nextFetch = now + min(Self.retrySeconds.lowerBound << (failures - 1), Self.retrySeconds.upperBound)
    }

    /// A token named a key that is not in the set: there may be a new one.
    public mutating func missedKey(at now: Int64) {
        guard nextFetch != .max else { return }
        let soonest = max(now, lastAskedFor.map { $0 + Self.pauseSeconds } ?? now)
        guard soonest < nextFetch else { return }
        nextFetch = soonest
        lastAskedFor = soonest
    }
}
