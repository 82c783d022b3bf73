// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Whether a tier takes requests or overflows into the next one.
///
/// Signal: the used share of the tightest limit at the tier's freest endpoint. At `enterPercent` the gate closes; it
/// opens again at `returnPercent`, not before `holdMin` has passed. Two thresholds and a shortest stay keep traffic
/// from flapping between tiers whose caches and prices differ.
/// - First start: open.
struct TierGate: BitwiseCopyable, Equatable {
    private(set) var isFull = false
    private var closedAt = Instant.distantPast

    /// The gate after seeing `used` (1 = at the limit).
    func seeing(used: Double, policy: Thresholds, now: Instant) -> TierGate {
        var next = self
        if !isFull {
            guard used >= policy.enter else { return next }
            next.isFull = true
            next.closedAt = now
        } else if used <= policy.leave, !isHolding(policy: policy, now: now) {
            next.isFull = false
        }
        return next
    }

    /// Whether nothing can change yet.
    func isHolding(policy: Thresholds, now: Instant) -> Bool { isFull && now - closedAt < policy.hold }

    /// `OverflowPolicy` in the units of the hot path.
    struct Thresholds: BitwiseCopyable {
        var enter: Double
        var leave: Double
        var hold: TimeSpan

        init(_ policy: OverflowPolicy) {
            enter = Double(policy.enterPercent) / 100
            leave = Double(min(policy.returnPercent, policy.enterPercent)) / 100
            hold = policy.holdMin
        }
    }
}
