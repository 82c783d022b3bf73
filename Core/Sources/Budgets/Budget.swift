// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Limits of one scope, as a person declares them.
public struct Budget: Hashable, Sendable {
    /// Whose requests count.
    public enum Scope: Hashable, Sendable {
        case everything
        case tenant(String)
        case team(String)
        case key(String)
    }

    public struct Limit: Hashable, Sendable {
        public var meter: BudgetMeter
        /// `total` for concurrency, of which nothing is used up.
        public var window: BudgetWindow
        /// In the meter's units.
        public var amount: Int64
        public init(meter: BudgetMeter, window: BudgetWindow, amount: Int64) {
            self.meter = meter
            self.window = window
            self.amount = amount
        }
    }

    public var name: String
    public var scope: Scope
    /// One per meter and window.
    public var limits: [Limit]
    /// False: only counts and reports.
    public var isEnforced: Bool

    public init(name: String, scope: Scope, limits: [Limit], isEnforced: Bool = true) {
        self.name = name
        self.scope = scope
        self.limits = limits
        self.isEnforced = isEnforced
    }

    public var accounts: [BudgetAccount] {
        limits.map { limit in
            BudgetAccount(
                name: "\(name)/\(limit.meter.rawValue)/\(limit.window.rawValue)", meter: limit.meter,
                window: limit.window, limit: limit.amount, isEnforced: isEnforced)
        }
    }
}

/// Which accounts each key's requests fall under: budgets of a configuration, resolved once.
public struct BudgetPlan: Equatable, Sendable {
    /// Who presents a key.
    public struct Holder: Sendable {
        public var key: String
        public var tenant: String
        public var team: String?
        public init(key: String, tenant: String, team: String? = nil) {
            self.key = key
            self.tenant = tenant
            self.team = team
        }
    }

    /// More limits apply to one key than a request can reserve.
    public struct TooMany: Error, Equatable, Sendable {
        public var key: String
        public var count: Int
    }

    public var accounts: [BudgetAccount] = []
    /// By position of the key: positions in `accounts`.
    public var byKey: [[Int]] = []

    public static let none = BudgetPlan()
    private init() {}

    public init(_ budgets: [Budget], holders: [Holder]) throws(TooMany) {
        byKey = Array(repeating: [], count: holders.count)
        for budget in budgets {
            let first = accounts.count
            accounts += budget.accounts
            for (index, holder) in holders.enumerated() where budget.scope.includes(holder) {
                byKey[index] += first..<accounts.count
            }
        }
        for (index, positions) in byKey.enumerated() where positions.count > BudgetCharges.countMax {
            throw TooMany(key: holders[index].key, count: positions.count)
        }
    }

    public var isEmpty: Bool { accounts.isEmpty }
}

extension Budget.Scope {
    func includes(_ holder: BudgetPlan.Holder) -> Bool {
        switch self {
        case .everything: true
        case .tenant(let name): holder.tenant == name
        case .team(let name): holder.team == name
        case .key(let name): holder.key == name
        }
    }
}

extension Budget.Scope: CustomStringConvertible {
    public var description: String {
        switch self {
        case .everything: "everything"
        case .tenant(let name): "tenant \(name)"
        case .team(let name): "team \(name)"
        case .key(let name): "key \(name)"
        }
    }
}
