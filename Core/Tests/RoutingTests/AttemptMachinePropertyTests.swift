// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

/// A shell that obeys the machine and a world that does anything at any time. It checks that every action is legal.
private struct ModelShell {
    private static let allKinds = FailureKind.allCases
    private static let retriableKinds = FailureKind.allCases.filter(\.isRetriable)

    var machine: AttemptMachine
    var rng: SplitMix64
    var machineRandom: SplitMix64
    var now = Instant(nanoseconds: 0)
    let attemptsMax: Int
    var alive: [EndpointID?] = [nil, nil]
    var inFlight = [Int](repeating: 0, count: 4)
    var question: AttemptAction?
    var waitUntil: Instant?
    var dispatches = 0
    var freshDispatches = 0
    var isCommitted = false
    var terminals = 0
    var problem: String?

    init(seed: UInt64) {
        rng = SplitMix64(seed: seed)
        machineRandom = SplitMix64(seed: ~seed)
        attemptsMax = Int.random(in: 1...10, using: &rng)
        let retry = RetryPolicy(attemptsMax: attemptsMax, totalTimeout: .seconds(.random(in: 1...60, using: &rng)))
        machine = AttemptMachine(retry: retry, hedge: Bool.random(using: &rng) ? HedgePolicy() : nil, startedAt: now)
    }

    mutating func run(steps: Int) {
        send(.begin)
        for _ in 0..<steps where problem == nil { send(randomEvent()) }
        send(.clientGone)
        if terminals != 1 { problem = problem ?? "\(terminals) terminal actions" }
        if inFlight.contains(where: { $0 != 0 }) { problem = problem ?? "in flight at the end: \(inFlight)" }
        if machine.attempts > attemptsMax || dispatches > attemptsMax {
            problem = problem ?? "\(dispatches) dispatches of at most \(attemptsMax)"
        }
    }

    private mutating func randomEvent() -> AttemptEvent {
        if rng.index(below: 4) == 0 { now = now + .milliseconds(.random(in: 0...5_000, using: &rng)) }
        // Mostly what the machine waits for, so that runs get far; now and then anything at all.
        if rng.index(below: 4) > 0 {
            if question != nil { return answer() }
            if let waitUntil, alive[0] == nil, alive[1] == nil {
                now = max(now, waitUntil)
                return .waited
            }
        }
        let slot = rng.index(below: 2)
        switch rng.index(below: 24) {
        case 0..<12: return .failed(slot: slot, randomFailure())
        case 12..<15: return .hedgeDue
        case 15..<17: return .committed(slot: slot)
        case 17: return .finished(slot: slot)
        case 18: return .waited
        case 19: return .begin
        case 20: return .picked(EndpointID(Int.random(in: 0..<4, using: &rng)))
        case 21: return .nothingToPick(.exhausted)
        case 22: return .hedgeDue
        default: return Int.random(in: 0..<8, using: &rng) == 0 ? .deadlineReached : .hedgeDue
        }
    }

    private mutating func answer() -> AttemptEvent {
        let endpoint = EndpointID(Int.random(in: 0..<4, using: &rng))
        if machine.tried.contains(endpoint) {
            return .nothingToPick(.unavailable(retryAfter: .milliseconds(.random(in: 0...900, using: &rng))))
        }
        return .picked(endpoint)
    }

    private mutating func randomFailure() -> AttemptFailure {
        let kinds = Int.random(in: 0..<8, using: &rng) == 0 ? Self.allKinds : Self.retriableKinds
        let kind = kinds[rng.index(below: kinds.count)]
        let hint: TimeSpan? = Bool.random(using: &rng) ? .milliseconds(.random(in: 0...3_000, using: &rng)) : nil
        return AttemptFailure(kind: kind, retryAfter: hint, onReusedConnection: Bool.random(using: &rng))
    }

    private mutating func send(_ event: AttemptEvent) {
        let wasOver = machine.isOver
        perceive(event)
        perform(machine.handle(event, now: now, rng: &machineRandom), wasOver: wasOver)
    }

    /// What the world itself does: a failed or finished attempt is no longer alive.
    private mutating func perceive(_ event: AttemptEvent) {
        switch event {
        case .picked, .nothingToPick: question = nil
        case .failed(let slot, _), .finished(let slot): drop(slot)
        case .clientGone: break
        default: break
        }
    }

    private mutating func drop(_ slot: Int) {
        guard let endpoint = alive[slot] else { return }
        inFlight[Int(endpoint.index)] -= 1
        alive[slot] = nil
    }

    private mutating func perform(_ action: AttemptAction, wasOver: Bool) {
        if wasOver, action != .none { problem = "\(action) after the end" }
        switch action {
        case .none: break
        case .pick, .pickHedge:
            if isCommitted { problem = "\(action) after commit" }
            question = action
        case .dispatch(let slot, let endpoint, let freshConnection): dispatch(slot, endpoint, freshConnection)
        case .wait(let until):
            waitUntil = until
            if until >= machine.deadline { problem = "waits past the deadline" }
        case .release(let slot, let cancel):
            if isCommitted || alive[slot] == nil { problem = "releases slot \(slot), committed \(isCommitted)" }
            isCommitted = true
            if let cancel { drop(cancel) }
            if alive[1 - slot] != nil { problem = "the loser lives on" }
        case .cancel(let slot): drop(slot)
        case .answerFailure, .endStream, .cancelAll, .complete: terminate(action)
        }
    }

    private mutating func dispatch(_ slot: Int, _ endpoint: EndpointID, _ freshConnection: Bool) {
        if isCommitted { problem = "dispatch after commit" }
        if alive[slot] != nil { problem = "slot \(slot) is taken" }
        if now >= machine.deadline, freshConnection { problem = "repeat after the deadline" }
        if freshConnection { freshDispatches += 1 } else { dispatches += 1 }
        if freshDispatches > dispatches { problem = "more repeats than attempts" }
        alive[slot] = endpoint
        inFlight[Int(endpoint.index)] += 1
    }

    private mutating func terminate(_ action: AttemptAction) {
        terminals += 1
        if case .answerFailure = action, isCommitted { problem = "an HTTP error after commit" }
        if case .endStream = action, !isCommitted { problem = "a stream's end before commit" }
        if action == .complete, !isCommitted { problem = "complete before commit" }
        drop(0)
        drop(1)
    }
}

@Suite struct `Any sequence of events` {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `ends in exactly one terminal action and leaves nothing in flight`(block: UInt64) {
        for seed in block * 13_000..<(block + 1) * 13_000 {
            var shell = ModelShell(seed: seed)
            shell.run(steps: 20)
            if let problem = shell.problem {
                Issue.record("seed \(seed): \(problem)")
                return
            }
        }
    }
}
