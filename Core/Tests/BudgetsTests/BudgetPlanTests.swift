// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Budgets

struct BudgetPlanTests {
    private let holders = [
        BudgetPlan.Holder(key: "a", tenant: "t1", team: "red"), BudgetPlan.Holder(key: "b", tenant: "t1"),
        BudgetPlan.Holder(key: "c", tenant: "t2", team: "red"),
    ]

    private func budget(_ name: String, _ scope: Budget.Scope, _ limits: Int = 1) -> Budget {
        let windows: [BudgetWindow] = [.minute, .hour, .day, .month, .total]
        return Budget(
            name: name, scope: scope,
            limits: (0..<limits).map { .init(meter: .requests, window: windows[$0], amount: Int64($0)) })
    }

    @Test func `each key falls under every scope that encloses it`() throws {
        let budgets = [
            budget("all", .everything, 2), budget("tenant", .tenant("t1")), budget("team", .team("red")),
            budget("key", .key("b")),
        ]
        let plan = try BudgetPlan(budgets, holders: holders)
        #expect(
            plan.accounts.map(\.name) == [
                "all/requests/minute", "all/requests/hour", "tenant/requests/minute", "team/requests/minute",
                "key/requests/minute",
            ])
        #expect(plan.byKey == [[0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 3]])
    }

    @Test func `more limits than a request can reserve are refused, by the key they meet at`() throws {
        let three = (0..<3).map { budget("b\($0)", .everything, 5) }
        #expect(try BudgetPlan(three, holders: holders).byKey[0].count == 15)
        #expect(throws: BudgetPlan.TooMany(key: "b", count: 17)) {
            try BudgetPlan(three + [budget("more", .key("b"), 2)], holders: holders)
        }
    }

    @Test func `a soft budget's accounts only count`() {
        #expect(budget("b", .everything).accounts.allSatisfy { $0.isEnforced })
        #expect(!Budget(name: "b", scope: .everything, limits: [.init(meter: .money, window: .day, amount: 1)], isEnforced: false).accounts[0].isEnforced)
    }
}
