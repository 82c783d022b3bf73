// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// When to fetch one credential: a pure machine, driven by events.
///
/// Policy:
/// - One fetch at a time, whoever asks.
/// - Refreshed before it expires by the larger of 5 minutes and a tenth of its life, and a little earlier at random, so
///   that gateways that began together do not ask together. Of a life shorter than 10 minutes, half is used.
/// - After a failure the old credential stays in use until it expires. The next attempt comes after 1, 2, 4, … 60
///   seconds, half of it at random; after 60 at once when waiting will not mend it; and never before the source's hint.
/// - A file of the source that has changed is read at once, if the last fetch began `changePause` ago or more: what it
///   says now may mend what failed, or be a key that replaces the one held.
/// - A refusal by the endpoint fetches at once, if the last fetch began a minute ago or more: it may be news of a key
///   that was revoked, but also of a permission that no new token brings.
/// - Threading: confined to its owner.
struct CredentialMachine {
    enum Event: Equatable {
        /// The credential is wanted, or its source has changed: what is held may be wrong.
        case wanted
        /// - `life`: until it expires; `nil`: it does not.
        /// - `recheck`: when to look again, for sources whose owner may change them; `nil`: as `life` says.
        case fetched(life: TimeSpan?, recheck: TimeSpan?)
        /// - `isLasting`: waiting will not mend it.
        case failed(isLasting: Bool, hint: TimeSpan?)
        /// The endpoint did not accept the credential.
        case refused
        /// A file that the last fetch read is another one now; told again until a fetch has begun.
        case sourceChanged
        /// `wakeAt` has come.
        case woke
    }

    enum Action: Equatable {
        case fetch
        /// The credential held has expired: nobody may use it any more.
        case withdraw
    }

    private(set) var isFetching = false
    /// Failures since the last success.
    private(set) var failures = 0
    private(set) var isHolding = false
    /// Of what is held; `nil`: never.
    private(set) var expiresAt: Instant?
    /// When the next fetch is due; `nil`: never, or one is under way.
    private var dueAt: Instant?
    private var begunAt = Instant.distantPast

    static let marginMin = TimeSpan.seconds(300)
    static let backoffMin = TimeSpan.seconds(1)
    static let backoffMax = TimeSpan.seconds(60)
    /// A source that asks for more patience than this is asked again nevertheless.
    static let hintMax = TimeSpan.seconds(600)
    static let refusalPause = TimeSpan.seconds(60)
    /// Who writes a file every second does not make us ask every second.
    static let changePause = TimeSpan.seconds(2)

    /// When `woke` is expected; `nil`: nothing to wait for.
    var wakeAt: Instant? {
        guard isHolding, let expiresAt else { return dueAt }
        return dueAt.map { min($0, expiresAt) } ?? expiresAt
    }

    mutating func handle(
        _ event: Event, now: Instant, rng: inout some RandomNumberGenerator
    ) -> [Action] {
        switch event {
        case .wanted:
            return begin(now)
        case .fetched(let life, let recheck):
            accept(life: life, recheck: recheck, now: now, rng: &rng)
            return []
        case .failed(let isLasting, let hint):
            isFetching = false
            dueAt = now + backoff(isLasting: isLasting, hint: hint, rng: &rng)
            failures += 1
            return expire(now)
        case .refused:
            let isRecent = now - begunAt < Self.refusalPause
            let isBackingOff = failures > 0
            return isRecent || isBackingOff ? [] : begin(now)
        case .sourceChanged:
            return now - begunAt < Self.changePause ? [] : begin(now)
        case .woke:
            let isDue = dueAt.map { $0 <= now } ?? false
            return expire(now) + (isDue ? begin(now) : [])
        }
    }

    private mutating func begin(_ now: Instant) -> [Action] {
        guard !isFetching else { return [] }
        isFetching = true
        dueAt = nil
        begunAt = now
        return [.fetch]
    }

    private mutating func accept(
        life: TimeSpan?, recheck: TimeSpan?, now: Instant, rng: inout some RandomNumberGenerator
    ) {
        isFetching = false
        failures = 0
        isHolding = true
        expiresAt = life.map { now + $0 }
        let refresh = life.map { Self.refreshDelay(life: $0, rng: &rng) }
        let delay = [refresh, recheck].compactMap(\.self).min()
        dueAt = delay.map { now + $0 }
    }

    private mutating func expire(_ now: Instant) -> [Action] {
        guard isHolding, let expiresAt, expiresAt <= now else { return [] }
        isHolding = false
        self.expiresAt = nil
        return [.withdraw]
    }

    /// From issue to refresh.
    static func refreshDelay(life: TimeSpan, rng: inout some RandomNumberGenerator) -> TimeSpan {
        let margin = min(max(marginMin.nanoseconds, life.nanoseconds / 10), life.nanoseconds / 2)
        let early = margin + Int64.random(in: 0...margin / 10, using: &rng)
        return .nanoseconds(max(life.nanoseconds - early, backoffMin.nanoseconds))
    }

    private func backoff(
        isLasting: Bool, hint: TimeSpan?, rng: inout some RandomNumberGenerator
    ) -> TimeSpan {
        let doubled = Self.backoffMin.nanoseconds << Int64(min(failures, 10))
        let full = isLasting ? Self.backoffMax.nanoseconds : min(doubled, Self.backoffMax.nanoseconds)
        let delay = TimeSpan.nanoseconds(Int64.random(in: full / 2...full, using: &rng))
        return max(delay, min(hint ?? .zero, Self.hintMax))
    }
}
