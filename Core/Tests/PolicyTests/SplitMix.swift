// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The tests' random numbers: a failing case is its seed. (SplitMix64, Steele et al. 2014.)
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func isTrue(_ percent: Int = 50) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    mutating func subset<Element: Hashable>(of all: [Element]) -> Set<Element> {
        let percent = below(101)
        var chosen: Set<Element> = []
        for element in all where isTrue(percent) { chosen.insert(element) }
        return chosen
    }

    mutating func optional<Element>(_ percent: Int = 85, _ value: (inout SplitMix) -> Element) -> Element? {
        isTrue(percent) ? value(&self) : nil
    }
}
