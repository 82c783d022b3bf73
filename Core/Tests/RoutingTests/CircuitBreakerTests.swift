// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

/// Drives one breaker on its own clock.
private final class Driver {
    var breaker = CircuitBreaker()
    var rng = SplitMix64(seed: 3)
    var now = Instant(nanoseconds: 0)

    @discardableResult
    func fail(_ kind: FailureKind = .serverError) -> Bool { breaker.failed(kind, startedAt: now, now: now, rng: &rng) }
    func succeed() { breaker.succeeded(startedAt: now, now: now) }
    func wait(_ span: TimeSpan) { now = now + span }
    func trip() { while !fail() {} }
    var phase: CircuitBreaker.Phase { breaker.phase(now: now) }
    var admits: Bool { breaker.admits(now: now) }
}

@Suite struct `A circuit breaker` {
    @Test func `opens at the fifth failure in a row and not at the fourth`() {
        let drive = Driver()
        for _ in 0..<4 { #expect(!drive.fail()) }
        #expect(drive.phase == .closed)
        #expect(drive.fail())
        #expect(drive.phase == .open)
        #expect(!drive.admits)
    }

    @Test func `starts counting again after a success`() {
        let drive = Driver()
        for _ in 0..<3 {
            for _ in 0..<4 { drive.fail() }
            for _ in 0..<8 { drive.succeed() }
        }
        #expect(drive.phase == .closed)
    }

    @Test func `opens at the second refused connection`() {
        let drive = Driver()
        #expect(!drive.fail(.connectFailed))
        drive.succeed()
        #expect(!drive.fail(.connectFailed))
        #expect(drive.fail(.connectFailed))
    }

    @Test func `opens when half of at least twenty outcomes of ten seconds are failures`() {
        // Success, failure, success, failure: never five in a row. The 20th outcome is the 10th failure.
        let drive = Driver()
        for outcome in 1...19 { if outcome % 2 == 0 { #expect(!drive.fail()) } else { drive.succeed() } }
        #expect(drive.fail())

        let old = Driver()
        for outcome in 1...19 { if outcome % 2 == 0 { old.fail() } else { old.succeed() } }
        old.wait(.seconds(10))
        #expect(!old.fail())
    }

    @Test func `admits exactly one trial when half-open`() {
        let drive = Driver()
        drive.trip()
        drive.wait(.milliseconds(999))
        #expect(!drive.admits)
        drive.wait(.milliseconds(300))
        #expect(drive.phase == .halfOpen)
        #expect(drive.admits)
        drive.breaker.began(now: drive.now)
        #expect(!drive.admits)
    }

    @Test func `closes on the trial's success and forgets the failures before`() {
        let drive = Driver()
        drive.trip()
        drive.wait(.seconds(2))
        drive.breaker.began(now: drive.now)
        drive.succeed()
        #expect(drive.phase == .closed)
        for _ in 0..<4 { #expect(!drive.fail()) }
    }

    @Test func `opens for longer on the trial's failure`() {
        let drive = Driver()
        drive.trip()
        drive.wait(.seconds(2))
        drive.breaker.began(now: drive.now)
        #expect(drive.fail())
        drive.wait(.milliseconds(1_999))
        #expect(drive.phase == .open)
        drive.wait(.milliseconds(501))
        #expect(drive.phase == .halfOpen)
    }

    @Test func `lets requests from before it opened neither close nor extend it`() {
        let drive = Driver()
        let before = drive.now
        drive.trip()
        drive.wait(.seconds(2))
        drive.breaker.began(now: drive.now)
        drive.breaker.succeeded(startedAt: before, now: drive.now)
        #expect(drive.phase == .halfOpen)
        var rng = SplitMix64(seed: 1)
        let isOpened = drive.breaker.failed(.serverError, startedAt: before, now: drive.now, rng: &rng)
        #expect(!isOpened)
        drive.succeed()
        #expect(drive.phase == .closed)
    }

    @Test func `offers the trial again when it was cancelled or never reports`() {
        let drive = Driver()
        drive.trip()
        drive.wait(.seconds(2))
        drive.breaker.began(now: drive.now)
        drive.breaker.abandoned(startedAt: drive.now)
        #expect(drive.admits)
        drive.breaker.began(now: drive.now)
        drive.wait(CircuitBreaker.trialMax - .nanoseconds(1))
        #expect(!drive.admits)
        drive.wait(.nanoseconds(1))
        #expect(drive.admits)
    }

    @Test func `stays open between one and thirty seconds, doubling, and never twice the same`() {
        var rng = SplitMix64(seed: 5)
        var seen = Set<TimeSpan>()
        for streak in 0..<40 as Range<Int32> {
            let span = CircuitBreaker.openSpan(streak: streak, rng: &rng)
            #expect(span >= .seconds(1) && span <= .seconds(30))
            #expect(span >= .seconds(1 << Int64(min(streak, 4))))
            seen.insert(span)
        }
        #expect(seen.count == 40)
    }

    @Test func `goes on doubling when it trips again soon after closing, and starts afresh later`() {
        for (quiet, shortest) in [(TimeSpan.seconds(30), TimeSpan.seconds(2)), (.seconds(31), .seconds(1))] {
            let drive = Driver()
            drive.trip()
            drive.wait(.seconds(2))
            drive.breaker.began(now: drive.now)
            drive.succeed()
            drive.wait(quiet)
            drive.trip()
            let span = (drive.breaker.openUntil ?? drive.now) - drive.now
            #expect(span >= shortest && span <= shortest * 2)
        }
    }

    @Test func `believes a health probe only about connections`() {
        let refused = Driver()
        refused.fail(.connectFailed)
        refused.fail(.connectFailed)
        refused.breaker.probedUp(now: refused.now)
        #expect(refused.phase == .halfOpen)
        refused.breaker.probedUp(now: refused.now)
        #expect(refused.phase == .closed)

        let broken = Driver()
        broken.trip()
        broken.breaker.probedUp(now: broken.now)
        #expect(broken.phase == .open)
    }

    @Test func `takes another loop's bad news but does not let it extend its own`() {
        let drive = Driver()
        drive.breaker.learnedOpen(.connectFailed, until: drive.now + .seconds(4), now: drive.now)
        #expect(drive.phase == .open)
        drive.breaker.learnedOpen(.connectFailed, until: drive.now + .seconds(20), now: drive.now)
        drive.wait(.seconds(4))
        #expect(drive.admits)
    }
}

@Suite struct `In any order of outcomes` {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `at most one trial runs while the breaker is not closed`(seed: UInt64) {
        let drive = Driver()
        var rng = SplitMix64(seed: seed)
        var running: [(startedAt: Instant, isTrial: Bool)] = []
        for _ in 0..<3_000 {
            drive.wait(.milliseconds(.random(in: 2...400, using: &rng)))
            // Requests report within 20 s, so that a trial is never given up for lost.
            let overdue = running.firstIndex { drive.now - $0.startedAt > .seconds(20) }
            if let index = overdue ?? running.indices.randomElement(using: &rng) {
                let startedAt = running.remove(at: index).startedAt
                switch Int.random(in: 0..<8, using: &rng) {
                case 0..<5:
                    _ = drive.breaker.failed(.serverError, startedAt: startedAt, now: drive.now, rng: &drive.rng)
                case 5..<7: drive.breaker.succeeded(startedAt: startedAt, now: drive.now)
                default: drive.breaker.abandoned(startedAt: startedAt)
                }
            }
            for _ in 0..<Int.random(in: 0...2, using: &rng) where drive.admits {
                let isTrial = drive.phase != .closed
                #expect(!isTrial || !running.contains { $0.isTrial }, "seed \(seed)")
                running.append((drive.now, isTrial))
                drive.breaker.began(now: drive.now)
            }
        }
    }
}
