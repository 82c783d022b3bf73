// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// All that one loop knows of one endpoint: compiled constants and what traffic taught.
///
/// - Cost: a plain value of about 650 bytes, allocated with the snapshot; changed in place.
struct EndpointState: BitwiseCopyable {
    // What every pick reads of every candidate comes first and shares a few cache lines.
    var gaugeSlot: Int32
    var region: RegionID
    /// Number of the provider's name in this snapshot.
    var provider: UInt16
    /// What it can do, and what of that in the caller's own words.
    var served: OperationSet
    var native: OperationSet
    /// Positions of its languages among those of all endpoints, in ascending order; none: it takes any.
    var languages: Section
    var failedProbes: UInt8 = 0
    /// The cool-down is for lack of capacity: the endpoint counts as full, not as out of order.
    var isCoolDownForCapacity = false
    /// The cool-down is for the credential or its quota: a fresh credential ends it.
    var isCoolDownForAccount = false
    /// There is something to send as the endpoint's credential, or it needs none.
    var hasCredential = true
    var coolDownUntil = Instant.distantPast
    var timeToFirstToken = LatencyEstimate()
    var timePerToken = SmoothedValue(prior: EndpointState.timePerTokenPrior)
    /// `nil`: unknown price.
    var prices: ScorePrices?
    var limits: Limits
    var headroom = HeadroomEstimate()
    var breaker = CircuitBreaker()

    /// What sound, images, searches and characters cost; `nil`: unknown. Read for such requests only.
    var mediaPrices: ScoreMediaPrices?

    // Read or written once per attempt.
    /// Requests of this loop at the endpoint, so that they can be given back should the endpoint leave the snapshot.
    var inFlightHere: Int32 = 0
    var errorRate = SmoothedValue(prior: 0)
    var counters = Counters()
    var firstTokenQuantile = QuantileEstimate()

    static let timePerTokenPrior = 0.02
    static let failedProbesMax: UInt8 = 2
    static let coolDownMax = TimeSpan.seconds(24 * 3600)

    struct Counters: BitwiseCopyable {
        var attempts: UInt64 = 0
        var successes: UInt64 = 0
        var failures: UInt64 = 0
        var outputTokens: UInt64 = 0
    }

    init(_ record: EndpointRecord, provider: UInt16, languages: Section) {
        gaugeSlot = Int32(record.gaugeSlot)
        region = record.region
        self.provider = provider
        served = record.plans.served
        native = record.plans.native
        self.languages = languages
        limits = Limits(record.limits)
        prices = record.prices.map { ScorePrices($0) }
        mediaPrices = record.mediaPrices.map { ScoreMediaPrices($0) }
    }

    /// Constants of a newer snapshot; what was learned stays.
    mutating func adopt(_ record: EndpointRecord, provider: UInt16, languages: Section) {
        let fresh = EndpointState(record, provider: provider, languages: languages)
        gaugeSlot = fresh.gaugeSlot
        region = fresh.region
        self.provider = fresh.provider
        served = fresh.served
        native = fresh.native
        self.languages = fresh.languages
        limits = fresh.limits
        prices = fresh.prices
        mediaPrices = fresh.mediaPrices
        if record.health == nil { failedProbes = 0 }
    }
}

/// `TokenPrices` as the score uses them: doubles, because they only order endpoints. Money that is billed never takes
/// this way.
struct ScorePrices: BitwiseCopyable {
    var input: Double
    var cachedInput: Double
    var output: Double

    init(_ prices: TokenPrices) {
        input = Double(prices.input.picoPerUnit)
        cachedInput = Double((prices.cachedInput ?? prices.input).picoPerUnit)
        output = Double(prices.output.picoPerUnit)
    }
}

/// The same of `MediaPrices`; below 0: unknown.
struct ScoreMediaPrices: BitwiseCopyable {
    var audioMillisecond: Double
    var image: Double
    var search: Double
    var character: Double

    init(_ prices: MediaPrices) {
        func known(_ price: UnitPrice?) -> Double { price.map { Double($0.picoPerUnit) } ?? -1 }
        audioMillisecond = known(prices.audioMinute) / 60_000
        image = known(prices.image)
        search = known(prices.search)
        character = known(prices.character)
    }
}

// MARK: - Filter

/// Why an endpoint that is not at a limit may not be used now.
enum Refusal: BitwiseCopyable, Equatable {
    case credential, breaker, coolDown, probes
}

extension EndpointState {
    /// - Returns: `nil` when the endpoint is in order.
    @inline(__always)
    func refusal(now: Instant) -> Refusal? {
        if !hasCredential { return .credential }
        if !breaker.admits(now: now) { return .breaker }
        if now < coolDownUntil, !isCoolDownForCapacity { return .coolDown }
        return isProbedDown ? .probes : nil
    }

    var isProbedDown: Bool { failedProbes >= Self.failedProbesMax }

    /// When a refusal may end; of a probe's success and a credential's coming nobody knows, so they count as a second.
    func refusedUntil(now: Instant) -> Instant {
        max(breaker.openUntil ?? now, coolDownUntil, isProbedDown || !hasCredential ? now + .seconds(1) : now)
    }
}
