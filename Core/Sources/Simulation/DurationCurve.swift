// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Time as a function of a count, linear between measured points.
///
/// Below the first point the curve is flat: a forward pass that small is bound by reading the weights, not by its
/// tokens. Above the last point the last segment continues. Points rise in both coordinates, so the curve never falls.
public struct DurationCurve: Equatable, Sendable {
    public struct Point: Equatable, Sendable {
        public var count: Int
        public var microseconds: Int64
    }

    public let points: [Point]

    /// - Precondition: at least two points, counts strictly rising from 1 or more, times positive and never falling.
    public init(_ points: [(count: Int, microseconds: Int64)]) {
        precondition(
            points.count >= 2 && points[0].count >= 1 && points[0].microseconds > 0, "a curve needs two positive points"
        )
        for (a, b) in zip(points, points.dropFirst()) {
            precondition(a.count < b.count && a.microseconds <= b.microseconds, "curve falls between \(a) and \(b)")
        }
        self.points = points.map { Point(count: $0.count, microseconds: $0.microseconds) }
    }

    /// - Parameter count: below 1 costs nothing.
    /// - Cost: O(points), no allocation; tables have about seven points.
    public func duration(of count: Int) -> TimeSpan {
        guard count >= 1 else { return .zero }
        guard count > points[0].count else { return .microseconds(points[0].microseconds) }
        var upper = 1
        while upper < points.count - 1 && points[upper].count < count { upper += 1 }
        let (a, b) = (points[upper - 1], points[upper])
        let slope = Double(b.microseconds - a.microseconds) / Double(b.count - a.count)
        let microseconds = Double(a.microseconds) + slope * Double(count - a.count)
        return .nanoseconds(Int64(microseconds * 1_000))
    }
}
