// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A point on a monotonic clock that only its owner reads; Core receives it as an argument.
///
/// - Units: nanoseconds since an arbitrary start (boot in production, 0 in the simulator). Two instants compare only
///   within one clock.
/// - Cost: one machine word. `Duration` is 128 bits wide and slower in the hot path, which is why this type exists.
public struct Instant: Comparable, Hashable, BitwiseCopyable, Sendable {
    public var nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let distantPast = Instant(nanoseconds: .min / 2)
    public static let distantFuture = Instant(nanoseconds: .max / 2)

    @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
    @inlinable public static func + (a: Instant, b: TimeSpan) -> Instant {
        Instant(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
    @inlinable public static func - (a: Instant, b: TimeSpan) -> Instant {
        Instant(nanoseconds: a.nanoseconds - b.nanoseconds)
    }
    @inlinable public static func - (a: Instant, b: Instant) -> TimeSpan {
        TimeSpan(nanoseconds: a.nanoseconds - b.nanoseconds)
    }
}

/// A length of time in whole nanoseconds. May be negative where a difference is.
public struct TimeSpan: Comparable, Hashable, BitwiseCopyable, Sendable {
    public var nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = TimeSpan(nanoseconds: 0)

    @inlinable public static func nanoseconds(_ n: Int64) -> TimeSpan { TimeSpan(nanoseconds: n) }
    @inlinable public static func microseconds(_ n: Int64) -> TimeSpan { TimeSpan(nanoseconds: n * 1_000) }
    @inlinable public static func milliseconds(_ n: Int64) -> TimeSpan { TimeSpan(nanoseconds: n * 1_000_000) }
    @inlinable public static func seconds(_ n: Int64) -> TimeSpan { TimeSpan(nanoseconds: n * 1_000_000_000) }

    /// From fractional seconds; not finite or out of range becomes `nil`, because a silent clamp hides a bad input.
    @inlinable public init?(seconds: Double) {
        let scaled = seconds * 1e9
        guard scaled.isFinite, abs(scaled) < 9e18 else { return nil }
        nanoseconds = Int64(scaled)
    }

    @inlinable public var seconds: Double { Double(nanoseconds) / 1e9 }
    @inlinable public var milliseconds: Double { Double(nanoseconds) / 1e6 }

    @inlinable public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }
    @inlinable public static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
    @inlinable public static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: a.nanoseconds - b.nanoseconds)
    }
    @inlinable public static func * (a: TimeSpan, k: Int64) -> TimeSpan { TimeSpan(nanoseconds: a.nanoseconds * k) }
}
