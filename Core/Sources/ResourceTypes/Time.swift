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

/// A point of calendar time, for what laws, contracts and licences date. Durations are measured with `Instant`.
///
/// - Units: nanoseconds since 1970-01-01T00:00:00Z.
public struct WallTime: Comparable, Hashable, BitwiseCopyable, Sendable {
    public var unixNanoseconds: Int64

    @inlinable public init(unixNanoseconds: Int64) { self.unixNanoseconds = unixNanoseconds }
    /// Saturates: a date beyond the range (years 1677 to 2262) is a date without end.
    @inlinable public init(unixSeconds: Int64) {
        let (product, overflow) = unixSeconds.multipliedReportingOverflow(by: 1_000_000_000)
        unixNanoseconds = overflow ? (unixSeconds < 0 ? .min : .max) : product
    }

    public static let distantPast = WallTime(unixNanoseconds: .min)
    /// Stands for "without end" where an end must be stated.
    public static let distantFuture = WallTime(unixNanoseconds: .max)

    @inlinable public static func < (a: WallTime, b: WallTime) -> Bool { a.unixNanoseconds < b.unixNanoseconds }

    /// Saturates, so that no end stays no end.
    @inlinable public static func + (a: WallTime, b: TimeSpan) -> WallTime {
        if a == .distantFuture || a == .distantPast { return a }
        let (sum, overflow) = a.unixNanoseconds.addingReportingOverflow(b.nanoseconds)
        return WallTime(unixNanoseconds: overflow ? (b.nanoseconds < 0 ? .min : .max) : sum)
    }
    @inlinable public static func - (a: WallTime, b: TimeSpan) -> WallTime {
        a + TimeSpan(nanoseconds: b.nanoseconds == .min ? .max : -b.nanoseconds)
    }
}
