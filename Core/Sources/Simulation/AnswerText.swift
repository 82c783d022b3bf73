// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Endless pretended answer, one word per token, the same for the same seed.
///
/// Words are joined by a leading space, sentences have 6 to 13 words, and about one word in 24 holds multi-byte
/// characters, so that whoever cuts bytes at the wrong place is found out.
public struct AnswerText: Sendable {
    private var generator: SeededGenerator
    private var wordsLeftInSentence = 0
    private var isFirst = true

    public init(seed: UInt64) { generator = SeededGenerator(seed: seed, label: "answer text") }

    /// The next token's text, at least one character.
    public mutating func nextToken() -> String {
        let opensSentence = wordsLeftInSentence == 0
        if opensSentence { wordsLeftInSentence = Int.random(in: 6...13, using: &generator) }
        wordsLeftInSentence -= 1
        let isForeign = Int.random(in: 0..<24, using: &generator) == 0
        let words = isForeign ? Self.multiByteWords : Self.plainWords
        var token = words[Int.random(in: 0..<words.count, using: &generator)]
        if opensSentence { token = token.prefix(1).uppercased() + token.dropFirst() }
        if !isFirst { token = " " + token }
        if wordsLeftInSentence == 0 { token += "." }
        isFirst = false
        return token
    }

    /// The next tokens joined.
    public mutating func text(tokens: Int) -> String {
        var text = ""
        for _ in 0..<tokens { text += nextToken() }
        return text
    }

    private static let plainWords: [String] = [
        "air", "answer", "balance", "basin", "bridge", "calm", "carries", "chart", "clear", "climbs", "cloud",
        "coast", "cold", "crosses",
        "current", "cycle", "deep", "drift", "east", "edge", "equal", "even", "fair", "falls", "far", "field",
        "flow", "follows", "forecast",
        "front", "gauge", "gentle", "grows", "harbour", "height", "high", "hour", "island", "joins", "keeps", "lake",
        "layer", "level", "light",
        "line", "local", "long", "low", "map", "measure", "meets", "mild", "moves", "narrow", "near", "north",
        "over", "path", "pattern",
        "plain", "point", "pressure", "quiet", "rain", "range", "reading", "region", "rises", "river", "route",
        "scale", "sea", "season",
        "settles", "shifts", "shore", "signal", "slow", "small", "south", "spreads", "station", "steady", "storm",
        "stream", "summer",
        "surface", "tide", "toward", "trace", "turns", "under", "valley", "wave", "weather", "west", "wide", "wind",
        "winter", "with",
    ]

    private static let multiByteWords: [String] = [
        "café", "naïve", "Zürich", "São", "über", "smörgås", "Ελλάδα", "погода", "मौसम", "天気", "気圧", "날씨", "🌍", "☀️",
        "🌧", "→", "–", "½",
    ]
}
