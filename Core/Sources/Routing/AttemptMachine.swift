// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// The failover of one request: which attempt to start, retry, hedge, release or give up, and when.
///
/// A pure machine. The shell performs its actions and reports events; the machine never looks at a clock or a socket.
/// At most two attempts are alive: slot 0 the primary, slot 1 the hedge. Policy:
/// - A failed attempt moves to another endpoint at once. When none is left it waits for the shortest hint or a backoff,
///   then all may be tried again.
/// - Failures of the request's own making (`FailureKind.isRetriable` false) are answered at once, also while a hedge
///   runs: a refusal by one endpoint must not be dodged at another.
/// - A refused credential repeats on the same endpoint with the next one, as long as there is one, and costs no attempt.
/// - A lost keep-alive race repeats once per attempt on the same endpoint over a fresh connection and costs no attempt.
/// - A request whose bytes may go nowhere any more ends at once with that reason.
/// - A request that finds no endpoint at its first try is turned away, not queued: waiting without a limit belongs to
///   the caller.
/// - After commit there is nothing to retry: the stream completes or ends with an error.
/// - Invariant: exactly one terminal action per request; every event after it is answered with `.none`.
public struct AttemptMachine: BitwiseCopyable, Sendable {
    static let backoffBase = TimeSpan.milliseconds(500)
    static let backoffMax = TimeSpan.seconds(8)

    /// Attempts dispatched so far; repeats after a lost keep-alive race are not counted.
    public private(set) var attempts = 0
    /// Endpoints that the next pick must not choose.
    public private(set) var tried = TriedEndpoints()
    public let deadline: Instant
    /// The slot whose answer goes to the client.
    public private(set) var committedSlot: Int?
    public var isCommitted: Bool { committedSlot != nil }
    public private(set) var isOver = false

    private let attemptsMax: Int
    private let mayHedge: Bool
    private var hedgeAsked = false
    private var slots = InlineArray<2, Attempt>(repeating: Attempt())
    private var pending = Pending.begin
    private var waits = 0
    private var lastFailure: AttemptFailure?
    /// Earliest moment at which an endpoint that refused us said it would take us back.
    private var earliestHint: Instant?
    /// An endpoint failed without saying when to come back, so a backoff may bring the next chance before any hint
    /// does.
    private var hasUnhintedFailure = false

    private struct Attempt: BitwiseCopyable {
        /// `nil`: no attempt alive in this slot.
        var endpoint: EndpointID?
        var usedFreshConnection = false
        /// Credentials tried after the first.
        var otherCredentials = 0
    }

    /// What the machine waits for from the shell, besides the attempts.
    private enum Pending: Equatable, BitwiseCopyable { case begin, nothing, pick, hedge, wait(until: Instant) }

    public init(retry: RetryPolicy, hedge: HedgePolicy?, startedAt: Instant) {
        deadline = startedAt + retry.totalTimeout
        attemptsMax = max(1, min(retry.attemptsMax, TriedEndpoints.capacity))
        mayHedge = hedge != nil
    }

    /// Takes one event and returns what to do. An event that does not fit the state (a late timer, a slot that is no
    /// longer alive) changes nothing.
    public mutating func handle(_ event: AttemptEvent, now: Instant, rng: inout SplitMix64) -> AttemptAction {
        guard !isOver else { return .none }
        switch event {
        case .begin: return pending == .begin ? askForPick(now: now) : .none
        case .picked(let endpoint): return picked(endpoint)
        case .nothingToPick(let reason): return nothingToPick(reason, now: now, rng: &rng)
        case .failed(let slot, let failure): return failed(slot, failure, now: now)
        case .committed(let slot): return committed(slot)
        case .waited: return waited(now: now)
        case .hedgeDue: return hedgeDue(now: now)
        case .deadlineReached: return deadlineReached()
        case .finished(let slot): return finished(slot, now: now)
        case .clientGone: return end(.cancelAll)
        }
    }

    /// After `Router.adopt`: endpoints by their new ids; those that are gone count as untried.
    /// The shell fails or keeps the attempts alive as it sees fit; a repeat over a fresh connection is no longer
    /// offered to them.
    public mutating func translate(_ translation: SnapshotTranslation) {
        tried.translate(translation)
        for slot in 0..<2 {
            guard let endpoint = slots[slot].endpoint else { continue }
            if let translated = translation.endpoint(endpoint) {
                slots[slot].endpoint = translated
            } else {
                slots[slot].usedFreshConnection = true
            }
        }
    }
}

// MARK: - Finding an endpoint

extension AttemptMachine {
    private mutating func askForPick(now: Instant) -> AttemptAction {
        if now >= deadline { return end(.answerFailure(.deadline)) }
        pending = .pick
        return .pick
    }

    private mutating func picked(_ endpoint: EndpointID) -> AttemptAction {
        guard pending == .pick || pending == .hedge else { return .none }
        pending = .nothing
        let slot = slots[0].endpoint == nil ? 0 : 1
        slots[slot] = Attempt(endpoint: endpoint)
        tried.insert(endpoint)
        attempts += 1
        return .dispatch(slot: slot, endpoint, freshConnection: false)
    }

    private mutating func nothingToPick(_ reason: NoEndpoint, now: Instant, rng: inout SplitMix64) -> AttemptAction {
        switch pending {
        case .pick: return waitOrGiveUp(reason, now: now, rng: &rng)
        case .hedge:
            pending = .nothing
            // The primary may have failed between the question and its answer.
            return hasAttempt ? .none : tryAgain(now: now)
        case .begin, .nothing, .wait: return .none
        }
    }

    /// Every endpoint was tried or is out: wait for the nearest chance if there is time for it.
    private mutating func waitOrGiveUp(_ reason: NoEndpoint, now: Instant, rng: inout SplitMix64) -> AttemptAction {
        // A rule stopped the request, whatever endpoints did before: that is the answer.
        if reason == .inadmissible { return end(.answerFailure(.noEndpoint(reason))) }
        guard let lastFailure else { return end(.answerFailure(.noEndpoint(reason))) }
        // No endpoint can say what was asked: waiting teaches none of them.
        if lastFailure.kind == .unsupported { return end(.answerFailure(.upstream(lastFailure))) }
        if isHopeless(lastFailure, reason) { return end(.answerFailure(.upstream(lastFailure))) }
        let until = now + delay(reason, now: now, rng: &rng)
        guard until < deadline, waits < attemptsMax else { return end(.answerFailure(.upstream(lastFailure))) }
        waits += 1
        pending = .wait(until: until)
        return .wait(until: until)
    }

    /// A refused key or a spent quota that nobody said will pass, and no endpoint that is back soon: the caller is told at
    /// once instead of being kept waiting for the end of a cool-down that was our own idea.
    private func isHopeless(_ lastFailure: AttemptFailure, _ reason: NoEndpoint) -> Bool {
        guard lastFailure.kind.isAboutAccount, earliestHint == nil, let span = reason.retryAfter else { return false }
        return span > Self.backoffMax
    }

    /// The shortest hint plus up to a tenth of jitter, never less than the hint, or an exponential backoff with full
    /// jitter, whichever is sooner.
    private func delay(_ reason: NoEndpoint, now: Instant, rng: inout SplitMix64) -> TimeSpan {
        var hint = earliestHint.map { max($0 - now, .zero) }
        if let span = reason.retryAfter { hint = min(hint ?? span, span) }
        let ceiling = min(Self.backoffMax.nanoseconds, Self.backoffBase.nanoseconds << Int64(min(waits, 8)))
        let backoff = TimeSpan.nanoseconds(Int64.random(in: 0...ceiling, using: &rng))
        guard let hint, hint > .zero else { return backoff }
        let hinted = hint + .nanoseconds(Int64.random(in: 0...hint.nanoseconds / 10, using: &rng))
        return hasUnhintedFailure ? min(hinted, backoff) : hinted
    }

    private mutating func waited(now: Instant) -> AttemptAction {
        guard case .wait(let until) = pending else { return .none }
        guard now >= until else { return .wait(until: until) }
        tried.removeAll()
        earliestHint = nil
        hasUnhintedFailure = false
        return askForPick(now: now)
    }

    private mutating func hedgeDue(now: Instant) -> AttemptAction {
        guard mayHedge, !hedgeAsked, !isCommitted, pending == .nothing, hasAttempt, attempts < attemptsMax,
            now < deadline
        else {
            return .none
        }
        hedgeAsked = true
        pending = .hedge
        return .pickHedge
    }
}

// MARK: - What became of attempts

extension AttemptMachine {
    private mutating func failed(_ slot: Int, _ failure: AttemptFailure, now: Instant) -> AttemptAction {
        guard isAlive(slot) else { return .none }
        if isCommitted { return end(.endStream(failure)) }
        if let repeated = repeatOnFreshConnection(slot, failure, now: now) { return repeated }
        if let repeated = repeatWithOtherCredential(slot, failure, now: now) { return repeated }
        slots[slot].endpoint = nil
        // An endpoint that failed knows more about the request's fate than one that was never asked.
        if failure.kind != .unsupported || lastFailure == nil { lastFailure = failure }
        if let hint = failure.retryAfter {
            earliestHint = min(earliestHint ?? .distantFuture, now + hint)
        } else {
            hasUnhintedFailure = true
        }
        if !failure.kind.isRetriable { return end(.answerFailure(.upstream(failure))) }
        return hasAttempt || pending != .nothing ? .none : tryAgain(now: now)
    }

    private mutating func repeatOnFreshConnection(_ slot: Int, _ failure: AttemptFailure, now: Instant)
        -> AttemptAction?
    {
        guard failure.isKeepAliveRace, !slots[slot].usedFreshConnection, now < deadline,
            let endpoint = slots[slot].endpoint
        else { return nil }
        slots[slot].usedFreshConnection = true
        return .dispatch(slot: slot, endpoint, freshConnection: true)
    }

    /// A refused key says nothing about the endpoint: it gets the request again under another one, at no attempt's cost.
    private mutating func repeatWithOtherCredential(_ slot: Int, _ failure: AttemptFailure, now: Instant)
        -> AttemptAction?
    {
        guard failure.hasOtherCredential, slots[slot].otherCredentials < EndpointCredential.perEndpointMax,
            now < deadline, let endpoint = slots[slot].endpoint
        else { return nil }
        slots[slot].otherCredentials += 1
        return .dispatch(slot: slot, endpoint, freshConnection: false)
    }

    private mutating func tryAgain(now: Instant) -> AttemptAction {
        if attempts >= attemptsMax, let lastFailure { return end(.answerFailure(.upstream(lastFailure))) }
        return askForPick(now: now)
    }

    private mutating func committed(_ slot: Int) -> AttemptAction {
        guard isAlive(slot) else {
            // A loser's first byte that crossed its cancellation.
            return isCommitted && slot != committedSlot ? .cancel(slot: slot) : .none
        }
        guard !isCommitted else { return .none }
        committedSlot = slot
        pending = .nothing
        let other = 1 - slot
        let loser: Int? = isAlive(other) ? other : nil
        slots[other].endpoint = nil
        return .release(slot: slot, cancel: loser)
    }

    private mutating func finished(_ slot: Int, now: Instant) -> AttemptAction {
        guard isAlive(slot) else { return .none }
        if slot == committedSlot { return end(.complete) }
        // An answer that ends before its first content byte is no answer.
        return failed(slot, AttemptFailure(kind: .malformedResponse), now: now)
    }

    private mutating func deadlineReached() -> AttemptAction {
        if isCommitted { return end(.endStream(AttemptFailure(kind: .totalTimeout))) }
        return end(.answerFailure(.deadline))
    }

    private mutating func end(_ action: AttemptAction) -> AttemptAction {
        isOver = true
        pending = .nothing
        slots[0].endpoint = nil
        slots[1].endpoint = nil
        return action
    }

    private func isAlive(_ slot: Int) -> Bool { (slot == 0 || slot == 1) && slots[slot].endpoint != nil }
    private var hasAttempt: Bool { slots[0].endpoint != nil || slots[1].endpoint != nil }
}
