// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc
internal import Simulation

/// Log probabilities of made-up tokens: what a sampler could have seen, the same for the same seed.
///
/// At each position a fixed number of candidates share almost all of the probability. The chosen token is mostly the
/// likeliest, sometimes the second or third, as when sampling at a moderate temperature.
struct PretendedLogprobs {
    /// Of the answer or prompt that the tokens belong to.
    let seed: UInt64

    /// Most candidates that may be asked for (vLLM's default for `max_logprobs`).
    static let candidatesMax = 20
    /// Drawn words before the list of candidates stays short: many times what distinct ones need.
    private static let drawsMax = 400

    struct Candidate {
        var text: String
        var logprob: Double
    }

    struct Position {
        var chosen: Candidate
        /// The likeliest, in falling order. The chosen token need not be among them.
        var top: [Candidate]
    }

    /// - Parameters:
    ///   - index: of the token in its text.
    ///   - count: of candidates, 0 to `candidatesMax`. Does not change the numbers.
    func position(_ index: Int, chosen text: String, candidates count: Int) -> Position {
        var generator = SeededGenerator(seed: seed &+ UInt64(index) &* 0x9E37_79B9, label: "logprobs")
        let logprobs = Self.probabilities(&generator).map { log($0) }
        let rank = Self.rank(&generator)
        let chosen = Candidate(text: text, logprob: logprobs[rank])
        guard count > 0 else { return Position(chosen: chosen, top: []) }
        var texts = Self.alternatives(to: text, count: count, seed: generator.next())
        texts.insert(text, at: min(rank, texts.count))
        return Position(
            chosen: chosen, top: zip(texts, logprobs).prefix(count).map { Candidate(text: $0, logprob: $1) })
    }

    /// Falling, all above 0, together below 1.
    private static func probabilities(_ generator: inout SeededGenerator) -> [Double] {
        var rest = 1.0
        let shares = (0..<candidatesMax).map { _ in
            let share = rest * Double.random(in: 0.3..<0.8, using: &generator)
            rest -= share
            return share
        }
        return shares.sorted(by: >)
    }

    private static func rank(_ generator: inout SeededGenerator) -> Int {
        switch Int.random(in: 0..<16, using: &generator) {
        case 0: 2
        case 1, 2: 1
        default: 0
        }
    }

    private static func alternatives(to chosen: String, count: Int, seed: UInt64) -> [String] {
        var words = AnswerText(seed: seed)
        var found: [String] = []
        for _ in 0..<drawsMax where found.count < count {
            let word = words.nextToken()
            if word != chosen, !found.contains(word) { found.append(word) }
        }
        return found
    }
}
