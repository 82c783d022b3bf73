// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import AuditTrail
internal import Reactor
internal import ResourceTypes
internal import Routing
internal import WireFormats

// What a request leaves in the audit log: before each attempt an intent, after it one outcome, the last of which is the
// request's last word; or one denial, where nothing was attempted. Nothing here happens without a log.

/// The end of an attempt that is not told yet.
struct AuditDebt {
    var number: UInt8
    var result: AttemptResult
    var reason: StaticString
    /// Stable position of the endpoint.
    var endpoint: Int32
}

extension Exchange {
    /// Notes that the attempt in a slot is about to be sent.
    /// - Returns: whether it has to wait; `intentRecorded` comes then.
    func recordIntent(_ slot: Int, fresh: Bool, after debt: AuditDebt?, in journal: AuditJournal) -> Bool {
        let isRequired = journal.requiresDurability(principal?.slot)
        // Attempts are bits of a word in the log; nobody has that many, but what is not noted must not be sent.
        guard dispatches < Int(PhaseLedger.attemptMax) else {
            isUnrecorded = isRequired
            return false
        }
        dispatches += 1
        let number = UInt8(dispatches)
        attempts[slot].number = number
        var intent = event(.intent, number, endpoint: Int32(attempts[slot].counters))
        intent.promptDigest = OpenSSLHash.hash(client.bodyBytes)
        let subject = subject
        let end = debt.map { outcome($0, isFinal: false) }
        guard isRequired else {
            journal.note(intent, subject: subject, after: end)
            return false
        }
        let waiting = WaitingAttempt(
            exchange: self, requestID: identifier, slot: slot, number: number, isFresh: fresh, debt: debt)
        journal.note(intent, subject: subject, after: end, waiting: waiting)
        attempts[slot].phase = .recording
        attempts[slot].phaseDeadline = worker.loop.now + worker.limits.auditNanoseconds
        return true
    }

    /// An intent that an attempt waits for is on the disk, or will not be.
    func intentRecorded(_ waiting: WaitingAttempt, isDurable: Bool) {
        let slot = waiting.slot
        guard isInFlight, identifier == waiting.requestID, attempts[slot].phase == .recording,
            attempts[slot].number == waiting.number
        else { return }
        if isDurable {
            attemptRecorded(slot, fresh: waiting.isFresh)
        } else {
            // It never was: the attempt before it is the last one again.
            attempts[slot].number = 0
            attempts[slot].debt = waiting.debt
            dispatches -= 1
            recordingFailed(slot)
        }
    }

    /// How the attempt of a slot ended; told with the next intent or at the end.
    func noteEnd(of slot: Int, _ failure: AttemptFailure?, wasCancelled: Bool) {
        guard attempts[slot].number > 0 else { return }
        let result: AttemptResult =
            if wasCancelled { .cancelled } else if let failure { failure.result(isCommitted: machine.isCommitted) } else {
                .completed
            }
        attempts[slot].debt = AuditDebt(
            number: attempts[slot].number, result: result, reason: failure?.kind.word ?? "",
            endpoint: Int32(attempts[slot].counters))
        attempts[slot].number = 0
    }

    /// The last word.
    func recordEnd(_ bill: Meter.Bill, in journal: AuditJournal) {
        let last = attempts[answeringSlot].debt == nil ? 1 - answeringSlot : answeringSlot
        guard let debt = attempts[last].debt else { return recordDenial(in: journal) }
        let subject = subject
        if let other = attempts[1 - last].debt { journal.note(outcome(other, isFinal: false), subject: subject) }
        var end = outcome(debt, isFinal: true)
        end.status = answeredStatus
        if machine.isCommitted {
            end.promptTokens = bill.usage.input
            end.completionTokens = bill.usage.output
            if let cost = bill.cost { end.costPico = Int64(clamping: cost.pico) }
        }
        if outcome == .truncated { end.result = .truncated }
        if outcome == .clientGone { end.result = .cancelled }
        journal.note(end, subject: subject)
        attempts[0].debt = nil
        attempts[1].debt = nil
        dispatches = 0
    }

    private func recordDenial(in journal: AuditJournal) {
        dispatches = 0
        guard outcome != .ok, case .inference = target else { return }
        var denial = event(.denial, 0, endpoint: -1)
        denial.isFinal = true
        denial.result = .refused
        denial.status = answeredStatus
        denial.reason = isUnrecorded ? "audit_unavailable" : outcome.label
        denial.severity = answeredStatus == 451 ? 3 : 1
        journal.note(denial: denial, subject: principal == nil ? [] : subject)
    }

    private func outcome(_ debt: AuditDebt, isFinal: Bool) -> RequestEvent {
        var event = event(.outcome, debt.number, endpoint: debt.endpoint)
        event.isFinal = isFinal
        event.result = debt.result
        event.reason = debt.reason
        return event
    }

    private func event(_ phase: RequestEvent.Phase, _ number: UInt8, endpoint: Int32) -> RequestEvent {
        var event = RequestEvent(
            phase, requestID: identifier, unixMilliseconds: worker.unixNanoseconds / 1_000_000)
        event.attempt = number
        event.key = principal.map { Int32($0.slot) } ?? -1
        event.endpoint = endpoint
        event.route = isInFlight ? Int32(routeCounters) : -1
        if case .inference(let operation) = target { event.operation = operation.telemetryName }
        event.configurationVersion = worker.audit?.configurationVersion ?? 0
        event.client = client.peerAddress.map { ClientAddress(high: $0.high, low: $0.low) }
        return event
    }

    /// Whom the caller asks for.
    private var subject: [UInt8] {
        guard !facts.subject.isEmpty else { return [] }
        let raw = facts.subject.slice(client.bodyBytes)
        return facts.subjectHasEscapes ? Array(JSONText.unescaped(raw).utf8) : Array(raw)
    }
}

extension AttemptFailure {
    fileprivate func result(isCommitted: Bool) -> AttemptResult {
        if isCommitted { return .truncated }
        switch kind {
        case .callerError, .contextTooLong, .contentPolicy: return .refused
        default: return .failed
        }
    }
}

extension FailureKind {
    /// Its name in the log.
    var word: StaticString {
        switch self {
        case .connectFailed: "connect_failed"
        case .connectTimeout: "connect_timeout"
        case .resetBeforeFirstByte: "reset_before_first_byte"
        case .firstByteTimeout: "first_byte_timeout"
        case .idleTimeout: "idle_timeout"
        case .totalTimeout: "total_timeout"
        case .malformedResponse: "malformed_response"
        case .truncated: "truncated"
        case .callerError: "caller_error"
        case .notFound: "not_found"
        case .credential: "credential"
        case .quotaExhausted: "quota_exhausted"
        case .rateLimited: "rate_limited"
        case .overloaded: "overloaded"
        case .serverError: "server_error"
        case .contentPolicy: "content_policy"
        case .contextTooLong: "context_too_long"
        case .errorInStream: "error_in_stream"
        case .unsupported: "unsupported"
        case .inadmissible: "inadmissible"
        }
    }
}
