// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import Budgets

struct BudgetWindowTests {
    @Test(
        arguments: [
            (1_795_656_494, 1_793_491_200, 1_796_083_200),  // 2026-11-26 → 1 November, 1 December
            (951_782_400, 949_363_200, 951_868_800),  // 2000-02-29, a leap day of a century
            (0, 0, 2_678_400), (-1, -2_678_400, 0),
            (4_107_542_400, 4_107_542_400, 4_110_220_800),  // March 2100, a century without a leap day
        ] as [(Int64, Int64, Int64)])
    func `months begin and end at midnight of the first`(second: Int64, start: Int64, end: Int64) {
        #expect(BudgetWindow.month.start(of: second) == start)
        #expect(BudgetWindow.month.end(ofWindowAt: start) == end)
    }

    @Test func `every second lies in exactly its window`() {
        var dice = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let second = Int64.random(in: -10_000_000_000...100_000_000_000, using: &dice)
            for window in [BudgetWindow.minute, .hour, .day, .month] {
                let start = window.start(of: second)
                guard let end = window.end(ofWindowAt: start) else { continue }
                #expect(start <= second && second < end)
                #expect(window.start(of: start) == start && window.start(of: end - 1) == start)
                #expect(window.start(of: end) == end)
            }
        }
        #expect(BudgetWindow.total.start(of: 99) == 0 && BudgetWindow.total.end(ofWindowAt: 0) == nil)
    }
}
