// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Synchronization

/// How close an endpoint is to the tightest of its limits.
struct Load: BitwiseCopyable {
    enum Limit: String, BitwiseCopyable {
        case nothing = "no limit"
        case inFlight = "in-flight limit"
        case queue = "queue limit"
        case tokens = "token rate"
        case requests = "request rate"
        case headers = "limits in response headers"
        case coolDown = "asked to slow down"
    }
    /// Used share of the tightest limit; 1 = at the limit.
    var used = 0.0
    var limit = Limit.nothing
    /// A limit of ours, or a refusal still in force, forbids one more request. Softer signals only send traffic
    /// elsewhere while there is an elsewhere.
    var isForbidden = false

    @inline(__always)
    mutating func see(_ share: Double, _ limit: Limit, forbids: Bool) {
        if share > used {
            used = share
            self.limit = limit
        }
        if forbids, share >= 1 { isForbidden = true }
    }
}

/// `EndpointLimits` as the hot path reads them; −1 means no limit.
struct Limits: BitwiseCopyable {
    var inFlightMax: Int
    var queueMax: Int
    var tokensPerMinute: Int
    var requestsPerMinute: Int
    var isUnlimited: Bool
    /// By how much one request in flight stretches an answer: the reciprocal of the declared limit, or of a usual batch
    /// of 16.
    var stretchPerRequest: Double

    init(_ limits: EndpointLimits) {
        inFlightMax = limits.inFlightMax ?? -1
        queueMax = limits.queueMax ?? -1
        tokensPerMinute = limits.tokensPerMinute ?? -1
        requestsPerMinute = limits.requestsPerMinute ?? -1
        isUnlimited = max(inFlightMax, queueMax, tokensPerMinute, requestsPerMinute) < 0
        stretchPerRequest = 1 / (inFlightMax > 0 ? Double(inFlightMax) : 16)
    }

}

extension EndpointState {
    /// A queue length older than this is not believed: a stale one makes an idle pool look saturated.
    static let queueTrust = TimeSpan.seconds(15)

    @inline(__always)
    func load(_ gauge: UnsafeMutablePointer<GaugeSlot>, inFlight: Int, now: Instant) -> Load {
        var load = Load()
        // The common case of an endpoint without limits or signals costs three comparisons.
        if limits.isUnlimited, now >= coolDownUntil, now >= headroom.validUntil { return load }
        if limits.inFlightMax >= 0 { load.see(Self.share(inFlight, of: limits.inFlightMax), .inFlight, forbids: true) }
        if limits.queueMax >= 0 { load.see(queueShare(gauge, now: now), .queue, forbids: false) }
        if limits.tokensPerMinute >= 0 {
            load.see(limits.tokensPerMinute == 0 ? 1 : gauge.pointee.tokens.used(now: now), .tokens, forbids: true)
        }
        if limits.requestsPerMinute >= 0 {
            load.see(
                limits.requestsPerMinute == 0 ? 1 : gauge.pointee.requests.used(now: now), .requests, forbids: true)
        }
        load.see(headroom.used(now: now), .headers, forbids: false)
        if now < coolDownUntil, isCoolDownForCapacity { load.see(1, .coolDown, forbids: true) }
        return load
    }

    private func queueShare(_ gauge: UnsafeMutablePointer<GaugeSlot>, now: Instant) -> Double {
        let at = gauge.pointee.queuedAt.load(ordering: .relaxed)
        guard at != .min, now.nanoseconds - at <= Self.queueTrust.nanoseconds else { return 0 }
        return Self.share(gauge.pointee.queued.load(ordering: .relaxed), of: limits.queueMax)
    }

    /// A limit of 0 means closed.
    @inline(__always)
    private static func share(_ amount: Int, of limit: Int) -> Double {
        limit == 0 ? 1 : Double(amount) / Double(limit)
    }

    /// When a forbidden endpoint may have room again, as far as that is known; a running request's end is not, so it
    /// counts as a second.
    func fullUntil(_ gauge: UnsafeMutablePointer<GaugeSlot>, inFlight: Int, now: Instant) -> Instant {
        var until = now
        if limits.inFlightMax >= 0, inFlight >= limits.inFlightMax { until = max(until, now + .seconds(1)) }
        if limits.tokensPerMinute >= 0 { until = max(until, gauge.pointee.tokens.freeAt(now: now)) }
        if limits.requestsPerMinute >= 0 { until = max(until, gauge.pointee.requests.freeAt(now: now)) }
        if isCoolDownForCapacity { until = max(until, coolDownUntil) }
        return until
    }
}
