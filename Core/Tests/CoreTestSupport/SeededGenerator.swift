// SPDX-License-Identifier: Apache-2.0
// Isobar

/// SplitMix64 (Steele, Lea, Flood) for tests: a failing run is its seed, which the test prints or takes as an argument.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    // MARK: Choices

    public mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    /// True once in `count` times.
    public mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    public mutating func one<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// - Parameter count: a multiple of 8.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count / 8).flatMap { _ in withUnsafeBytes(of: next()) { Array($0) } }
    }
}
