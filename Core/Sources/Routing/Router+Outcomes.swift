// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Synchronization

// What attempts, probes and other loops teach.

extension Router {
    /// The first content byte came. Optional, before `ended`: estimators and breaker then learn it at once and not when
    /// the answer is complete, which may be minutes later. Say so in `AttemptOutcome.isFirstTokenReported`.
    public mutating func answered(_ endpoint: EndpointID, timeToFirstToken: TimeSpan, now: Instant) {
        guard let state = state(endpoint) else { return }
        observeFirstToken(state, timeToFirstToken, now: now)
        state.pointee.breaker.succeeded(startedAt: now - timeToFirstToken, now: now)
    }

    /// An attempt is over, whatever the way.
    /// - Returns: bad news that the other loops should `learn`.
    public mutating func ended(_ endpoint: EndpointID, _ outcome: AttemptOutcome, now: Instant) -> EndpointNews? {
        guard let state = state(endpoint) else { return nil }
        let slot = slots + Int(state.pointee.gaugeSlot)
        if state.pointee.inFlightHere > 0 {
            state.pointee.inFlightHere -= 1
            slot.pointee.inFlight.subtract(1, ordering: .relaxed)
        }
        settle(outcome, state, slot)
        if let hint = outcome.headroom { state.pointee.headroom.observe(hint, now: now) }
        if outcome.wasCancelled {
            cancelled(state, outcome, now: now)
            return nil
        }
        if let failure = outcome.failure { return failed(endpoint, state, failure, outcome, now: now) }
        succeeded(endpoint, state, outcome, now: now)
        return nil
    }

    /// What another loop found out. Only ever makes an endpoint look worse, and for a bounded time.
    public mutating func learn(_ news: EndpointNews, now: Instant) {
        guard news.snapshotVersion == snapshot.version, let state = state(news.endpoint) else { return }
        switch news.kind {
        case .breakerOpened: state.pointee.breaker.learnedOpen(news.cause, until: news.until, now: now)
        case .coolDown: coolDown(state, news.cause, until: news.until, now: now)
        }
    }

    /// A health probe of the endpoint's address came back; it counts for every model served there.
    /// Two failures in a row keep traffic off until one succeeds.
    public mutating func probed(_ endpoint: EndpointID, _ result: ProbeResult, now: Instant) {
        guard let probed = state(endpoint) else { return }
        let gaugeSlot = probed.pointee.gaugeSlot
        if let queued = result.queued { gauges.storeQueued(Int(gaugeSlot), queued, at: now) }
        for i in 0..<endpoints.count where endpoints[i].pointee.gaugeSlot == gaugeSlot {
            let state = endpoints[i]
            if result.isUp { state.pointee.breaker.probedUp(now: now) }
            state.pointee.failedProbes =
                result.isUp ? 0 : min(EndpointState.failedProbesMax, state.pointee.failedProbes + 1)
        }
    }
}

extension Router {
    private mutating func succeeded(
        _ endpoint: EndpointID, _ state: UnsafeMutablePointer<EndpointState>, _ outcome: AttemptOutcome, now: Instant
    ) {
        state.pointee.counters.successes += 1
        state.pointee.counters.outputTokens += UInt64(max(0, outcome.outputTokens))
        state.pointee.errorRate.observe(0)
        if !outcome.isFirstTokenReported {
            state.pointee.breaker.succeeded(startedAt: now - outcome.duration, now: now)
            if let span = outcome.timeToFirstToken { observeFirstToken(state, span, now: now) }
        }
        if let span = outcome.timeToFirstToken, outcome.outputTokens > 1, outcome.features.isStreaming {
            state.pointee.timePerToken.observe((outcome.duration - span).seconds / Double(outcome.outputTokens - 1))
        }
        guard Int(outcome.features.route.index) < routes.count else { return }
        let route = routes[Int(outcome.features.route.index)]
        if outcome.outputTokens > 0 { route.pointee.outputTokens.observe(Double(outcome.outputTokens), weight: 0.05) }
        prefixes.remember(outcome.features, salt: route.pointee.salt, endpoint: endpoint, now: now)
    }

    private mutating func failed(
        _ endpoint: EndpointID, _ state: UnsafeMutablePointer<EndpointState>, _ failure: AttemptFailure,
        _ outcome: AttemptOutcome, now: Instant
    ) -> EndpointNews? {
        let startedAt = now - outcome.duration
        if failure.isKeepAliveRace || failure.kind == .totalTimeout {
            state.pointee.breaker.abandoned(startedAt: startedAt)
            return nil
        }
        if failure.hasOtherCredential {
            // The endpoint answered; the key is at fault, and another one is about to be tried.
            state.pointee.breaker.succeeded(startedAt: startedAt, now: now)
            return nil
        }
        var news: EndpointNews?
        if let span = failure.retryAfter ?? failure.kind.coolDown, failure.kind.coolDown != nil {
            let until = now + min(span, EndpointState.coolDownMax)
            coolDown(state, failure.kind, until: until, now: now)
            news = self.news(.coolDown, endpoint, failure.kind, until: until)
        }
        guard failure.kind.countsAgainstHealth else {
            // It answered; that the answer was no is the request's or the account's matter.
            state.pointee.breaker.succeeded(startedAt: startedAt, now: now)
            return news
        }
        state.pointee.counters.failures += 1
        state.pointee.errorRate.observe(1)
        state.pointee.timeToFirstToken.penalise(duration: outcome.duration.seconds, now: now)
        if state.pointee.breaker.failed(failure.kind, startedAt: startedAt, now: now, rng: &rng),
            let until = state.pointee.breaker.openUntil
        {
            news = self.news(.breakerOpened, endpoint, failure.kind, until: until)
        }
        return news
    }

    /// A cancelled wait is a lower bound of the time it would have taken: it counts only if it already was longer than
    /// the estimate.
    private mutating func cancelled(
        _ state: UnsafeMutablePointer<EndpointState>, _ outcome: AttemptOutcome, now: Instant
    ) {
        state.pointee.breaker.abandoned(startedAt: now - outcome.duration)
        let waited = outcome.duration.seconds
        guard outcome.timeToFirstToken == nil, waited > state.pointee.timeToFirstToken.projected(now: now) else {
            return
        }
        state.pointee.timeToFirstToken.observe(waited, now: now)
    }

    private func news(_ kind: EndpointNews.Kind, _ endpoint: EndpointID, _ cause: FailureKind, until: Instant)
        -> EndpointNews
    {
        EndpointNews(snapshotVersion: snapshot.version, endpoint: endpoint, kind: kind, cause: cause, until: until)
    }

    private func observeFirstToken(_ state: UnsafeMutablePointer<EndpointState>, _ span: TimeSpan, now: Instant) {
        state.pointee.timeToFirstToken.observe(span.seconds, now: now)
        state.pointee.firstTokenQuantile.record(span, now: now)
    }

    private func coolDown(
        _ state: UnsafeMutablePointer<EndpointState>, _ cause: FailureKind, until: Instant, now: Instant
    ) {
        // Because: being out of order outranks being busy, so a rate limit must not turn a wrong key into mere load.
        let isOutOfOrder = now < state.pointee.coolDownUntil && !state.pointee.isCoolDownForCapacity
        state.pointee.isCoolDownForCapacity = cause.isCapacity && !isOutOfOrder
        let isStillForAccount = cause.isCapacity && isOutOfOrder && state.pointee.isCoolDownForAccount
        state.pointee.isCoolDownForAccount = cause.isAboutAccount || isStillForAccount
        state.pointee.coolDownUntil = max(state.pointee.coolDownUntil, until)
    }
}

// MARK: - Rates

extension Router {
    /// Output tokens reserved for a request that states no bound.
    static let outputTokensAssumed: Int32 = 256

    /// What a request may use at most, as providers reckon it at admission: the prompt and the bound on the answer.
    static func reservedTokens(_ features: RequestFeatures) -> Int {
        Int(max(0, features.promptTokens))
            + Int(features.outputTokensMax > 0 ? features.outputTokensMax : outputTokensAssumed)
    }

    func reserve(
        _ features: RequestFeatures, _ state: UnsafeMutablePointer<EndpointState>,
        _ slot: UnsafeMutablePointer<GaugeSlot>, now: Instant
    ) {
        let tokens = Self.reservedTokens(features)
        let limits = state.pointee.limits
        if limits.tokensPerMinute > 0 {
            slot.pointee.tokens.reserve(tokens, perMinute: limits.tokensPerMinute, now: now)
        }
        if limits.requestsPerMinute > 0 {
            slot.pointee.requests.reserve(1, perMinute: limits.requestsPerMinute, now: now)
        }
        state.pointee.headroom.reserve(tokens: tokens)
    }

    /// Replaces the reservation by what was used. A failed attempt used nothing; of a cancelled one nobody knows, so it
    /// keeps its reservation.
    private func settle(
        _ outcome: AttemptOutcome, _ state: UnsafeMutablePointer<EndpointState>, _ slot: UnsafeMutablePointer<GaugeSlot>
    ) {
        let limits = state.pointee.limits
        let used = outcome.promptTokens + outcome.outputTokens
        guard limits.tokensPerMinute > 0, used > 0 || outcome.failure != nil else { return }
        slot.pointee.tokens.settle(Int(used) - Self.reservedTokens(outcome.features), perMinute: limits.tokensPerMinute)
    }
}
