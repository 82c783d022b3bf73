// SPDX-License-Identifier: Apache-2.0
// Isobar

/// One limit of one scope: what a key, user, team, tenant, provider or everything may use of one meter in one window.
public struct BudgetAccount: Hashable, Sendable {
    /// Stable across configurations and gateways, e.g. `tenant:acme/money/month`; names the account in the ledger and in
    /// refusals.
    public var name: String
    public var meter: BudgetMeter
    public var window: BudgetWindow
    /// Units of the meter in one window; ≥ 0.
    public var limit: Int64
    /// False: the account only counts (a soft limit). It never refuses, and what is over is reported.
    public var isEnforced: Bool

    public init(name: String, meter: BudgetMeter, window: BudgetWindow, limit: Int64, isEnforced: Bool = true) {
        precondition(limit >= 0, "a limit is not negative")
        self.name = name
        self.meter = meter
        self.window = window
        self.limit = limit
        self.isEnforced = isEnforced
    }
}

/// Position of an account in a holder's accounts.
public struct BudgetAccountID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var index: Int32
    @inlinable public init(_ index: Int) { self.index = Int32(index) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// An amount in one account and window.
public struct BudgetCharge: Hashable, BitwiseCopyable, Sendable {
    public var account: BudgetAccountID
    /// First second of the window it was reserved in: what ends after midnight is charged to the day it began.
    public var window: Int64
    /// ≥ 0.
    public var amount: Int64
    public init(account: BudgetAccountID, window: Int64 = 0, amount: Int64) {
        self.account = account
        self.window = window
        self.amount = amount
    }
}

/// What one attempt takes from all accounts it falls under. A plain value of fixed size: nothing is allocated per
/// request.
public struct BudgetCharges: BitwiseCopyable, Sendable {
    /// More enclosing limits than this cannot apply to one request; configuration refuses them.
    public static let countMax = 16

    private var items: InlineArray<16, BudgetCharge>
    public private(set) var count: Int

    public init() {
        items = InlineArray(repeating: BudgetCharge(account: BudgetAccountID(0), amount: 0))
        count = 0
    }

    public mutating func append(_ charge: BudgetCharge) {
        precondition(count < Self.countMax, "\(Self.countMax) accounts at most apply to one request")
        precondition(charge.amount >= 0, "a charge is not negative")
        items[count] = charge
        count += 1
    }

    public subscript(position: Int) -> BudgetCharge {
        get {
            precondition(position >= 0 && position < count)
            return items[position]
        }
        set {
            precondition(position >= 0 && position < count)
            items[position] = newValue
        }
    }

    public var isEmpty: Bool { count == 0 }
}
