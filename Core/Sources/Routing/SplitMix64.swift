// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Steele, Lea and Flood's SplitMix64: 64 bits of state, every seed good, one multiply-shift chain per number.
///
/// It decides between equals and jitters waits; it is not for secrets.
public struct SplitMix64: RandomNumberGenerator, BitwiseCopyable, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return mixed(state)
    }

    /// Uniform over `0..<bound` by multiply-shift; the bias is below `bound` / 2³².
    mutating func index(below bound: Int) -> Int { Int(((next() >> 32) &* UInt64(bound)) >> 32) }

    /// Uniform over [0, 1).
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// SplitMix64's finaliser: every input bit changes every output bit with probability near one half.
@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
