// SPDX-License-Identifier: Apache-2.0
// Isobar

import BudgetStore
import Budgets
import Gateway
import Glibc
import Logging
import ResourceTypes
import Routing
import Synchronization

/// The process's budgets: what loops reserve from, the thread that speaks with the store, and what both show.
final class BudgetAccess: Sendable {
    let shared: SharedBudgets
    private let keeper: BudgetKeeper
    private let target: Target
    private let published = Mutex<PublishedBudgets?>(nil)

    /// The gateway, once there is one.
    private final class Target: Sendable {
        let gateway = Mutex<Gateway?>(nil)
    }

    /// - Parameter snapshot: its longest request says how long a lost gateway's places are counted.
    init(path: String, usageDays: Int, _ snapshot: RoutingSnapshot, log: Logger) throws {
        let longest = snapshot.routes.map(\.retry.totalTimeout.nanoseconds).max() ?? 0
        let timing = BudgetTiming(requestMax: max(600, longest / 1_000_000_000 + 60))
        shared = SharedBudgets(timing: timing)
        let target = Target()
        self.target = target
        keeper = try BudgetKeeper(
            path: path, timing: timing, usageSeconds: Int64(usageDays) * 86_400, holder: Self.holder, budgets: shared,
            unixSeconds: { Self.unixSeconds }, log: log
        ) { target.gateway.withLock { $0 }?.budgetsAnswered() }
    }

    /// This run and no other one.
    private static var holder: String {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(name)-\(getpid())-\(SystemRandomNumberGenerator().seed)"
    }

    private static var unixSeconds: Int64 { WallTime.now.unixNanoseconds / 1_000_000_000 }

    func attach(_ gateway: Gateway) { target.gateway.withLock { $0 = gateway } }

    func publish(_ plan: BudgetPlan) -> PublishedBudgets {
        let fresh = PublishedBudgets(plan, shared: shared)
        published.withLock { $0 = fresh }
        return fresh
    }

    var status: BudgetsStatus {
        let now = Self.unixSeconds
        let current = published.withLock { $0 }
        let limits = (current?.accounts ?? []).enumerated().map { position, id in
            let account = current?.plan.accounts[position] ?? shared.account(id)
            let use = shared.use(of: id, now: now)
            let standing = keeper.standing(account.name)
            let isCurrent = standing?.window == account.window.start(of: now)
            return BudgetStatus(
                account: account, left: isCurrent ? standing?.left : nil, reservedHere: use.reserved,
                usedHere: use.spent, overrunHere: use.overrun)
        }
        return BudgetsStatus(limits: limits, fault: keeper.fault, lostRecords: shared.lostRecords)
    }

    /// Gives back what is held.
    func close() {
        target.gateway.withLock { $0 = nil }
        keeper.close()
    }
}
