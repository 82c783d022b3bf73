// SPDX-License-Identifier: Apache-2.0
// Isobar

import Budgets
import FoundationEssentials
import SQLiteFile
import Synchronization
import Testing

@testable import BudgetStore

/// The ledger on disk, asked by several holders at one time.
struct BudgetStoreTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "budgets-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private static let money = BudgetAccount(name: "all/money/total", meter: .money, window: .total, limit: 1_000)

    private func holder() -> BudgetHolder {
        var holder = BudgetHolder()
        _ = holder.adopt([Self.money])
        return holder
    }

    private func charges(_ amount: Int64) -> BudgetCharges {
        var charges = BudgetCharges()
        charges.append(BudgetCharge(account: BudgetAccountID(0), amount: amount))
        return charges
    }

    private func exchange(_ holder: inout BudgetHolder, named name: String, _ store: BudgetStore, now: Int64) throws {
        for answer in try store.exchange(holder: name, holder.reports(now: now), now: now) {
            holder.apply(answer, now: now)
        }
    }

    @Test func `what was used is still used after the store was opened again`() throws {
        try withDirectory { directory in
            let path = directory + "/budgets.sqlite"
            var holder = holder()
            do {
                let store = try BudgetStore(path: path, timing: BudgetTiming())
                guard case .wait = holder.reserve(charges(400), now: 10) else { throw Unexpected() }
                try exchange(&holder, named: "a", store, now: 10)
                guard case .reserved(let taken) = holder.reserve(charges(400), now: 10) else { throw Unexpected() }
                holder.settle(taken[0], used: 300)
                try exchange(&holder, named: "a", store, now: 11)
            }
            let reopened = try BudgetStore(path: path, timing: BudgetTiming())
            let account = try reopened.account(Self.money.name, window: 0)
            #expect(account.committed == 300)
            // What is left of the slice, and what was lent ahead because it is used so fast.
            #expect(account.held >= 100 && account.committed + account.held <= Self.money.limit)
        }
    }

    @Test func `an exchange that cannot be written leaves nothing behind`() throws {
        try withDirectory { directory in
            let path = directory + "/budgets.sqlite"
            let store = try BudgetStore(path: path, timing: BudgetTiming())
            let other = try BudgetStore(path: path, timing: BudgetTiming())
            try other.database.run("BEGIN IMMEDIATE")
            try store.database.run("PRAGMA busy_timeout = 10")
            var holder = holder()
            _ = holder.reserve(charges(400), now: 10)
            #expect(throws: SQLiteError.self) { try exchange(&holder, named: "a", store, now: 10) }
            try other.database.run("ROLLBACK")
            #expect(try store.account(Self.money.name, window: 0) == LedgerAccount())
            // Not answered, so it is asked again.
            try exchange(&holder, named: "a", store, now: 13)
            guard case .reserved = holder.reserve(charges(400), now: 13) else { throw Unexpected() }
        }
    }

    @Test func `a path that is no database says so`() throws {
        try withDirectory { directory in
            let path = directory + "/notes.txt"
            try "this is not a database, and long enough to be seen as none".write(
                toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: SQLiteError.self) { try BudgetStore(path: path, timing: BudgetTiming()) }
            #expect(error?.description.contains(path) == true && error?.reason.contains("not a database") == true)
        }
    }

    @Test func `gateways that start together on a new file all open it`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "budgets-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for round in 0..<50 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        _ = try BudgetStore(path: directory + "/\(round).sqlite", timing: BudgetTiming())
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `four holders on four threads never use more than the limit together`() async throws {
        try await withThrowingTaskGroup(of: Int64.self) { group in
            let directory = FileManager.default.temporaryDirectory.appending(path: "budgets-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let path = directory + "/budgets.sqlite"
            for name in ["a", "b", "c", "d"] {
                group.addTask {
                    let store = try BudgetStore(path: path, timing: BudgetTiming())
                    var holder = holder()
                    var used: Int64 = 0
                    for step in 0..<200 {
                        let now = Int64(100 + step / 10)
                        if case .reserved(let taken) = holder.reserve(charges(7), now: now) {
                            used += 5
                            holder.settle(taken[0], used: 5)
                        }
                        try exchange(&holder, named: name, store, now: now)
                    }
                    return used
                }
            }
            var sum: Int64 = 0
            for try await used in group { sum += used }
            let store = try BudgetStore(path: path, timing: BudgetTiming())
            let account = try store.account(Self.money.name, window: 0)
            #expect(sum <= Self.money.limit && account.committed + account.held <= Self.money.limit)
            #expect(account.committed <= sum && sum > Self.money.limit / 2, "\(sum) used, \(account)")
        }
    }

    @Test func `what nobody asks for again is taken away, and a limit without end keeps what was used`() throws {
        try withDirectory { directory in
            let store = try BudgetStore(path: directory + "/budgets.sqlite", timing: BudgetTiming(), usageSeconds: 1_000)
            let day: Int64 = 86_400
            let daily = BudgetAccount(name: "all/requests/day", meter: .requests, window: .day, limit: 100)
            var holder = BudgetHolder()
            let ids = holder.adopt([Self.money, daily])
            var wanted = BudgetCharges()
            for id in ids { wanted.append(BudgetCharge(account: id, amount: 1)) }
            let record = UsageRecord(
                requestID: 1, unixSeconds: day + 10, key: "k", tenant: "t", endpoint: "e", inputTokens: 1, outputTokens: 1,
                costNano: 1)
            guard case .wait = holder.reserve(wanted, now: day + 10) else { throw Unexpected() }
            try exchange(&holder, named: "a", store, now: day + 10)
            guard case .reserved(let taken) = holder.reserve(wanted, now: day + 10) else { throw Unexpected() }
            for position in 0..<2 { holder.settle(taken[position], used: 1) }
            _ = holder.adopt([])
            _ = try store.exchange(holder: "a", holder.reports(now: day + 11), usage: [record], now: day + 11)
            func rows(_ table: String) throws -> Int64 {
                var count: Int64 = 0
                try store.database.statement("SELECT count(*) FROM \(table)").run([]) { count = $0.integer(0) }
                return count
            }
            #expect(try [rows("usage"), rows("account"), rows("lease")] == [1, 2, 2])
            _ = try store.exchange(holder: "b", [], now: day + 1_011)
            #expect(try rows("usage") == 0)
            _ = try store.exchange(holder: "b", [], now: 80 * 86_400)
            #expect(try [rows("account"), rows("lease")] == [1, 0])
            #expect(try store.account(Self.money.name, window: 0).committed == 1)
        }
    }

    private struct Unexpected: Error {}
}
