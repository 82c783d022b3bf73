// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Why a request would go where it goes: what `isobar route explain` and `X-Isobar-Explain` show.
///
/// Made by the same functions that decide, on copies, so that it cannot tell another story than the pick.
public struct Explanation: Equatable, Sendable {
    public struct Tier: Equatable, Sendable {
        public var name: String
        /// `open`, or why the tier is passed over.
        public var gate: String
        /// Use of the tightest limit at the tier's freest endpoint, in percent; `nil` when no endpoint of the tier can
        /// take requests.
        public var usedPercent: Int?
        public var candidates: [Candidate]
    }
    public struct Candidate: Equatable, Sendable {
        public var endpoint: String
        public var provider: String
        public var region: String
        /// `eligible`, or the filter that keeps it out.
        public var verdict: String
        public var isEligible: Bool
        /// Whether the request's bytes may go there, and why; `nil` where no policy restricts anything.
        public var residency: String?
        public var parts: [Part]
        /// Lower wins; `nil` when not eligible.
        public var score: Double?
    }
    /// One number of the score, e.g. `time 1840 ms`.
    public struct Part: Equatable, Sendable {
        public var name: String
        public var value: Double
        public var unit: String
    }
    public var route: String
    public var callerRegion: String?
    public var tiers: [Tier]
    /// Name of the endpoint the request would get; `nil` for none.
    public var picked: String?
    public var pickedTier: Int?
    /// One sentence.
    public var reason: String
}

extension Explanation {
    /// Readable text, one line each.
    public var lines: [String] {
        var lines = ["route \(route)" + (callerRegion.map { ", caller in \($0)" } ?? "")]
        for (number, tier) in tiers.enumerated() {
            let used = tier.usedPercent.map { ", freest endpoint \($0) % used" } ?? ""
            lines.append("tier \(number) \(tier.name): \(tier.gate)\(used)")
            lines += tier.candidates.map { "  " + line($0) }
        }
        lines.append((picked.map { "pick \($0): " } ?? "no pick: ") + reason)
        return lines
    }

    private func line(_ candidate: Candidate) -> String {
        let residency = candidate.residency.map { "; residency: \($0)" } ?? ""
        let place =
            "\(candidate.endpoint) (\(candidate.provider), \(candidate.region)): \(candidate.verdict)\(residency)"
        guard let score = candidate.score else { return place }
        let parts = candidate.parts.map { "\($0.name) \(Self.text($0.value)) \($0.unit)" }.joined(separator: ", ")
        return "\(place), score \(Self.text(score)) (\(parts))"
    }

    /// Three digits after the point below 10, one below 1,000, none above: enough to compare, short enough to read.
    static func text(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        let digits = abs(value) < 10 ? 3 : abs(value) < 1_000 ? 1 : 0
        let scale = digits == 3 ? 1_000 : digits == 1 ? 10 : 1
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(sign)\(scaled / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
