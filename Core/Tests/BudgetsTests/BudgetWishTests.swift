// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Budgets

/// Wishes and the reports that carry them: an answer says something about what was asked, and nothing about the rest.
struct BudgetWishTests {
    private static let account = BudgetAccount(name: "b/requests/day", meter: .requests, window: .day, limit: 10)

    private var charges: BudgetCharges {
        var charges = BudgetCharges()
        charges.append(BudgetCharge(account: BudgetAccountID(0), amount: 1))
        return charges
    }

    private func answer(
        _ report: LeaseReport, _ account: inout LedgerAccount, _ lease: inout LedgerLease
    ) -> LeaseAnswer {
        BudgetLedger.take(report, account: &account, lease: &lease, holders: 1, now: 100, timing: BudgetTiming())
    }

    @Test func `a wish that comes while a report is under way is not refused by its answer`() throws {
        var holder = BudgetHolder()
        _ = holder.adopt([Self.account])
        var account = LedgerAccount()
        var lease = LedgerLease(epoch: 1)
        #expect(isWaiting(holder.reserve(charges, now: 100)))
        let first = try #require(holder.reports(now: 100).first)
        holder.apply(answer(first, &account, &lease), now: 100)
        var taken: [BudgetCharge] = []
        while case .reserved(let charges) = holder.reserve(charges, now: 100) { taken.append(charges[0]) }
        let second = try #require(holder.reports(now: 100).first)
        holder.apply(answer(second, &account, &lease), now: 100)
        while case .reserved(let charges) = holder.reserve(charges, now: 100) { taken.append(charges[0]) }
        let third = try #require(holder.reports(now: 100).first)
        holder.apply(answer(third, &account, &lease), now: 100)
        while case .reserved(let charges) = holder.reserve(charges, now: 100) { taken.append(charges[0]) }
        #expect(taken.count < 10)
        // A report that only tells of what was used, with nothing left in the slice; then a wish.
        holder.settle(taken[0], used: 1)
        let telling = try #require(holder.reports(now: 101).first)
        #expect(isWaiting(holder.reserve(charges, now: 101)))
        holder.apply(answer(telling, &account, &lease), now: 101)
        #expect(!isRefused(holder.reserve(charges, now: 101)))
        let asking = try #require(holder.reports(now: 101).first)
        #expect(asking.sequence == telling.sequence + 1)
        holder.apply(answer(asking, &account, &lease), now: 101)
        #expect(isReserved(holder.reserve(charges, now: 101)))
    }

    @Test func `a report that is sent again asks for the same`() throws {
        var holder = BudgetHolder()
        _ = holder.adopt([Self.account])
        _ = holder.reserve(charges, now: 100)
        let first = try #require(holder.reports(now: 100).first)
        for _ in 0..<3 { _ = holder.reserve(charges, now: 101) }
        #expect(holder.reports(now: 101).isEmpty)
        let again = try #require(holder.reports(now: 103).first)
        #expect((again.sequence, again.least, again.want) == (first.sequence, first.least, first.want))
    }

    private func isWaiting(_ outcome: BudgetHolder.Outcome) -> Bool { if case .wait = outcome { true } else { false } }
    private func isReserved(_ outcome: BudgetHolder.Outcome) -> Bool {
        if case .reserved = outcome { true } else { false }
    }
    private func isRefused(_ outcome: BudgetHolder.Outcome) -> Bool {
        if case .refused = outcome { true } else { false }
    }
}
