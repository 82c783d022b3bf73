// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Stage 7: performs what the attempt machine orders and reports what happened. The only loop of a request; it decides
/// nothing.
extension Exchange {
    func handle(_ event: AttemptEvent) {
        perform(machine.handle(event, now: now, rng: &worker.random))
    }

    private func perform(_ action: AttemptAction) {
        switch action {
        case .none: break
        case .pick: pick()
        case .pickHedge: pickHedge()
        case .dispatch(let slot, let endpoint, let fresh): dispatch(slot, endpoint, fresh: fresh)
        case .wait(let until): waitUntil = until.nanoseconds
        case .release(let slot, let other): release(slot, cancelling: other)
        case .cancel(let slot): cancelAttempt(slot)
        case .answerFailure(let failure): answerFailure(failure)
        case .endStream(let failure): endStream(failure)
        case .cancelAll: cancelAttempts()
        case .complete: finish(keepingAlive: true)
        }
        armTimer()
    }

    private func pick() {
        guard !isOrphaned else { return handle(.nothingToPick(.exhausted)) }
        guard !isUnrecorded else { return handle(.nothingToPick(.inadmissible)) }
        guard isFunded(0) else { return handle(.nothingToPick(.exhausted)) }
        switch worker.router.pick(features, within: admissible, excluding: machine.tried, now: now) {
        case .endpoint(let endpoint, _): handle(.picked(endpoint))
        case .none(let reason): handle(.nothingToPick(reason))
        }
    }

    private func pickHedge() {
        guard !isOrphaned, !isUnrecorded, let first = attempts[0].endpoint, isFunded(1) else {
            return handle(.nothingToPick(.exhausted))
        }
        switch worker.router.pickHedge(
            features, within: admissible, avoidingProviderOf: first, excluding: machine.tried, now: now)
        {
        case .endpoint(let endpoint, _): handle(.picked(endpoint))
        case .none(let reason): handle(.nothingToPick(reason))
        }
    }

    // MARK: Attempts

    private func dispatch(_ slot: Int, _ endpoint: EndpointID, fresh: Bool) {
        let generation = worker.generation
        let options = generation.endpointOptions[Int(endpoint.index)]
        let debt = attempts[slot].debt
        worker.router.began(endpoint, features, now: now)
        attempts[slot] = Attempt(
            endpoint: endpoint, counters: generation.endpointSlots[Int(endpoint.index)],
            prices: options.prices, mediaPrices: options.mediaPrices,
            idleNanoseconds: options.timeouts.idle.nanoseconds,
            firstByteNanoseconds: options.timeouts.firstByte.nanoseconds,
            startedAt: worker.loop.now,
            connectDeadline: worker.loop.now + options.timeouts.connect.nanoseconds,
            phaseDeadline: worker.loop.now + options.timeouts.firstByte.nanoseconds, phase: .connecting)
        worker.metrics.attemptBegan(attempts[slot].counters, isHedge: slot == 1)
        if let journal = worker.audit, recordIntent(slot, fresh: fresh, after: debt, in: journal) { return }
        guard !isUnrecorded else { return attemptFailed(slot, AttemptFailure(kind: .inadmissible)) }
        send(slot, endpoint, fresh: fresh)
    }

    /// The attempt's intent is durable: its time begins now.
    func attemptRecorded(_ slot: Int, fresh: Bool) {
        attempts[slot].phase = .connecting
        guard let endpoint = attempts[slot].endpoint else {
            // It left the configuration meanwhile.
            return attemptFailed(slot, AttemptFailure(kind: .connectFailed))
        }
        let waited = worker.loop.now - attempts[slot].startedAt
        attempts[slot].startedAt += waited
        attempts[slot].connectDeadline += waited
        attempts[slot].phaseDeadline = worker.loop.now + attempts[slot].firstByteNanoseconds
        send(slot, endpoint, fresh: fresh)
        armTimer()
    }

    /// Nothing may be sent that the log does not have, here or elsewhere.
    func recordingFailed(_ slot: Int) {
        isUnrecorded = true
        attemptFailed(slot, AttemptFailure(kind: .inadmissible))
    }

    private func send(_ slot: Int, _ endpoint: EndpointID, fresh: Bool) {
        let generation = worker.generation
        if slot == 0, machine.attempts == 1 { planHedge(endpoint) }
        // Asked again at every dispatch: a rule may have ended since the pick, or between two repeats.
        guard let handle = admissible.handle(endpoint) else {
            return attemptFailed(slot, AttemptFailure(kind: .inadmissible))
        }
        guard let plan = plan(at: endpoint) else { return attemptFailed(slot, AttemptFailure(kind: .unsupported)) }
        if let failure = translate(plan, endpoint) { return attemptFailed(slot, failure) }
        guard pickCredential(slot, endpoint) else {
            // None has come yet, or the last one expired: the keeper is at it.
            return attemptFailed(slot, AttemptFailure(kind: .credential, retryAfter: .seconds(1)))
        }
        guard let connection = generation.upstream(handle).connection(for: handle, fresh: fresh) else {
            return attemptFailed(slot, AttemptFailure(kind: .connectFailed))
        }
        begin(slot, on: connection, plan)
    }

    private func begin(_ slot: Int, on connection: UpstreamConnection, _ plan: DispatchPlans.Plan) {
        attempts[slot].connection = connection
        if connection.isOpen { attempts[slot].phase = .awaitingContent } else { setAddressDeadline(slot) }
        isTranslated = true
        connection.begin(self, slot: slot, plan: plan)
        isTranslated = false
    }

    private func planHedge(_ endpoint: EndpointID) {
        guard let policy = worker.generation.routeOptions[Int(features.route.index)].hedge else { return }
        hedgeAt = worker.loop.now + worker.router.hedgeDelay(endpoint, policy: policy, now: now).nanoseconds
    }

    /// One more address of the endpoint's name is tried.
    func addressChanged(_ slot: Int) {
        setAddressDeadline(slot)
        armTimer()
    }

    /// The connect timeout spans all addresses of a name. Each but the last gets half of what is left of it, so that
    /// one that takes connections nowhere leaves time for the others.
    private func setAddressDeadline(_ slot: Int) {
        let end = attempts[slot].connectDeadline
        attempts[slot].phaseDeadline = end
        guard let connection = attempts[slot].connection, connection.addresses.left > 0 else { return }
        let half = (end - worker.loop.now) / 2
        attempts[slot].phaseDeadline = min(end, worker.loop.now + max(half, Self.addressNanosecondsMin))
    }

    /// RFC 8305 §8 recommends as much before another address is tried.
    private static let addressNanosecondsMin: Int64 = 250_000_000

    func connectionOpened(_ slot: Int) {
        attempts[slot].phase = .awaitingContent
        attempts[slot].phaseDeadline = worker.loop.now + attempts[slot].firstByteNanoseconds
        armTimer()
    }

    /// The attempt's first content is at hand: commit to it, or learn that the other one was faster.
    func attemptReady(_ slot: Int) { handle(.committed(slot: slot)) }

    private func release(_ slot: Int, cancelling other: Int?) {
        commit(slot, cancelling: other)
        attempts[slot].connection?.release()
    }

    private func commit(_ slot: Int, cancelling other: Int?) {
        if let other { cancelAttempt(other) }
        translator = attempts[slot].connection?.translator
        hedgeAt = .max
        waitUntil = .max
        timing.firstContent = worker.loop.now
        timing.lastContent = worker.loop.now
        attempts[slot].phase = .streaming
        attempts[slot].phaseDeadline = worker.loop.now + attempts[slot].idleNanoseconds
        // A count says nothing about how long an answer takes.
        guard let endpoint = attempts[slot].endpoint, !features.operation.countsTokens else { return }
        let timeToFirstToken = TimeSpan.nanoseconds(worker.loop.now - attempts[slot].startedAt)
        worker.router.answered(endpoint, timeToFirstToken: timeToFirstToken, now: now)
        attempts[slot].hasReportedFirstToken = true
    }

    /// A complete answer that fits one send, in the caller's words.
    /// - Returns: false when this attempt lost and is gone.
    func answerIfFirst(_ slot: Int, body: UnsafeRawBufferPointer, usage counted: UsageCounts?) -> Bool {
        let action = machine.handle(.committed(slot: slot), now: now, rng: &worker.random)
        guard case .release(let released, let other) = action, released == slot,
            let connection = attempts[slot].connection
        else {
            perform(action)
            return false
        }
        commit(slot, cancelling: other)
        usage = counted
        sendWhole(connection, body: body)
        return client.isClosed ? false : true
    }

    /// Events of an upstream that belong to an answer already given are ignored: the slot is idle by then.
    func attemptFinished(_ slot: Int) {
        guard attempts[slot].isAlive else { return }
        settle(slot, failure: nil, wasCancelled: false)
        handle(.finished(slot: slot))
    }

    func attemptFailed(_ slot: Int, _ failure: AttemptFailure) {
        guard attempts[slot].isAlive else { return }
        var failure = failure
        failure.hasOtherCredential = !machine.isCommitted && noteCredential(slot, failure)
        settle(slot, failure: failure, wasCancelled: false)
        handle(.failed(slot: slot, failure))
    }

    private func cancelAttempt(_ slot: Int) {
        guard attempts[slot].isAlive else { return }
        attempts[slot].connection?.cancel()
        settle(slot, failure: nil, wasCancelled: true)
    }

    func cancelAttempts() {
        cancelAttempt(0)
        cancelAttempt(1)
    }

    /// Tells the router how the attempt went and frees the slot.
    private func settle(_ slot: Int, failure: AttemptFailure?, wasCancelled: Bool) {
        let wasSent = attempts[slot].phase == .awaitingContent || attempts[slot].phase == .streaming
        attempts[slot].phase = .idle
        attempts[slot].phaseDeadline = .max
        attempts[slot].connection = nil
        if funding != nil { noteFunding(of: slot, failure, wasSent: wasSent) }
        noteEnd(of: slot, failure, wasCancelled: wasCancelled)
        if let failure { worker.metrics.attemptFailed(attempts[slot].counters, failure.kind) }
        // An endpoint that left the configuration was settled by the router when it adopted the new one.
        guard let endpoint = attempts[slot].endpoint else { return }
        let isFirstTokenKnown = attempts[slot].hasReportedFirstToken
        var outcome = AttemptOutcome(
            features: features, failure: failure, wasCancelled: wasCancelled,
            timeToFirstToken: isFirstTokenKnown ? .nanoseconds(timing.firstContent - attempts[slot].startedAt) : nil,
            duration: .nanoseconds(worker.loop.now - attempts[slot].startedAt), isFirstTokenReported: isFirstTokenKnown)
        if isFirstTokenKnown {
            outcome.outputTokens = usage?.completionTokens ?? 0
            outcome.promptTokens = usage?.promptTokens ?? 0
        }
        outcome.headroom = attempts[slot].headroom
        if let news = worker.router.ended(endpoint, outcome, now: now) { worker.shareNews?(news) }
    }

    // MARK: Time

    /// The client connection's deadline is the nearest of everything this request waits for.
    func armTimer() {
        guard isInFlight else { return }
        var next = min(machine.deadline.nanoseconds, waitUntil, hedgeAt, stallDeadline)
        next = min(next, attempts[0].phaseDeadline, attempts[1].phaseDeadline, keepAliveAt)
        client.setDeadline(next)
    }

    func timerFired() {
        let now = worker.loop.now
        if isParked {
            if parkedUntil <= now { parkedTooLong() } else { client.setDeadline(parkedUntil) }
            return
        }
        if stallDeadline <= now {
            client.closeNow()
            return clientGone()
        }
        if machine.deadline.nanoseconds <= now {
            handle(.deadlineReached)
        } else if waitUntil <= now {
            waitUntil = .max
            handle(.waited)
        } else if hedgeAt <= now {
            hedgeAt = .max
            handle(.hedgeDue)
        } else {
            for slot in 0...1 where attempts[slot].phaseDeadline <= now { timeOut(slot) }
            if keepAliveAt <= now { sendKeepAlive() }
        }
        armTimer()
    }

    private func timeOut(_ slot: Int) {
        if attempts[slot].phase == .recording { return recordingFailed(slot) }
        if attempts[slot].phase == .connecting, let connection = attempts[slot].connection {
            let isInTime = worker.loop.now < attempts[slot].connectDeadline
            if connection.leavesAddress(forAnother: isInTime) { return addressChanged(slot) }
        }
        let kind: FailureKind =
            switch attempts[slot].phase {
            case .connecting: .connectTimeout
            case .awaitingContent: .firstByteTimeout
            case .streaming, .recording, .idle: .idleTimeout
            }
        attempts[slot].connection?.cancel()
        attemptFailed(slot, AttemptFailure(kind: kind))
    }

    // MARK: The caller

    func clientGone() {
        if isParked { return parkedCallerGone() }
        guard isInFlight else { return }
        outcome = .clientGone
        handle(.clientGone)
        finish(keepingAlive: false)
    }

    func clientBackedUp() {
        stallDeadline = worker.loop.now + worker.limits.writeStallNanoseconds
        attempts[machine.committedSlot ?? 0].phaseDeadline = .max
        armTimer()
    }

    func clientDrained() {
        stallDeadline = .max
        guard isInFlight, let slot = machine.committedSlot, attempts[slot].isAlive else { return }
        attempts[slot].phaseDeadline = worker.loop.now + attempts[slot].idleNanoseconds
        armTimer()
        attempts[slot].connection?.resumeReading()
    }
}
