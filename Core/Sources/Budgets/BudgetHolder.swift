// SPDX-License-Identifier: Apache-2.0
// Isobar

/// One gateway's side of budgets: reserves and settles inside the slices it holds, with no call to anywhere.
///
/// - Threading: a value with one owner; gateways keep it behind a lock that is held for the length of one call.
/// - Cost: `reserve` and `settle` are O(charges), without allocation once a window's slice exists.
public struct BudgetHolder: Sendable {
    /// What `reserve` found.
    public enum Outcome: Sendable {
        /// Everything is reserved; settle or release it exactly once.
        case reserved(BudgetCharges)
        /// The slices do not reach. More has been asked for; try again when the ledger has answered.
        case wait
        /// This account has not enough left, as far as anybody knows.
        case refused(Refusal)
    }

    public struct Refusal: Equatable, Sendable {
        public var account: BudgetAccountID
        /// Second at which the account starts anew; `nil` when only ending requests free it, or nothing does.
        public var freesAt: Int64?
        /// The request is larger than the whole limit: waiting does not help.
        public var isBeyondLimit: Bool
    }

    /// Every account this holder has known; positions never change while it lives.
    public private(set) var accounts: [BudgetAccount] = []
    var names: [String: Int] = [:]
    /// By account: it left the configuration.
    var isRetired: [Bool] = []
    /// By account: its windows in use, oldest first. Rarely more than two.
    var slices: [[BudgetSlice]] = []
    let timing: BudgetTiming
    /// Units by account that were used beyond what had been reserved: the bound was wrong.
    public private(set) var overruns: [Int64] = []
    private var lastEpoch: Int64 = 0

    public init(timing: BudgetTiming = BudgetTiming()) { self.timing = timing }

    /// Takes the accounts of a configuration. Those it knows by name keep their position and what they hold; a limit may
    /// change; those that are gone reserve no more and give back what they hold.
    /// - Returns: the accounts' positions, in order.
    public mutating func adopt(_ configured: [BudgetAccount]) -> [BudgetAccountID] {
        for index in accounts.indices { isRetired[index] = true }
        return configured.map { account in
            if let known = names[account.name] {
                accounts[known] = account
                isRetired[known] = false
                return BudgetAccountID(known)
            }
            names[account.name] = accounts.count
            accounts.append(account)
            isRetired.append(false)
            slices.append([])
            overruns.append(0)
            return BudgetAccountID(accounts.count - 1)
        }
    }

    /// Reserves every charge or none. The charges' windows are set by `now`.
    public mutating func reserve(_ charges: BudgetCharges, now: Int64) -> Outcome {
        var mustWait = false
        for position in 0..<charges.count {
            switch verdict(charges[position], now: now) {
            case .fits: continue
            case .lacks: mustWait = true
            case .refused(let refusal): return .refused(refusal)
            }
        }
        if mustWait { return .wait }
        var taken = charges
        for position in 0..<charges.count { taken[position].window = take(charges[position], now: now) }
        return .reserved(taken)
    }

    private enum Verdict { case fits, lacks, refused(Refusal) }

    private mutating func verdict(_ charge: BudgetCharge, now: Int64) -> Verdict {
        let index = Int(charge.account.index)
        let account = accounts[index]
        guard account.isEnforced else { return .fits }
        let window = account.window.start(of: now)
        guard charge.amount <= account.limit else {
            return .refused(refusal(charge.account, window: window, isBeyondLimit: true))
        }
        let position = slice(index, window: window)
        if slices[index][position].canReserve(charge.amount, now: now) { return .fits }
        if slices[index][position].isKnownDry(for: charge.amount, now: now) {
            return .refused(refusal(charge.account, window: window, isBeyondLimit: false))
        }
        slices[index][position].want(charge.amount)
        return .lacks
    }

    private func refusal(_ id: BudgetAccountID, window: Int64, isBeyondLimit: Bool) -> Refusal {
        let account = accounts[Int(id.index)]
        let end = account.meter.isUsedUp ? account.window.end(ofWindowAt: window) : nil
        return Refusal(account: id, freesAt: isBeyondLimit ? nil : end, isBeyondLimit: isBeyondLimit)
    }

    /// - Returns: the window it was taken in.
    private mutating func take(_ charge: BudgetCharge, now: Int64) -> Int64 {
        let index = Int(charge.account.index)
        let window = accounts[index].window.start(of: now)
        let position = slice(index, window: window)
        slices[index][position].reserved += charge.amount
        slices[index][position].reservedSinceReport += charge.amount
        return window
    }

    /// Ends a reservation: what was used stays used, the rest can be reserved again.
    ///
    /// `used` may be more than what had been reserved: the truth is charged and the difference counted in `overruns`.
    public mutating func settle(_ reserved: BudgetCharge, used: Int64) {
        let index = Int(reserved.account.index)
        guard accounts.indices.contains(index),
            let position = slices[index].firstIndex(where: { $0.window == reserved.window })
        else { return }
        let spent = accounts[index].meter.isUsedUp ? max(0, used) : 0
        slices[index][position].reserved -= reserved.amount
        slices[index][position].spent += spent
        if spent > reserved.amount { overruns[index] += spent - reserved.amount }
    }

    /// Position of the slice for a window that takes reservations; made when there is none.
    mutating func slice(_ index: Int, window: Int64) -> Int {
        if let last = slices[index].indices.last, slices[index][last].window == window { return last }
        if let found = slices[index].firstIndex(where: { $0.window == window }) { return found }
        lastEpoch += 1
        slices[index].append(BudgetSlice(window: window, epoch: lastEpoch))
        slices[index].sort { $0.window < $1.window }
        return slices[index].firstIndex { $0.window == window } ?? slices[index].count - 1
    }

    /// Units reserved or used of an account in the window that holds `now`, as this holder knows it.
    public func use(of account: BudgetAccountID, now: Int64) -> (reserved: Int64, spent: Int64) {
        let index = Int(account.index)
        let window = accounts[index].window.start(of: now)
        guard let slice = slices[index].first(where: { $0.window == window }) else { return (0, 0) }
        return (slice.reserved, slice.spent)
    }
}
