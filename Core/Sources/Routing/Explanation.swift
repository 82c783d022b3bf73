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
        /// Use of the tightest limit at the tier's freest endpoint, in percent; `nil` when no endpoint of the tier can take requests.
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
        ["route \(route)", reason]
    }
}
