// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Counts of values in fixed ranges, as Prometheus wants them. A plain value: recording is a short scan and two additions.
public struct Histogram: Sendable {
    /// Upper bounds of the ranges, ascending; one more range takes the rest. In the unit of the values.
    public enum Scale: Sendable {
        /// Nanoseconds of a whole operation (OpenTelemetry's `gen_ai.client.operation.duration`).
        case operation
        /// Nanoseconds to the first token.
        case firstToken
        /// Nanoseconds per output token after the first.
        case perToken
        /// Tokens of a request.
        case tokens

        public var bounds: [Int64] {
            switch self {
            case .operation: Self.operationBounds
            case .firstToken: Self.firstTokenBounds
            case .perToken: Self.perTokenBounds
            case .tokens: Self.tokenBounds
            }
        }

        private static let operationBounds = milliseconds([
            10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480, 40_960, 81_920,
        ])
        private static let firstTokenBounds = milliseconds([
            1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
        ])
        private static let perTokenBounds = milliseconds([10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 2_500])
        private static let tokenBounds: [Int64] = (0...13).map { 1 << (2 * $0) }

        private static func milliseconds(_ values: [Int64]) -> [Int64] { values.map { $0 * 1_000_000 } }
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
