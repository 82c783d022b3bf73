// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Testing

@testable import CloudCredentials

/// A machine with a clock that the test moves.
private struct Bench {
    var machine = CredentialMachine()
    var rng = SeededGenerator(seed: 7)
    var now = Instant(nanoseconds: 0)

    @discardableResult mutating func after(_ seconds: Int64, _ event: CredentialMachine.Event)
        -> [CredentialMachine.Action]
    {
        now = now + .seconds(seconds)
        return machine.handle(event, now: now, rng: &rng)
    }

    /// Moves the clock to when the machine wants to be woken.
    mutating func wake() -> [CredentialMachine.Action] {
        guard let wakeAt = machine.wakeAt else { return [] }
        now = wakeAt
        return machine.handle(.woke, now: now, rng: &rng)
    }

    var secondsToWake: Double? { machine.wakeAt.map { ($0 - now).seconds } }

    static func holding(lifeSeconds: Int64) -> Bench {
        var bench = Bench()
        bench.after(0, .wanted)
        bench.after(0, .fetched(life: .seconds(lifeSeconds), recheck: nil))
        return bench
    }
}

private let passing = CredentialMachine.Event.failed(isLasting: false, hint: nil)

@Suite struct CredentialMachineTests {
    @Test func `nothing happens until the credential is wanted`() {
        #expect(Bench().machine.wakeAt == nil)
    }

    @Test func `one fetch is under way at a time, whoever asks`() {
        var bench = Bench()
        #expect(bench.after(0, .wanted) == [.fetch])
        #expect(bench.after(1, .wanted) == [])
        #expect(bench.after(100, .refused) == [])
        #expect(bench.after(100, .woke) == [])
        #expect(bench.machine.wakeAt == nil)
    }

    /// Life, least and most, in seconds from issue to refresh.
    static let refreshes: [(Int64, Double, Double)] = [
        (3_600, 3_204, 3_240), (43_200, 38_448, 38_880), (1_200, 870, 900), (600, 270, 300), (60, 27, 30), (2, 1, 1),
        (0, 1, 1),
    ]

    @Test(arguments: refreshes)
    func `the refresh comes before the end by five minutes or a tenth, and not sooner than half-way`(
        _ life: Int64, _ least: Double, _ most: Double
    ) {
        for seed in UInt64(0)..<200 {
            var rng = SeededGenerator(seed: seed)
            let delay = CredentialMachine.refreshDelay(life: .seconds(life), rng: &rng).seconds
            #expect((least...most).contains(delay), "seed \(seed): \(delay)")
        }
    }

    @Test func `a refresh that succeeds starts a new life`() {
        var bench = Bench.holding(lifeSeconds: 3_600)
        #expect(bench.wake() == [.fetch])
        bench.after(1, .fetched(life: .seconds(3_600), recheck: nil))
        #expect(bench.machine.isHolding)
        #expect((3_204...3_240).contains(bench.secondsToWake ?? 0))
    }

    @Test func `a key without an end is fetched once, or looked at again when its source may change`() {
        var bench = Bench()
        bench.after(0, .wanted)
        bench.after(0, .fetched(life: nil, recheck: nil))
        #expect(bench.machine.isHolding && bench.machine.wakeAt == nil)
        bench.after(100, .wanted)
        bench.after(0, .fetched(life: nil, recheck: .seconds(600)))
        #expect(bench.secondsToWake == 600)
        #expect(bench.wake() == [.fetch])
    }

    @Test func `failures are spaced 1, 2, 4, up to 60 seconds, at least half of it`() {
        var bench = Bench()
        bench.after(0, .wanted)
        for full in [1.0, 2, 4, 8, 16, 32, 60, 60, 60] {
            #expect(bench.after(0, passing) == [])
            let delay = bench.secondsToWake ?? 0
            #expect((full / 2...full).contains(delay), "\(delay) of \(full)")
            #expect(bench.wake() == [.fetch])
        }
        bench.after(0, .fetched(life: .seconds(3_600), recheck: nil))
        #expect(bench.machine.failures == 0)
    }

    @Test func `a thousand failures are spaced like ten`() {
        var bench = Bench()
        bench.after(0, .wanted)
        for _ in 0..<1_000 {
            bench.after(0, passing)
            #expect(bench.wake() == [.fetch])
        }
        bench.after(0, passing)
        #expect((30...60).contains(bench.secondsToWake ?? 0))
    }

    @Test(arguments: [(TimeSpan.seconds(90), 90.0), (.seconds(86_400), 600), (.milliseconds(1), 30)])
    func `a hint is kept up to ten minutes and never shortens the wait`(_ hint: TimeSpan, _ least: Double) {
        var bench = Bench()
        bench.after(0, .wanted)
        bench.after(0, .failed(isLasting: true, hint: hint))
        let delay = bench.secondsToWake ?? 0
        #expect((least...max(least, 60)).contains(delay))
    }

    @Test func `the old credential stays in use through failures until it expires`() {
        var bench = Bench.holding(lifeSeconds: 3_600)
        #expect(bench.wake() == [.fetch])
        var actions: [CredentialMachine.Action] = []
        while !actions.contains(.withdraw), bench.now.nanoseconds < 4_000_000_000_000 {
            #expect(bench.machine.isHolding)
            if bench.machine.isFetching { actions = bench.after(0, passing) } else { actions = bench.wake() }
        }
        #expect(bench.now == Instant(nanoseconds: 3_600_000_000_000))
        #expect(!bench.machine.isHolding)
        // Still trying, and the first success is in use at once.
        if !bench.machine.isFetching { #expect(bench.wake() == [.fetch]) }
        bench.after(0, .fetched(life: .seconds(3_600), recheck: nil))
        #expect(bench.machine.isHolding)
    }

    @Test func `a credential expires on time while a fetch hangs`() {
        var bench = Bench.holding(lifeSeconds: 3_600)
        #expect(bench.wake() == [.fetch])
        #expect(bench.wake() == [.withdraw])
        #expect(bench.now == Instant(nanoseconds: 3_600_000_000_000))
        #expect(bench.machine.wakeAt == nil)
        #expect(bench.after(5, passing) == [])
        #expect(bench.wake() == [.fetch])
    }

    @Test func `a failure that arrives after the end withdraws once`() {
        var bench = Bench.holding(lifeSeconds: 3_600)
        _ = bench.wake()
        #expect(bench.after(1_000, passing) == [.withdraw])
        #expect(bench.wake() == [.fetch])
    }

    @Test
    func `a changed file is read at once, whatever the wait, but two seconds after the last fetch at the soonest`() {
        var bench = Bench()
        bench.after(0, .wanted)
        bench.after(0, .failed(isLasting: true, hint: .seconds(600)))
        #expect(bench.after(1, .sourceChanged) == [])
        #expect(bench.after(1, .sourceChanged) == [.fetch])
        #expect(bench.after(9, .sourceChanged) == [], "one is under way")
        bench.after(0, .fetched(life: nil, recheck: nil))
        #expect(bench.machine.isHolding && bench.machine.wakeAt == nil)
        #expect(bench.after(1, .sourceChanged) == [.fetch])
        #expect(bench.machine.isHolding, "the old one is used until the new one has come")
    }

    @Test func `a refusal fetches at once, at most once a minute`() {
        var bench = Bench.holding(lifeSeconds: 3_600)
        #expect(bench.after(59, .refused) == [])
        #expect(bench.after(1, .refused) == [.fetch])
        #expect(bench.machine.isHolding)
        bench.after(1, .fetched(life: .seconds(3_600), recheck: nil))
        #expect(bench.after(58, .refused) == [])
        #expect(bench.after(1, .refused) == [.fetch])
    }

    @Test func `a refusal does not shorten a wait after failures`() {
        var bench = Bench.holding(lifeSeconds: 36_000)
        #expect(bench.after(100, .refused) == [.fetch])
        bench.after(0, .failed(isLasting: true, hint: .seconds(600)))
        #expect(bench.after(300, .refused) == [])
        #expect(bench.secondsToWake == 300)
    }

    /// Random events against what must hold at any time.
    @Test(arguments: UInt64(0)..<50) func `whatever happens, one fetch runs and nothing expired is held`(seed: UInt64) {
        var choices = SeededGenerator(seed: seed)
        var bench = Bench(rng: SeededGenerator(seed: seed &+ 1))
        var isFetching = false
        var end: Instant?
        for step in 0..<400 {
            let pause = Int64.random(in: 0...2_000, using: &choices)
            // The shell wakes the machine on time.
            let target = bench.now + .seconds(pause)
            while let wakeAt = bench.machine.wakeAt, wakeAt <= target {
                observe(bench.wake())
            }
            bench.now = target
            let life = Int64.random(in: 1...5_000, using: &choices)
            let events: [CredentialMachine.Event] =
                isFetching
                ? [
                    .fetched(life: .seconds(life), recheck: nil), .failed(isLasting: step % 2 == 0, hint: nil),
                    .refused, .sourceChanged,
                ]
                : [.wanted, .refused, .woke, .sourceChanged]
            let event = events[Int.random(in: 0..<events.count, using: &choices)]
            if case .fetched(.some(let life), _) = event { end = bench.now + life }
            if event != .refused, event != .sourceChanged { isFetching = false }
            observe(bench.after(0, event))
            #expect(bench.machine.isFetching == isFetching, "seed \(seed) step \(step)")
            #expect(bench.machine.isHolding == (end != nil), "seed \(seed) step \(step)")
        }
        func observe(_ actions: [CredentialMachine.Action]) {
            for action in actions {
                switch action {
                case .fetch:
                    #expect(!isFetching, "seed \(seed): two fetches at once")
                    isFetching = true
                case .withdraw:
                    #expect(end.map { $0 <= bench.now } ?? false, "seed \(seed): withdrawn too early")
                    end = nil
                }
            }
        }
    }
}
