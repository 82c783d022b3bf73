// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Smoothed time to first token of one endpoint.
///
/// Peak-sensitive EWMA (Finagle's; same in linkerd2-proxy): a sample above the estimate replaces it at once, one below
/// pulls it down with the time constant `decay`. Slow news travels fast, good news must be confirmed. Where we differ:
/// an estimate that nobody refreshes falls back to the prior, not to zero, so that an endpoint once slow is tried again
/// but a silent one never looks faster than it was.
/// - Units: seconds, > 0. Before the first sample the estimate is the prior.
/// - Cost: O(1); reading costs one division, and only while above the prior.
struct LatencyEstimate: BitwiseCopyable {
    static let prior = 0.3
    static let decay = 10.0
    private var value = Self.prior
    private var updatedAt = Instant.distantPast
    private var hasSample = false

    /// The estimate as of `now`, without changing it.
    @inline(__always)
    func projected(now: Instant) -> Double {
        if value <= Self.prior { return value }
        return Self.prior + (value - Self.prior) * Self.faded(timeConstants(now))
    }

    /// - Parameter sample: seconds; anything but a finite number ≥ 0 is dropped, because one NaN would poison the
    ///   estimate for ever.
    mutating func observe(_ sample: Double, now: Instant) {
        guard sample.isFinite, sample >= 0 else { return }
        if !hasSample || sample > projected(now: now) {
            value = sample
        } else {
            let weight = 1 - Self.faded(timeConstants(now))
            value = value * (1 - weight) + sample * weight
        }
        hasSample = true
        updatedAt = max(updatedAt, now)
    }

    /// An endpoint that fails in a millisecond must not look fast: a failure counts as twice the estimate, at least 1
    /// s, at most 30 s.
    mutating func penalise(duration: Double, now: Instant) {
        observe(min(30, max(1, duration, 2 * projected(now: now))), now: now)
    }

    /// e⁻ˣ for x ≥ 0 as the reciprocal of its series to the third term: 2 % high at x = 1, 55 % at 3 where hardly
    /// anything is left. Reading is in the loop over candidates, and `exp` alone was a seventh of a pick.
    static func faded(_ x: Double) -> Double { 1 / (1 + x * (1 + x * (0.5 + x * (1 / 6)))) }

    /// Time since the last sample in units of `decay`; a product, because divisions are what a reading costs.
    @inline(__always)
    private func timeConstants(_ now: Instant) -> Double {
        max(0, Double((now - updatedAt).nanoseconds) * (1e-9 / Self.decay))
    }
}

/// Plain EWMA by sample: the newest counts `weight`, the first one counts fully.
struct SmoothedValue: BitwiseCopyable {
    private(set) var value: Double
    private var hasSample = false

    init(prior: Double) { value = prior }

    mutating func observe(_ sample: Double, weight: Double = 0.1) {
        guard sample.isFinite, sample >= 0 else { return }
        value += (sample - value) * (hasSample ? weight : 1)
        hasSample = true
    }
}
