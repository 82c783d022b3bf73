// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Synchronization

/// A budget per minute as one number: generic cell rate algorithm (GCRA, ITU-T I.371).
///
/// The number is the theoretical arrival time (TAT): the moment at which everything reserved so far has been paid for
/// at the steady rate. What is used of one minute's budget is then (TAT − now) / 60 s. The bucket holds one minute's
/// budget, as providers' own token buckets do. Reserving never refuses: whoever asks `used` first decides, so two loops
/// may overshoot by one request each, which the next decision sees.
/// - Threading: any thread; relaxed atomics.
struct RateGauge: ~Copyable {
    private static let window: Double = 60e9
    /// Nanoseconds on the callers' clock.
    private let arrivalTime = Atomic<Int64>(Instant.distantPast.nanoseconds)

    /// Share of one minute's budget in use, ≥ 0; above 1 means in debt.
    func used(now: Instant) -> Double {
        let ahead = arrivalTime.load(ordering: .relaxed) - now.nanoseconds
        return ahead <= 0 ? 0 : Double(ahead) / Self.window
    }

    /// When the debt is paid: from then on `used` is at most 1.
    func freeAt(now: Instant) -> Instant {
        max(now, Instant(nanoseconds: arrivalTime.load(ordering: .relaxed)) - .nanoseconds(Int64(Self.window)))
    }

    func reserve(_ units: Int, perMinute: Int, now: Instant) {
        let cost = Self.cost(units, perMinute: perMinute)
        var seen = arrivalTime.load(ordering: .relaxed)
        while true {
            let next = max(seen, now.nanoseconds) + cost
            let (exchanged, original) = arrivalTime.weakCompareExchange(
                expected: seen, desired: next, ordering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }

    /// Moves the arrival time by the price of `units`, which may be negative.
    func settle(_ units: Int, perMinute: Int) {
        arrivalTime.add(Self.cost(units, perMinute: perMinute), ordering: .relaxed)
    }

    /// Nanoseconds that `units` take at the steady rate, within ±1 h: a single request cannot block an address longer.
    private static func cost(_ units: Int, perMinute: Int) -> Int64 {
        Int64(max(-3600e9, min(3600e9, Double(units) * window / Double(max(1, perMinute)))))
    }
}
