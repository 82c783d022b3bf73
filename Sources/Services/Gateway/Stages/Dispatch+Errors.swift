// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// What answers say besides content: load, retry hints, errors.
extension Exchange {
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
        let told = told(slot, body, facts, kind, status: status, isNative: isNative)
        upstreamError = UpstreamErrorAnswer(
            status: told.status, body: told.body, retryAfterSeconds: seconds(retryAfter))
        return AttemptFailure(
            kind: kind, retryAfter: retryAfter.map { .nanoseconds($0) }, status: status, onReusedConnection: false)
    }

    /// An error inside a stream has no status of its own.
    func classifyStreamError(_ slot: Int, _ event: UnsafeRawBufferPointer, isNative: Bool) -> AttemptFailure {
        let facts = ResponseScan.errorFacts(event)
        let said = facts.isQuotaExhausted ? .quotaExhausted : facts.kind(status: 200).map { FailureKind($0) }
        let kind = refined(said ?? .errorInStream, facts)
        let told = told(slot, event, facts, kind, status: nil, isNative: isNative)
        upstreamError = UpstreamErrorAnswer(status: told.status, body: told.body)
        return AttemptFailure(
            kind: kind, retryAfter: facts.retryAfterNanoseconds.map { .nanoseconds($0) }, status: 200,
            onReusedConnection: false)
    }

    /// The error as the caller gets it. One that repeats our credential keeps its class only.
    private func told(
        _ slot: Int, _ body: UnsafeRawBufferPointer, _ facts: ErrorFacts, _ kind: FailureKind, status: UInt16?,
        isNative: Bool
    ) -> (status: UInt16, body: [UInt8]) {
        guard repeatsCredential(slot, body) else {
            return ErrorShape.answer(body, facts, kind, status: status, wire: wire, isNative: isNative)
        }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        return ErrorShape.answer(nothing, ErrorFacts(), kind, status: status, wire: wire, isNative: isNative)
    }

    /// What the caller earned itself has two kinds that are told apart by more than their class.
    private func refined(_ kind: FailureKind, _ facts: ErrorFacts) -> FailureKind {
        guard kind == .callerError else { return kind }
        return facts.isContentFilter ? .contentPolicy : facts.isContextTooLong ? .contextTooLong : kind
    }

    private func seconds(_ nanoseconds: Int64?) -> Int64 {
        nanoseconds.map { max(1, ($0 + 999_999_999) / 1_000_000_000) } ?? -1
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
