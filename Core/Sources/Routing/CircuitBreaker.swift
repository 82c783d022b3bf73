// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Keeps traffic off an endpoint that fails, and lets one request find out whether it is back.
///
/// - Trips: 5 failures in a row, or at least half of at least 20 outcomes within 10 s, or 2 refused connections in a
///   row.
/// - Recovers: open for 1 s, doubling to 30 s, stretched by up to a quarter at random so that gateways do not return in
///   step; then half-open with a single trial request. Its success closes the breaker, its failure opens it for longer.
///   A breaker that trips again within 30 s of closing goes on doubling where it stopped.
/// - First start: closed; nothing is known, and the first failures are cheap because they fail over.
/// - A health probe that succeeds vouches for the socket, not for the model: it ends the open phase only if connections
///   were what failed.
/// - Cost: O(1), plain value of 80 bytes. Owned by one endpoint's state.
public struct CircuitBreaker: BitwiseCopyable, Sendable {
    public enum Phase: String, BitwiseCopyable, Sendable {
        case closed
        case halfOpen = "half-open"
        case open
    }

    static let consecutiveFailuresMax = 5
    static let refusedConnectionsMax = 2
    static let windowOutcomesMin = 20
    static let openMin = TimeSpan.seconds(1)
    static let openMax = TimeSpan.seconds(30)
    /// A trial that has not reported by then counts as lost, so that an endless stream cannot keep its endpoint out.
    static let trialMax = TimeSpan.seconds(60)
    /// When a route has nothing but open breakers one trial may come early, but not more often than this.
    static let earlyTrialSpacing = TimeSpan.milliseconds(250)

    /// `nil`: closed.
    private(set) var openUntil: Instant?
    private var openedAt = Instant.distantPast
    private var closedAt = Instant.distantPast
    /// Times opened in a row; the exponent of the next open phase.
    private var streak: Int32 = 0
    private var consecutiveFailures: Int32 = 0
    private var consecutiveRefusals: Int32 = 0
    private var lastFailureAt = Instant.distantPast
    private var trialStartedAt: Instant?
    private var isConnectionLevel = false
    private var window = OutcomeWindow()

    public init() {}

    public func phase(now: Instant) -> Phase {
        guard let openUntil else { return .closed }
        return now >= openUntil ? .halfOpen : .open
    }

    /// Whether a request may go through now.
    @inline(__always)
    func admits(now: Instant) -> Bool {
        guard let openUntil else { return true }
        return now >= openUntil && !isTrialRunning(now: now)
    }

    /// Whether a request may go through as the last resort, when every other endpoint of the route is out too.
    func admitsEarlyTrial(now: Instant) -> Bool {
        guard openUntil != nil, !isTrialRunning(now: now) else { return false }
        return now - max(openedAt, trialStartedAt ?? .distantPast) >= Self.earlyTrialSpacing
    }

    /// A request was sent. When the breaker is not closed it is the trial.
    mutating func began(now: Instant) {
        if openUntil != nil { trialStartedAt = now }
    }

    /// The trial ended without a verdict (cancelled): the next request may be the trial.
    mutating func abandoned(startedAt: Instant) {
        if isTrial(startedAt: startedAt) { trialStartedAt = nil }
    }

    mutating func succeeded(startedAt: Instant, now: Instant) {
        guard openUntil != nil else {
            window.record(failure: false, now: now)
            // Because: an answer to a request sent before the last failure does not say that the endpoint has recovered
            // from it.
            guard startedAt >= lastFailureAt else { return }
            consecutiveFailures = 0
            consecutiveRefusals = 0
            return
        }
        // For the same reason only the trial itself closes an open breaker.
        if isTrial(startedAt: startedAt) { close(now: now) }
    }

    /// - Returns: whether this failure opened the breaker.
    mutating func failed(_ kind: FailureKind, startedAt: Instant, now: Instant, rng: inout SplitMix64) -> Bool {
        guard openUntil == nil else {
            guard isTrial(startedAt: startedAt) else { return false }
            open(kind, now: now, rng: &rng)
            return true
        }
        lastFailureAt = now
        consecutiveFailures += 1
        consecutiveRefusals = kind == .connectFailed ? consecutiveRefusals + 1 : 0
        window.record(failure: true, now: now)
        guard isTripped(now: now) else { return false }
        open(kind, now: now, rng: &rng)
        return true
    }

    /// A health probe succeeded.
    mutating func probedUp(now: Instant) {
        guard let openUntil, isConnectionLevel else { return }
        if now >= openUntil { close(now: now) } else { self.openUntil = now }
    }

    /// Another loop's breaker opened.
    mutating func learnedOpen(_ kind: FailureKind, until: Instant, now: Instant) {
        guard openUntil == nil, until > now else { return }
        openUntil = until
        openedAt = now
        trialStartedAt = nil
        isConnectionLevel = kind.isConnectionLevel
    }
}

extension CircuitBreaker {
    private mutating func isTripped(now: Instant) -> Bool {
        if consecutiveFailures >= Self.consecutiveFailuresMax || consecutiveRefusals >= Self.refusedConnectionsMax {
            return true
        }
        let (failures, total) = window.sums(now: now)
        return total >= Self.windowOutcomesMin && failures * 2 >= total
    }

    private mutating func open(_ kind: FailureKind, now: Instant, rng: inout SplitMix64) {
        if openUntil == nil, now - closedAt > Self.openMax { streak = 0 }
        openUntil = now + Self.openSpan(streak: streak, rng: &rng)
        openedAt = now
        streak += 1
        trialStartedAt = nil
        isConnectionLevel = kind.isConnectionLevel
    }

    /// min(24 s, 1 s · 2ⁿ) · uniform(1 … 1.25): never below `openMin`, never above `openMax`, jittered also at the top.
    static func openSpan(streak: Int32, rng: inout SplitMix64) -> TimeSpan {
        let doubled = min(openMax.nanoseconds * 4 / 5, openMin.nanoseconds << Int64(min(streak, 8)))
        return .nanoseconds(Int64(Double(doubled) * (1 + rng.unit() / 4)))
    }

    private mutating func close(now: Instant) {
        openUntil = nil
        closedAt = now
        trialStartedAt = nil
        consecutiveFailures = 0
        consecutiveRefusals = 0
        window = OutcomeWindow()
    }

    private func isTrialRunning(now: Instant) -> Bool {
        guard let trialStartedAt else { return false }
        return now - trialStartedAt < Self.trialMax
    }

    /// Older requests may end while the trial runs; the start tells them apart. A millisecond allows for the gateway's
    /// coarser clock reads.
    private func isTrial(startedAt: Instant) -> Bool {
        guard let trialStartedAt else { return false }
        return startedAt >= trialStartedAt - .milliseconds(1)
    }
}

/// Successes and failures of the last 10 s, in ten buckets of a second.
struct OutcomeWindow: BitwiseCopyable, Sendable {
    private static let bucketNanoseconds: Int64 = 1_000_000_000
    private static let bucketCount = 10
    private var failures = InlineArray<10, UInt16>(repeating: 0)
    private var totals = InlineArray<10, UInt16>(repeating: 0)
    /// Number of the newest bucket since the clock's start.
    private var newest: Int64 = .min / 2

    mutating func record(failure: Bool, now: Instant) {
        advance(to: now)
        let i = Self.position(newest)
        // Saturates: at 65,535 outcomes a second the share is known well enough.
        guard totals[i] < .max else { return }
        totals[i] += 1
        if failure { failures[i] += 1 }
    }

    mutating func sums(now: Instant) -> (failures: Int, total: Int) {
        advance(to: now)
        var sums = (failures: 0, total: 0)
        for i in 0..<Self.bucketCount {
            sums.failures += Int(failures[i])
            sums.total += Int(totals[i])
        }
        return sums
    }

    private mutating func advance(to now: Instant) {
        let current = now.nanoseconds / Self.bucketNanoseconds
        guard current > newest else { return }
        let first = max(newest + 1, current - Int64(Self.bucketCount) + 1)
        for bucket in first...current {
            failures[Self.position(bucket)] = 0
            totals[Self.position(bucket)] = 0
        }
        newest = current
    }

    private static func position(_ bucket: Int64) -> Int { Int(((bucket % 10) + 10) % 10) }
}
