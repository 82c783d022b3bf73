// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import Budgets

/// Thousands of random histories: holders that crash, a ledger that is away, a network that loses, doubles and delays,
/// clocks that differ. Whatever happens, nothing goes over a limit; once it stops happening, everything is usable.
struct BudgetSimulationTests {
    static let blocks = 8
    static let seedsPerBlock: UInt64 = 150

    private static func nested(_ dice: inout SeededGenerator) -> [BudgetAccount] {
        [
            BudgetAccount(
                name: "everything/money", meter: .money, window: .total,
                limit: .random(in: 5_000...20_000, using: &dice)),
            BudgetAccount(
                name: "tenant/money", meter: .money, window: .hour, limit: .random(in: 500...5_000, using: &dice)),
            BudgetAccount(
                name: "key/tokens", meter: .tokens, window: .minute, limit: .random(in: 100...3_000, using: &dice)),
            BudgetAccount(
                name: "key/requests", meter: .requests, window: .minute, limit: .random(in: 1...40, using: &dice)),
            BudgetAccount(
                name: "key/places", meter: .concurrency, window: .total, limit: .random(in: 1...12, using: &dice)),
            BudgetAccount(name: "team/money", meter: .money, window: .day, limit: 100, isEnforced: false),
        ]
    }

    private static func wishes(_ dice: inout SeededGenerator) -> [(account: Int, amount: Int64)] {
        let money = Int64.random(in: 1...120, using: &dice)
        return [(0, money), (1, money), (2, .random(in: 1...60, using: &dice)), (3, 1), (4, 1), (5, money)]
    }

    @Test(arguments: 0..<blocks)
    func `no limit is exceeded, whatever crashes, is lost or comes twice`(block: Int) {
        for seed in UInt64(block) * Self.seedsPerBlock..<UInt64(block + 1) * Self.seedsPerBlock {
            var dice = SeededGenerator(seed: ~seed)
            var world = BudgetWorld(
                accounts: Self.nested(&dice), holders: .random(in: 1...4, using: &dice), seed: seed,
                faults: Faults(
                    loss: .random(in: 0...30, using: &dice), duplicate: .random(in: 0...30, using: &dice),
                    delayMax: .random(in: 0...6, using: &dice), outage: .random(in: 0...3, using: &dice),
                    crash: .random(in: 0...3, using: &dice), clockError: .random(in: 0...2, using: &dice)))
            for _ in 0..<120 {
                for _ in 0..<Int.random(in: 0...6, using: &dice) {
                    world.request(
                        Self.wishes(&dice), holder: .random(in: 0..<world.holders.count, using: &dice),
                        lasting: .random(in: 1...20, using: &dice))
                }
                world.step()
            }
            #expect(world.problems.isEmpty, "seed \(seed): \(world.problems.prefix(3))")
            if !world.problems.isEmpty { return }
        }
    }

    @Test func `work is done while nothing is wrong`() {
        var dice = SeededGenerator(seed: 1)
        var world = BudgetWorld(accounts: Self.nested(&dice), holders: 2, seed: 1, faults: Faults())
        for _ in 0..<120 {
            world.request(Self.wishes(&dice), holder: .random(in: 0...1, using: &dice), lasting: 2)
            world.step()
        }
        #expect(world.admitted > 20, "\(world.admitted) admitted, \(world.waited) waited, \(world.refused) refused")
        #expect(world.problems.isEmpty)
    }

    @Test(arguments: 0..<UInt64(200))
    func `what faults took out of reach comes back within a lease after them`(seed: UInt64) {
        let account = BudgetAccount(name: "all", meter: .money, window: .total, limit: 10_000)
        var world = BudgetWorld(
            accounts: [account], holders: 4, seed: seed,
            faults: Faults(loss: 30, duplicate: 20, delayMax: 5, outage: 3, crash: 0, clockError: 2))
        var dice = SeededGenerator(seed: ~seed)
        for _ in 0..<60 {
            world.request(
                [(0, .random(in: 1...50, using: &dice))], holder: .random(in: 0...3, using: &dice), lasting: 3)
            world.step()
        }
        world.faults = Faults()
        world.ledgerIsUpAt = world.now
        while !world.running.isEmpty { world.step() }
        let rest = account.limit - world.truth(BudgetWorld.Key(account: "all", window: 0))
        for _ in 0..<Int(world.timing.lease + world.timing.requestMax) {
            if world.request([(0, rest)], holder: 0, lasting: 1) { break }
            world.step()
        }
        #expect(
            world.admitted > 0 && world.truth(BudgetWorld.Key(account: "all", window: 0)) == account.limit,
            "seed \(seed)")
    }

    @Test func `a lost holder's slice counts as used, its places come back`() {
        let money = BudgetAccount(name: "money", meter: .money, window: .total, limit: 1_000)
        let places = BudgetAccount(name: "places", meter: .concurrency, window: .total, limit: 2)
        var world = BudgetWorld(accounts: [money, places], holders: 2, seed: 1, faults: Faults())
        admit(&world, [(0, 100), (1, 2)], holder: 0, lasting: 5)
        world.crash(0)
        for _ in 0..<Int(world.timing.lease + world.timing.requestMax + world.timing.clockError + 2) { world.step() }
        let key = BudgetWorld.Key(account: "money", window: 0)
        #expect(world.ledger[key]?.held == 0)
        #expect((world.ledger[key]?.committed ?? 0) >= 100)
        admit(&world, [(1, 2)], holder: 1, lasting: 5)
        #expect(world.problems.isEmpty)
    }

    @Test func `sixty-four at once against ten calls over four holders are ten`() {
        let account = BudgetAccount(name: "calls", meter: .requests, window: .total, limit: 10)
        var world = BudgetWorld(accounts: [account], holders: 4, seed: 7, faults: Faults())
        world.usePercent = 100
        for _ in 0..<40 {
            for caller in 0..<64 { world.request([(0, 1)], holder: caller % 4, lasting: 1) }
            world.step()
        }
        #expect(world.admitted == 10)
        #expect(world.problems.isEmpty)
    }

    private func admit(
        _ world: inout BudgetWorld, _ wishes: [(account: Int, amount: Int64)], holder: Int, lasting: Int64
    ) {
        for _ in 0..<5 {
            if world.request(wishes, holder: holder, lasting: lasting) { return }
            world.step()
        }
        Issue.record("not admitted: \(wishes)")
    }
}
