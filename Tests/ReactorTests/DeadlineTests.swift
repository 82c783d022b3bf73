// SPDX-License-Identifier: Apache-2.0
// Isobar

import TestSupport
import Testing

@testable import Reactor

/// Keeps when its deadline was reached.
private final class Sleeper: EventSource {
    private(set) var wokenAt: [Int64] = []
    override func deadlineReached() { wokenAt.append(loop.now) }
}

private let millisecond: Int64 = 1_000_000

@Suite struct DeadlineTests {
    private let stage: Stage
    private let sleeper: Sleeper

    init() throws {
        stage = try Stage()
        sleeper = Sleeper(loop: stage.loop)
        try stage.loop.add(sleeper)
    }

    /// Runs the loop until `time` has passed.
    private func run(until time: Int64) throws {
        let timer = try LoopTimer(loop: stage.loop, at: time) {}
        stage.when { timer.deadline == .max }
        try stage.run()
    }

    @Test func `a deadline moved later fires once, and not before its new time`() throws {
        let target = stage.loop.now + 20 * millisecond
        sleeper.setDeadline(stage.loop.now + millisecond)
        sleeper.setDeadline(target)
        try run(until: target + 5 * millisecond)
        #expect(sleeper.wokenAt.count == 1)
        #expect(sleeper.wokenAt.allSatisfy { $0 >= target })
        #expect(sleeper.deadline == .max)
    }

    @Test func `a deadline moved earlier fires at the earlier time, and only there`() throws {
        let target = stage.loop.now + 2 * millisecond
        sleeper.setDeadline(target + 3 * millisecond)
        sleeper.setDeadline(target)
        try run(until: target + 6 * millisecond)
        #expect(sleeper.wokenAt.count == 1)
        #expect(sleeper.wokenAt.allSatisfy { $0 >= target })
    }

    @Test func `a deadline set again to the time of an old entry fires once`() throws {
        let target = stage.loop.now + 4 * millisecond
        sleeper.setDeadline(target)
        sleeper.setDeadline(target - millisecond)
        sleeper.setDeadline(target)
        try run(until: target + 2 * millisecond)
        #expect(sleeper.wokenAt.count == 1)
        #expect(sleeper.wokenAt.allSatisfy { $0 >= target })
    }

    @Test func `a cleared deadline never fires`() throws {
        sleeper.setDeadline(stage.loop.now + millisecond)
        sleeper.clearDeadline()
        try run(until: stage.loop.now + 5 * millisecond)
        #expect(sleeper.wokenAt.isEmpty)
    }

    @Test func `the entry of a removed source never wakes the next owner of its slot`() throws {
        let slot = sleeper.slot
        sleeper.setDeadline(stage.loop.now + millisecond)
        stage.loop.remove(sleeper)
        let heir = Sleeper(loop: stage.loop)
        try stage.loop.add(heir)
        #expect(heir.slot == slot)
        try run(until: stage.loop.now + 5 * millisecond)
        #expect(sleeper.wokenAt.isEmpty)
        #expect(heir.wokenAt.isEmpty)
    }

    @Test func `timers fire in the order of their times, a cancelled one not at all`() throws {
        var order: [Int] = []
        let start = stage.loop.now + millisecond
        let timers = try [3, 1, 4, 2, 5].map { place in
            try LoopTimer(loop: stage.loop, at: start + Int64(place)) { order.append(place) }
        }
        timers[2].cancel()
        stage.when { order.last == 5 }
        try stage.run()
        #expect(order == [1, 2, 3, 5])
    }

    @Test func `a timer may set its own next time`() throws {
        final class Periodic { var timer: LoopTimer? }
        let periodic = Periodic()
        var count = 0
        periodic.timer = try LoopTimer(loop: stage.loop, at: stage.loop.now) { [stage] in
            count += 1
            if count < 3 { periodic.timer?.reschedule(at: stage.loop.now + millisecond) }
        }
        stage.when({ count == 3 }, { periodic.timer = nil })
        try stage.run()
        #expect(count == 3)
    }
}
