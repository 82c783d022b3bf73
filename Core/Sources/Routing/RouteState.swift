// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// One route as one loop works on it.
struct RouteState: BitwiseCopyable {
    static let outputTokensPrior = 256.0

    /// Positions of the route's tiers among all tiers.
    var tiers: Section
    var overflow: TierGate.Thresholds
    /// Hedges per 100 requests; 0: never.
    var hedgePercent: Int32
    /// Tells the conversations of routes apart in the prefix table; from the route's name, so that it survives
    /// snapshots.
    var salt: UInt64

    var hedges = HedgeBudget()
    /// Smoothed output tokens per answer of this route.
    var outputTokens = SmoothedValue(prior: RouteState.outputTokensPrior)

    init(_ record: RouteRecord, tiers: Section) {
        self.tiers = tiers
        overflow = TierGate.Thresholds(record.overflow)
        hedgePercent = Int32(max(0, min(100, record.hedge?.extraRequestsPercentMax ?? 0)))
        salt = ByteHash.hash(record.name)
    }

    func outputTokensExpected(_ features: RequestFeatures) -> Double {
        features.outputTokensMax > 0 ? min(Double(features.outputTokensMax), outputTokens.value) : outputTokens.value
    }
}

/// One tier of one route.
struct TierState: BitwiseCopyable {
    /// Positions of the tier's endpoints among all members; the endpoints are in ascending order.
    var members: Section
    var weights: ScoreWeights
    /// Owned by the snapshot, which the router keeps; `nil` when the tier does not weigh affinity.
    var ring: RingPoints?
    var gate = TierGate()
}

/// A stretch of positions in a slab; `Range` is not a plain value to the compiler.
struct Section: BitwiseCopyable {
    var start: Int
    var count: Int
    var range: Range<Int> { start..<start + count }
}
