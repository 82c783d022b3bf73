// SPDX-License-Identifier: Apache-2.0
// Isobar

/// SplitMix64: a small generator whose whole state is one word, so a run is named by its seed.
///
/// Each purpose takes its own generator through `init(seed:label:)`; adding a consumer then never shifts the numbers of
/// another. Constants: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014 (the Java 8
/// variant of MurmurHash3's finaliser).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// A generator for one purpose of a run; equal seeds with different labels give unrelated sequences.
    public init(seed: UInt64, label: StaticString) {
        var mixed = seed
        label.withUTF8Buffer { for byte in $0 { mixed = Self.mix(mixed ^ UInt64(byte)) } }
        state = mixed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Bijective 64-bit finaliser; also what this module hashes small integers with.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
