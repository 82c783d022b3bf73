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
        switch worker.router.pick(features, excluding: machine.tried, now: now) {
        case .endpoint(let endpoint, _): handle(.picked(endpoint))
        case .none(let reason): handle(.nothingToPick(reason))
        }
    }

    private func pickHedge() {
        guard !isOrphaned, let first = attempts[0].endpoint else { return handle(.nothingToPick(.exhausted)) }
        switch worker.router.pickHedge(features, avoidingProviderOf: first, excluding: machine.tried, now: now) {
        case .endpoint(let endpoint, _): handle(.picked(endpoint))
        case .none(let reason): handle(.nothingToPick(reason))
        }
    }

    // MARK: Attempts

    private func dispatch(_ slot: Int, _ endpoint: EndpointID, fresh: Bool) {
        let generation = worker.generation
        let options = generation.endpointOptions[Int(endpoint.index)]
        worker.router.began(endpoint, features, now: now)
        attempts[slot] = Attempt(
            endpoint: endpoint, counters: generation.endpointSlots[Int(endpoint.index)],
            prices: options.prices, idleNanoseconds: options.timeouts.idle.nanoseconds,
            firstByteNanoseconds: options.timeouts.firstByte.nanoseconds,
            startedAt: worker.loop.now,
            connectDeadline: worker.loop.now + options.timeouts.connect.nanoseconds,
            phaseDeadline: worker.loop.now + options.timeouts.firstByte.nanoseconds, phase: .connecting)
        worker.metrics.attemptBegan(attempts[slot].counters, isHedge: slot == 1)
        if slot == 0, machine.attempts == 1 { planHedge(endpoint) }
        guard let plan = plan(at: endpoint) else { return attemptFailed(slot, AttemptFailure(kind: .unsupported)) }
        if let failure = translate(plan, endpoint) { return attemptFailed(slot, failure) }
        guard pickCredential(slot, endpoint) else {
            // None has come yet, or the last one expired: the keeper is at it.
            return attemptFailed(slot, AttemptFailure(kind: .credential, retryAfter: .seconds(1)))
        }
        guard let connection = generation.upstreams[Int(endpoint.index)].connection(fresh: fresh) else {
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

    private func pickCredential(_ slot: Int, _ endpoint: EndpointID) -> Bool {
        let credentials = worker.generation.upstreams[Int(endpoint.index)].credentials
        guard !credentials.isEmpty else { return true }
        guard let index = credentials.pick(now: now) else { return false }
        attempts[slot].credential = index
        return true
    }

    /// Leaves a credential alone that was refused or is used up.
    /// - Returns: whether the endpoint has another one to try with.
    private func noteCredential(_ slot: Int, _ failure: AttemptFailure) -> Bool {
        guard let endpoint = attempts[slot].endpoint, attempts[slot].credential >= 0 else { return false }
        let credentials = worker.generation.upstreams[Int(endpoint.index)].credentials
        let index = attempts[slot].credential
        if failure.kind == .credential, let id = credentials.identity(of: index) { worker.credentialRefused?(id) }
        return credentials.failed(index, failure.kind, pause: failure.retryAfter, now: now)
    }

    private func planHedge(_ endpoint: EndpointID) {
        guard let policy = worker.generation.routeOptions[Int(features.route.index)].hedge else { return }
        hedgeAt = worker.loop.now + worker.router.hedgeDelay(endpoint, policy: policy, now: now).nanoseconds
    }

    /// How the endpoint performs what was asked for.
    private func plan(at endpoint: EndpointID) -> DispatchPlans.Plan? {
        worker.generation.dispatchPlans[Int(endpoint.index)].plan(
            features.operation, hasOwnHeaders: headers.hasAnthropicVersion)
    }

    /// Puts the request into the endpoint's words, in the worker's translator. Nothing to do where both speak the same.
    /// - Returns: why the endpoint cannot be asked.
    private func translate(_ plan: DispatchPlans.Plan, _ endpoint: EndpointID) -> AttemptFailure? {
        guard plan.speech != .same else { return nil }
        if let fault = write(plan, endpoint) {
            translationFault = fault
            return AttemptFailure(kind: .callerError)
        }
        unsupported = losses(plan)
        let mayDrop = worker.generation.routeOptions[Int(features.route.index)].dropsUnsupported
        return unsupported.isEmpty || mayDrop ? nil : AttemptFailure(kind: .unsupported)
    }

    private func write(_ plan: DispatchPlans.Plan, _ endpoint: EndpointID) -> TranslationFault? {
        worker.generation.upstreamModels[Int(endpoint.index)].withUnsafeBytes { name in
            let model = JSONString(name, hasEscapes: true)
            do throws(TranslationFault) {
                switch plan.speech {
                case .same: break
                case .chat(let target, let home): try writeChat(target, home, model, endpoint)
                case .embeddings(let family):
                    try worker.embeddings.write(client.bodyBytes, for: .init(family), model: model)
                }
                return nil
            } catch {
                return error
            }
        }
    }

    private func writeChat(
        _ target: ChatWire, _ home: OperationPlan.Home, _ model: JSONString, _ endpoint: EndpointID
    ) throws(TranslationFault) {
        let options = worker.generation.dispatchPlans[Int(endpoint.index)]
        try worker.translator.translate(
            client.bodyBytes, from: wire, isStream: features.isStreaming, to: target,
            for: Translation.RequestTarget(
                model: model, outputTokensDefault: options.outputTokensDefault, home: .init(home),
                capabilities: options.capabilities))
    }

    private func losses(_ plan: DispatchPlans.Plan) -> [String] {
        if case .embeddings = plan.speech { return worker.embeddings.isComplete ? [] : worker.embeddings.lossNames }
        return worker.translator.isComplete ? [] : worker.translator.lossNames(in: wire)
    }

    /// The endpoint's words for the request, from the translation made last; `nil` where they are the caller's.
    private func translatedBody(_ plan: DispatchPlans.Plan) -> UnsafeRawBufferPointer? {
        switch plan.speech {
        case .same: nil
        case .chat: worker.translator.body
        case .embeddings: worker.embeddings.output
        }
    }

    /// The few header lines that a translated request takes along.
    private func appendOwnLines(_ writer: inout ByteWriter) {
        writer.append("content-type: application/json\r\n")
        let head = client.headBytes
        if !headers.traceparent.isEmpty {
            writer.append("traceparent: ")
            writer.append(headers.traceparent.slice(head))
            writer.append("\r\n")
        }
        if !headers.tracestate.isEmpty {
            writer.append("tracestate: ")
            writer.append(headers.tracestate.slice(head))
            writer.append("\r\n")
        }
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

    /// Writes the request of this exchange to a ready connection.
    func sendRequest(on connection: UpstreamConnection) -> Sent {
        guard let plan = connection.plan, let endpoint = attempts[connection.slot].endpoint else { return .failed(0) }
        if !isTranslated, translate(plan, endpoint) != nil { return .failed(0) }
        return worker.generation.upstreamModels[Int(endpoint.index)].withUnsafeBytes { model in
            var body = SegmentList(memory: worker.headSegmentMemory)
            appendBody(plan, model, to: &body)
            var writer = ByteWriter(worker.headMemory)
            plan.withHead(isStream: features.isStreaming) { writer.append($0) }
            guard appendCredential(connection, plan, body, to: &writer) else { return .failed(0) }
            if plan.speech == .same { writer.append(forwardedLines.bytes) } else { appendOwnLines(&writer) }
            writer.append("content-length: ")
            writer.append(decimal: body.byteCount)
            writer.append("\r\n\r\n")
            precondition(!writer.isFull, "heads are bounded below the scratch's size")
            worker.beginSegments()
            worker.segments.append(writer.bytes)
            for i in 0..<body.count { worker.segments.append(body.pointer[i].base, body.pointer[i].count) }
            let sent = connection.send(worker.segments.pointer, count: worker.segments.count)
            worker.segments.removeAll()
            return sent
        }
    }

    private func appendBody(
        _ plan: DispatchPlans.Plan, _ model: UnsafeRawBufferPointer, to segments: inout SegmentList
    ) {
        if let translated = translatedBody(plan) { return segments.append(translated) }
        let body = client.bodyBytes
        let edits =
            plan.modelPlace == .body
            ? RequestBody.edits(facts, of: body, model: model, addUsage: dropsUsageChunk) : RequestBody()
        edits.appendBody(body, to: &segments)
    }

    /// - Returns: false when the credential has gone since it was picked.
    private func appendCredential(
        _ connection: UpstreamConnection, _ plan: DispatchPlans.Plan, _ body: SegmentList, to writer: inout ByteWriter
    ) -> Bool {
        let index = attempts[connection.slot].credential
        guard index >= 0 else { return true }
        let credentials = connection.upstream.credentials
        if credentials.withLines(index, { writer.append($0) }) != nil { return true }
        guard let signer = credentials.signer(index) else { return false }
        // What is signed must be what is sent: the type is the caller's own where its body is.
        let type =
            plan.speech == .same ? headers.contentType.slice(client.headBytes) : Self.jsonType
        writer.append(
            worker.sign(plan, isStream: features.isStreaming, contentType: type, body: body, by: signer))
        return true
    }

    private static var jsonType: UnsafeRawBufferPointer {
        let text: StaticString = "application/json"
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
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
        guard let endpoint = attempts[slot].endpoint else { return }
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
        attempts[slot].phase = .idle
        attempts[slot].phaseDeadline = .max
        attempts[slot].connection = nil
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

    // MARK: What answers say besides content

    func observeHeadroom(_ slot: Int, _ head: UnsafeRawBufferPointer, _ fields: UnsafeBufferPointer<HeaderField>) {
        let view = RateLimitView.parse(response: head, fields: worker.fields, count: fields.count)
        attempts[slot].headroom = HeadroomHint(view)
    }

    func noteRetryHint(_ slot: Int, _ head: UnsafeRawBufferPointer, _ fields: UnsafeBufferPointer<HeaderField>) {
        let hint = RetryHint.parse(
            response: head, fields: worker.fields, count: fields.count, nowUnixSeconds: worker.unixSeconds)
        attempts[slot].retryAfter = hint
    }

    /// Classifies by what the error says, not by its status alone, and keeps it for the caller.
    func classifyError(
        _ slot: Int, status: UInt16, body: UnsafeRawBufferPointer, headerType: UnsafeRawBufferPointer, isNative: Bool
    ) -> AttemptFailure {
        let facts = ResponseScan.errorFacts(body, headerType: headerType)
        let kind = refined(
            facts.kind(status: status).map { FailureKind($0) }
                ?? FailureKind.classify(
                    status: status, isQuotaExhausted: facts.isQuotaExhausted,
                    isContextTooLong: facts.isContextTooLong, isContentFilter: facts.isContentFilter)
                ?? .malformedResponse, facts)
        let retryAfter = attempts[slot].retryAfter ?? facts.retryAfterNanoseconds
        // A caller that read 500 of a prompt that is too long would send the same again, and one that read 429 of a
        // provider without room would slow down for nothing.
        let isMistaken =
            kind == .contextTooLong && status >= 500 || kind == .overloaded && status < 500 || kind == .credential
        let answered = isNative && !isMistaken ? status : ErrorShape.status(status, kind, wire: wire)
        upstreamError = UpstreamErrorAnswer(
            status: answered,
            body: ErrorShape.body(body, facts, kind, status: answered, wire: wire, isNative: isNative),
            retryAfterSeconds: seconds(retryAfter))
        return AttemptFailure(
            kind: kind, retryAfter: retryAfter.map { .nanoseconds($0) }, status: status, onReusedConnection: false)
    }

    /// An error inside a stream has no status of its own.
    func classifyStreamError(_ slot: Int, _ event: UnsafeRawBufferPointer, isNative: Bool) -> AttemptFailure {
        let facts = ResponseScan.errorFacts(event)
        let said = facts.isQuotaExhausted ? .quotaExhausted : facts.kind(status: 200).map { FailureKind($0) }
        let kind = refined(said ?? .errorInStream, facts)
        let answered = ErrorShape.status(502, kind, wire: wire)
        upstreamError = UpstreamErrorAnswer(
            status: answered,
            body: ErrorShape.body(event, facts, kind, status: answered, wire: wire, isNative: isNative))
        return AttemptFailure(
            kind: kind, retryAfter: facts.retryAfterNanoseconds.map { .nanoseconds($0) }, status: 200,
            onReusedConnection: false)
    }

    /// What the caller earned itself has two kinds that are told apart by more than their class.
    private func refined(_ kind: FailureKind, _ facts: ErrorFacts) -> FailureKind {
        guard kind == .callerError else { return kind }
        return facts.isContentFilter ? .contentPolicy : facts.isContextTooLong ? .contextTooLong : kind
    }

    private func seconds(_ nanoseconds: Int64?) -> Int64 {
        nanoseconds.map { max(1, ($0 + 999_999_999) / 1_000_000_000) } ?? -1
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
        if attempts[slot].phase == .connecting, let connection = attempts[slot].connection {
            let isInTime = worker.loop.now < attempts[slot].connectDeadline
            if connection.leavesAddress(forAnother: isInTime) { return addressChanged(slot) }
        }
        let kind: FailureKind =
            switch attempts[slot].phase {
            case .connecting: .connectTimeout
            case .awaitingContent: .firstByteTimeout
            case .streaming, .idle: .idleTimeout
            }
        attempts[slot].connection?.cancel()
        attemptFailed(slot, AttemptFailure(kind: kind))
    }

    // MARK: The caller

    func clientGone() {
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

extension HeadroomHint {
    init(_ view: RateLimitView) {
        self.init()
        requestsLimit = view.limitRequests
        requestsRemaining = view.remainingRequests
        requestsResetNanoseconds = view.resetRequestsNanoseconds
        tokensLimit = view.limitTokens
        tokensRemaining = view.remainingTokens
        tokensResetNanoseconds = view.resetTokensNanoseconds
        utilizationPercent = Int64(view.utilizationPercent)
    }
}

extension FailureKind {
    init(_ kind: ErrorFacts.Kind) {
        switch kind {
        case .caller: self = .callerError
        case .notFound: self = .notFound
        case .credential: self = .credential
        case .rateLimited: self = .rateLimited
        case .quotaExhausted: self = .quotaExhausted
        case .overloaded: self = .overloaded
        case .transient: self = .serverError
        }
    }
}
