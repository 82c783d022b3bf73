// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

/// Drives one machine and keeps its clock.
private final class Driver {
    var machine: AttemptMachine
    var now = Instant(nanoseconds: 0)
    var rng = SplitMix64(seed: 7)

    init(attemptsMax: Int = 4, timeout: TimeSpan = .seconds(60), hedge: HedgePolicy? = nil) {
        machine = AttemptMachine(
            retry: RetryPolicy(attemptsMax: attemptsMax, totalTimeout: timeout), hedge: hedge, startedAt: now)
    }

    func callAsFunction(_ event: AttemptEvent, after span: TimeSpan = .zero) -> AttemptAction {
        now = now + span
        return machine.handle(event, now: now, rng: &rng)
    }

    /// Begins and dispatches the primary to endpoint 0.
    func start() {
        _ = self(.begin)
        _ = self(.picked(EndpointID(0)))
    }
}

private func failure(_ kind: FailureKind, retryAfter: TimeSpan? = nil, reused: Bool = false, status: UInt16 = 0)
    -> AttemptFailure
{
    AttemptFailure(kind: kind, retryAfter: retryAfter, status: status, onReusedConnection: reused)
}

@Suite struct `An attempt machine` {
    @Test func `takes a request without trouble from begin to complete`() {
        let drive = Driver()
        #expect(drive(.begin) == .pick)
        #expect(drive(.picked(EndpointID(3))) == .dispatch(slot: 0, EndpointID(3), freshConnection: false))
        #expect(drive(.committed(slot: 0)) == .release(slot: 0, cancel: nil))
        #expect(drive.machine.committedSlot == 0)
        #expect(drive(.finished(slot: 0)) == .complete)
        #expect(drive.machine.attempts == 1)
        #expect(drive.machine.isOver)
    }

    @Test(arguments: FailureKind.allCases.filter(\.isRetriable))
    func `moves to another endpoint at once`(kind: FailureKind) {
        let drive = Driver()
        drive.start()
        #expect(drive(.failed(slot: 0, failure(kind))) == .pick)
        #expect(drive.machine.tried.contains(EndpointID(0)))
        #expect(drive(.picked(EndpointID(1))) == .dispatch(slot: 0, EndpointID(1), freshConnection: false))
        #expect(drive.machine.attempts == 2)
    }

    @Test func `ends with the rule that stopped it, not with an earlier failure, and does not wait`() {
        let drive = Driver()
        drive.start()
        #expect(drive(.failed(slot: 0, failure(.overloaded, retryAfter: .seconds(1)))) == .pick)
        #expect(drive(.nothingToPick(.inadmissible)) == .answerFailure(.noEndpoint(.inadmissible)))
        #expect(drive.machine.isOver)
    }

    @Test func `looks elsewhere when bytes may no longer go where they were about to`() {
        let drive = Driver()
        drive.start()
        #expect(
            drive(.failed(slot: 0, failure(.resetBeforeFirstByte, reused: true)))
                == .dispatch(slot: 0, EndpointID(0), freshConnection: true))
        #expect(drive(.failed(slot: 0, failure(.inadmissible))) == .pick)
    }

    @Test(arguments: [FailureKind.callerError, .contentPolicy, .contextTooLong])
    func `answers the request's own failures at once`(kind: FailureKind) {
        let drive = Driver()
        drive.start()
        #expect(
            drive(.failed(slot: 0, failure(kind, status: 400))) == .answerFailure(.upstream(failure(kind, status: 400)))
        )
        #expect(drive(.failed(slot: 0, failure(kind))) == .none)
    }

    @Test func `repeats a lost keep-alive race once on the same endpoint over a fresh connection`() {
        let drive = Driver(attemptsMax: 1)
        drive.start()
        let race = failure(.resetBeforeFirstByte, reused: true)
        #expect(drive(.failed(slot: 0, race)) == .dispatch(slot: 0, EndpointID(0), freshConnection: true))
        #expect(drive.machine.attempts == 1)
        #expect(drive(.failed(slot: 0, race)) == .answerFailure(.upstream(race)))
    }

    @Test func `does not take a reset on a new connection, or after a status, for a race`() {
        for other in [
            failure(.resetBeforeFirstByte), failure(.resetBeforeFirstByte, reused: true, status: 200),
            failure(.truncated, reused: true),
        ] {
            let drive = Driver()
            drive.start()
            #expect(drive(.failed(slot: 0, other)) == .pick)
        }
    }

    @Test func `stops at the limit of attempts with the last failure`() {
        let drive = Driver(attemptsMax: 2)
        drive.start()
        #expect(drive(.failed(slot: 0, failure(.connectFailed))) == .pick)
        _ = drive(.picked(EndpointID(1)))
        #expect(
            drive(.failed(slot: 0, failure(.serverError, status: 500)))
                == .answerFailure(.upstream(failure(.serverError, status: 500))))
    }

    @Test func `turns a request away that finds nothing at its first try`() {
        let drive = Driver()
        _ = drive(.begin)
        let full = NoEndpoint.atCapacity(retryAfter: .seconds(2))
        #expect(drive(.nothingToPick(full)) == .answerFailure(.noEndpoint(full)))
    }

    @Test func `waits for the shortest hint, a tenth longer at most, and then tries all again`() {
        let drive = Driver()
        drive.start()
        _ = drive(.failed(slot: 0, failure(.rateLimited, retryAfter: .seconds(5))))
        _ = drive(.picked(EndpointID(1)))
        _ = drive(.failed(slot: 0, failure(.rateLimited, retryAfter: .seconds(2))))
        guard case .wait(let until) = drive(.nothingToPick(.exhausted)) else { return #expect(Bool(false), "no wait") }
        #expect(until - drive.now >= .seconds(2))
        #expect(until - drive.now <= .milliseconds(2_200))
        #expect(drive(.waited, after: .milliseconds(1_999)) == .wait(until: until))
        #expect(drive(.waited, after: .milliseconds(201)) == .pick)
        #expect(drive.machine.tried.isEmpty)
    }

    @Test func `does not let one endpoint's long hint keep it from another that gave none`() {
        let drive = Driver()
        drive.start()
        _ = drive(.failed(slot: 0, failure(.rateLimited, retryAfter: .seconds(40))))
        _ = drive(.picked(EndpointID(1)))
        _ = drive(.failed(slot: 0, failure(.serverError)))
        guard case .wait(let until) = drive(.nothingToPick(.exhausted)) else { return #expect(Bool(false), "no wait") }
        #expect(until - drive.now <= .milliseconds(500))
    }

    @Test func `backs off with full jitter that doubles from half a second to eight`() {
        for seed in 0..<50 as Range<UInt64> {
            let drive = Driver(attemptsMax: 10, timeout: .seconds(600))
            drive.rng = SplitMix64(seed: seed)
            drive.start()
            for round in 0..<6 as Range<Int64> {
                _ = drive(.failed(slot: 0, failure(.serverError)))
                guard case .wait(let until) = drive(.nothingToPick(.exhausted)) else {
                    return #expect(Bool(false), "no wait, seed \(seed)")
                }
                #expect(until - drive.now <= min(.seconds(8), .milliseconds(500 << round)), "seed \(seed)")
                _ = drive(.waited, after: until - drive.now)
                _ = drive(.picked(EndpointID(0)))
            }
        }
    }

    /// The cool-down after it is our own: a caller that waited for its end would only learn a minute later.
    @Test(arguments: [FailureKind.credential, .quotaExhausted])
    func `does not keep a caller waiting when the account is refused everywhere`(kind: FailureKind) {
        let drive = Driver()
        drive.start()
        let refused = failure(kind)
        _ = drive(.failed(slot: 0, refused))
        // The endpoint may answer somebody else meanwhile: one short wait, no long one.
        guard case .wait(let until) = drive(.nothingToPick(.exhausted)) else { return #expect(Bool(false), "no wait") }
        #expect(until - drive.now <= .milliseconds(500))
        #expect(drive(.waited, after: until - drive.now) == .pick)
        let coolingDown = NoEndpoint.unavailable(retryAfter: .seconds(60))
        #expect(drive(.nothingToPick(coolingDown)) == .answerFailure(.upstream(refused)))
    }

    @Test func `waits for a credential that is on its way`() {
        let drive = Driver()
        drive.start()
        _ = drive(.failed(slot: 0, failure(.credential, retryAfter: .seconds(1))))
        guard case .wait(let until) = drive(.nothingToPick(.exhausted)) else { return #expect(Bool(false), "no wait") }
        #expect(drive(.waited, after: until - drive.now) == .pick)
        #expect(!drive(.nothingToPick(.unavailable(retryAfter: .seconds(1)))).isTerminal)
    }

    @Test func `does not wait past the deadline`() {
        for (hint, waits) in [(TimeSpan.seconds(50), true), (.seconds(60), false)] {
            let drive = Driver(timeout: .seconds(60))
            drive.start()
            let limited = failure(.rateLimited, retryAfter: hint)
            _ = drive(.failed(slot: 0, limited))
            let action = drive(.nothingToPick(.exhausted))
            if waits { #expect(!action.isTerminal) } else { #expect(action == .answerFailure(.upstream(limited))) }
        }
    }

    @Test func `starts no attempt at or after the deadline`() {
        for (elapsed, expected) in [
            (TimeSpan.milliseconds(59_999), AttemptAction.pick), (.seconds(60), .answerFailure(.deadline)),
        ] {
            let drive = Driver(timeout: .seconds(60))
            drive.start()
            #expect(drive(.failed(slot: 0, failure(.serverError)), after: elapsed) == expected)
        }
    }

    @Test func `ends a committed stream with an error and never retries it`() {
        let drive = Driver()
        drive.start()
        _ = drive(.committed(slot: 0))
        #expect(drive(.failed(slot: 0, failure(.truncated))) == .endStream(failure(.truncated)))
    }

    @Test func `answers the deadline as an error before commit and as the stream's end after it`() {
        let before = Driver()
        before.start()
        #expect(before(.deadlineReached) == .answerFailure(.deadline))
        let after = Driver()
        after.start()
        _ = after(.committed(slot: 0))
        #expect(after(.deadlineReached) == .endStream(failure(.totalTimeout)))
    }

    @Test func `takes an answer without content for a failure`() {
        let drive = Driver()
        drive.start()
        #expect(drive(.finished(slot: 0)) == .pick)
    }

    @Test func `cancels everything when the client is gone, in any state`() {
        let states: [[AttemptEvent]] = [
            [], [.begin], [.begin, .picked(EndpointID(0))], [.begin, .picked(EndpointID(0)), .committed(slot: 0)],
            [.begin, .picked(EndpointID(0)), .failed(slot: 0, failure(.serverError)), .nothingToPick(.exhausted)],
        ]
        for events in states {
            let drive = Driver()
            for event in events { _ = drive(event) }
            #expect(drive(.clientGone) == .cancelAll)
            #expect(drive(.clientGone) == .none)
        }
    }
}

@Suite struct `A hedge` {
    private func hedged() -> Driver {
        let drive = Driver(hedge: HedgePolicy())
        drive.start()
        _ = drive(.hedgeDue)
        _ = drive(.picked(EndpointID(1)))
        return drive
    }

    @Test func `runs in slot 1 once`() {
        let drive = Driver(hedge: HedgePolicy())
        drive.start()
        #expect(drive(.hedgeDue) == .pickHedge)
        #expect(drive(.picked(EndpointID(1))) == .dispatch(slot: 1, EndpointID(1), freshConnection: false))
        #expect(drive(.hedgeDue) == .none)
        #expect(drive.machine.attempts == 2)
    }

    @Test func `does not run without a policy, without an attempt, after commit or on the last attempt`() {
        let unwanted = Driver()
        unwanted.start()
        #expect(unwanted(.hedgeDue) == .none)
        let idle = Driver(hedge: HedgePolicy())
        #expect(idle(.hedgeDue) == .none)
        let committed = Driver(hedge: HedgePolicy())
        committed.start()
        _ = committed(.committed(slot: 0))
        #expect(committed(.hedgeDue) == .none)
        let last = Driver(attemptsMax: 1, hedge: HedgePolicy())
        last.start()
        #expect(last(.hedgeDue) == .none)
    }

    @Test(arguments: [0, 1]) func `loses or wins, and the loser is cancelled`(winner: Int) {
        let drive = hedged()
        #expect(drive(.committed(slot: winner)) == .release(slot: winner, cancel: 1 - winner))
        #expect(drive(.committed(slot: 1 - winner)) == .cancel(slot: 1 - winner))
        #expect(drive(.failed(slot: 1 - winner, failure(.serverError))) == .none)
        #expect(drive(.finished(slot: winner)) == .complete)
    }

    @Test func `carries on when the primary fails`() {
        let drive = hedged()
        #expect(drive(.failed(slot: 0, failure(.connectFailed))) == .none)
        #expect(drive(.committed(slot: 1)) == .release(slot: 1, cancel: nil))
    }

    @Test func `is followed by a retry when both fail`() {
        let drive = hedged()
        _ = drive(.failed(slot: 0, failure(.connectFailed)))
        #expect(drive(.failed(slot: 1, failure(.serverError))) == .pick)
        #expect(drive(.picked(EndpointID(2))) == .dispatch(slot: 0, EndpointID(2), freshConnection: false))
    }

    @Test func `does not dodge a refusal of the primary`() {
        let drive = hedged()
        #expect(drive(.failed(slot: 0, failure(.contentPolicy, status: 400))).isTerminal)
    }

    @Test func `that finds no endpoint leaves the primary alone`() {
        let drive = Driver(hedge: HedgePolicy())
        drive.start()
        _ = drive(.hedgeDue)
        #expect(drive(.nothingToPick(.exhausted)) == .none)
        #expect(drive(.committed(slot: 0)) == .release(slot: 0, cancel: nil))
    }
}
