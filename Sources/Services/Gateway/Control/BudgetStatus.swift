// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Budgets

/// One limit as the admin port shows it. Amounts are in the meter's units.
public struct BudgetStatus: Equatable, Sendable {
    public var account: BudgetAccount
    /// Units of the current window that no gateway has used or holds; `nil`: the ledger was not asked yet.
    public var left: Int64?
    /// What this gateway has reserved and used in it.
    public var reservedHere: Int64
    public var usedHere: Int64
    /// Used beyond what had been reserved, since this gateway's start: bounds were wrong.
    public var overrunHere: Int64

    public init(account: BudgetAccount, left: Int64?, reservedHere: Int64, usedHere: Int64, overrunHere: Int64) {
        self.account = account
        self.left = left
        self.reservedHere = reservedHere
        self.usedHere = usedHere
        self.overrunHere = overrunHere
    }
}

/// All limits, and whether their store answers.
public struct BudgetsStatus: Equatable, Sendable {
    public var limits: [BudgetStatus]
    /// Why the store does not answer; `nil` while it does.
    public var fault: String?
    /// Usage records that were given up.
    public var lostRecords: UInt64

    public init(limits: [BudgetStatus], fault: String?, lostRecords: UInt64) {
        self.limits = limits
        self.fault = fault
        self.lostRecords = lostRecords
    }
}
