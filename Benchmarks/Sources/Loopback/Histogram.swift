// SPDX-License-Identifier: Apache-2.0
// Isobar

// Times from nanoseconds to minutes in constant memory, exact to 0.8 %.

/// Log-linear histogram: 128 equal steps per power of two, as in HdrHistogram.
public struct Histogram {
    private static let stepBits = 7
    private static let steps = 1 << stepBits
    private var counts: [UInt64]
    public private(set) var total: UInt64 = 0
    public private(set) var largest: Int64 = 0
    private var sum: Double = 0

    public init() { counts = Array(repeating: 0, count: Self.steps * 40) }

    public var mean: Double { total == 0 ? 0 : sum / Double(total) }

    /// Negative values count as 0; values beyond about 9 minutes as 9 minutes.
    public mutating func record(_ nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        counts[min(Self.bucket(of: value), counts.count - 1)] += 1
        total += 1
        largest = max(largest, nanoseconds)
        sum += Double(value)
    }

    /// The value below which the share `quantile` (0 to 1) of the records lie, in nanoseconds; 0 without records.
    /// Inside a bucket the records count as evenly spread.
    public func value(at quantile: Double) -> Double {
        let wanted = quantile * Double(total)
        var seen = 0.0
        for (index, count) in counts.enumerated() where count > 0 {
            if seen + Double(count) >= wanted {
                let low = Double(Self.lowerBound(of: index))
                let width = Double(Self.lowerBound(of: index + 1)) - low
                return min(low + width * max(0, wanted - seen) / Double(count), Double(largest))
            }
            seen += Double(count)
        }
        return Double(largest)
    }

    static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(steps) else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - stepBits
        return (shift + 1) << stepBits + Int(value >> UInt64(shift)) - steps
    }

    static func lowerBound(of bucket: Int) -> UInt64 {
        guard bucket >= steps else { return UInt64(bucket) }
        let shift = bucket >> stepBits - 1
        return UInt64(bucket & (steps - 1) + steps) << UInt64(shift)
    }
}
