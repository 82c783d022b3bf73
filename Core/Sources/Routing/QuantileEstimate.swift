// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// The 95th percentile of recent times to first token of one endpoint.
///
/// A histogram of 64 buckets, four to a doubling, from 1.024 ms to 67 s; all counts halve every 30 s, so that what
/// counts is about the last minute. It answers with a bucket's upper edge (at most 25 % above the truth), because a
/// hedge that comes early costs money.
/// - Cost: 272 bytes; O(1) to record, one pass over the buckets to read, no logarithm.
struct QuantileEstimate: BitwiseCopyable {
    static let bucketCount = 64
    /// Below this many (decayed) samples there is no percentile to speak of.
    static let samplesMin: Float = 20
    private static let halfLife = TimeSpan.seconds(30)
    private static let firstOctave = 10

    private var counts = InlineArray<64, Float>(repeating: 0)
    private var total: Float = 0
    private var halvedAt = Instant.distantPast

    mutating func record(_ sample: TimeSpan, now: Instant) {
        halve(now: now)
        counts[Self.bucket(sample)] += 1
        total += 1
    }

    /// - Returns: `nil` while there are too few samples.
    func p95() -> TimeSpan? {
        guard total >= Self.samplesMin else { return nil }
        let wanted = total * 0.95
        var seen: Float = 0
        for i in 0..<Self.bucketCount {
            seen += counts[i]
            if seen >= wanted { return Self.upperEdge(i) }
        }
        return Self.upperEdge(Self.bucketCount - 1)
    }

    /// Bucket 4·octave + the two bits after the leading one, in microseconds above 2¹⁰.
    static func bucket(_ sample: TimeSpan) -> Int {
        let microseconds = UInt64(max(1 << Int64(firstOctave), min(sample.nanoseconds / 1_000, 1 << 40)))
        let octave = 63 - microseconds.leadingZeroBitCount
        let quarter = Int(microseconds >> UInt64(octave - 2)) & 3
        return min(bucketCount - 1, (octave - firstOctave) * 4 + quarter)
    }

    static func upperEdge(_ bucket: Int) -> TimeSpan {
        let octave = Int64(firstOctave + bucket / 4)
        return .microseconds((1 << octave) + (Int64(bucket % 4) + 1) << (octave - 2))
    }

    private mutating func halve(now: Instant) {
        guard now - halvedAt >= Self.halfLife else { return }
        let halvings = halvedAt == .distantPast ? 0 : min(24, (now - halvedAt).nanoseconds / Self.halfLife.nanoseconds)
        halvedAt = now
        guard halvings > 0 else { return }
        let factor = 1 / Float(1 << halvings)
        total = 0
        for i in 0..<Self.bucketCount {
            counts[i] *= factor
            total += counts[i]
        }
    }
}
