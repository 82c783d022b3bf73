// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// What an endpoint's response headers said about its limits, as long as that may be believed.
///
/// Between responses our own requests are subtracted. After the stated reset, or 60 s, or 10 s when no reset was
/// stated, a number is unknown, not full: an account is shared with others and a long-stale number would keep an
/// endpoint out for nothing.
struct HeadroomEstimate: BitwiseCopyable {
    static let unstatedReset = TimeSpan.seconds(10)
    static let trustMax = TimeSpan.seconds(60)

    private struct Counter: BitwiseCopyable {
        var limit: Double = 0
        var remaining: Double = 0
        var validUntil = Instant.distantPast

        @inline(__always)
        func used(now: Instant) -> Double { now < validUntil ? max(0, 1 - remaining / limit) : 0 }
    }
    /// No counter is valid from then on; lets the common case cost one comparison.
    private(set) var validUntil = Instant.distantPast
    private var requests = Counter()
    private var tokens = Counter()
    private var utilization = 0.0
    private var utilizationUntil = Instant.distantPast

    /// Used share of the tightest of the reported limits; 0 when nothing is known.
    @inline(__always)
    func used(now: Instant) -> Double {
        guard now < validUntil else { return 0 }
        return max(requests.used(now: now), tokens.used(now: now), now < utilizationUntil ? utilization : 0)
    }

    mutating func observe(_ hint: HeadroomHint, now: Instant) {
        if let counter = Self.counter(hint.requestsLimit, hint.requestsRemaining, hint.requestsResetNanoseconds, now) {
            requests = counter
        }
        if let counter = Self.counter(hint.tokensLimit, hint.tokensRemaining, hint.tokensResetNanoseconds, now) {
            tokens = counter
        }
        if hint.utilizationPercent >= 0 {
            utilization = Double(hint.utilizationPercent) / 100
            utilizationUntil = now + Self.unstatedReset
        }
        validUntil = max(requests.validUntil, tokens.validUntil, utilizationUntil)
    }

    /// A request of ours went out.
    mutating func reserve(tokens count: Int) {
        requests.remaining -= 1
        tokens.remaining -= Double(count)
    }

    private static func counter(_ limit: Int64, _ remaining: Int64, _ reset: Int64, _ now: Instant) -> Counter? {
        guard limit > 0, remaining >= 0 else { return nil }
        let span = reset >= 0 ? min(.nanoseconds(reset), trustMax) : unstatedReset
        return Counter(limit: Double(limit), remaining: Double(remaining), validUntil: now + span)
    }
}
