// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Counts of values in fixed ranges, as Prometheus wants them. A plain value: recording is a short scan and two
/// additions.
public struct Histogram: Sendable {
    /// Upper bounds of the ranges, ascending; one more range takes the rest. In the unit of the values.
    ///
    /// Bounds are those that OpenTelemetry's GenAI conventions advise; durations are in nanoseconds here.
    public struct Scale: Sendable {
        /// Lives as long as the process: read on every request without reference counting.
        nonisolated(unsafe) public let bounds: UnsafeBufferPointer<Int64>

        private init(_ values: [Int64]) {
            let memory = UnsafeMutableBufferPointer<Int64>.allocate(capacity: values.count)
            _ = memory.initialize(from: values)
            bounds = UnsafeBufferPointer(memory)
        }

        private init(milliseconds values: [Int64]) { self.init(values.map { $0 * 1_000_000 }) }

        public static let operation = Scale(milliseconds: [
            10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480, 40_960, 81_920,
        ])
        public static let firstToken = Scale(milliseconds: [
            1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
        ])
        public static let perToken = Scale(milliseconds: [
            10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 2_500,
        ])
        public static let tokens = Scale((0...13).map { 1 << (2 * $0) })
    }

    static let rangesMax = 17
    public let scale: Scale
    /// Not cumulative; index `bounds.count` is the rest.
    public private(set) var counts = InlineArray<17, UInt64>(repeating: 0)
    public private(set) var sum: Int64 = 0
    public private(set) var total: UInt64 = 0

    public init(_ scale: Scale) { self.scale = scale }

    public mutating func record(_ value: Int64) {
        let bounds = scale.bounds
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts[index] &+= 1
        sum &+= value
        total &+= 1
    }

    public mutating func add(_ other: Histogram) {
        for i in 0..<Self.rangesMax { counts[i] &+= other.counts[i] }
        sum &+= other.sum
        total &+= other.total
    }
}
