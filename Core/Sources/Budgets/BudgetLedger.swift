// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a holder tells the ledger of one slice, and asks.
///
/// Counters are totals of the lease, so a report may arrive twice, late or out of order. A grant is made once per
/// `sequence`.
public struct LeaseReport: Hashable, Sendable {
    public var account: BudgetAccount
    public var window: Int64
    public var epoch: Int64
    public var sequence: Int64
    public var spent: Int64
    public var returned: Int64
    /// Units without which a waiting request cannot go on; 0: none waits.
    public var least: Int64
    /// Units that would be good to have, `least` included.
    public var want: Int64
    /// The holder will reserve nothing more under this lease, and nothing is reserved.
    public var isFinal: Bool
}

/// The ledger's answer to a report.
public struct LeaseAnswer: Hashable, Sendable {
    public var account: String
    public var window: Int64
    public var epoch: Int64
    public var sequence: Int64
    /// Total of the lease.
    public var granted: Int64
    public var expiresAt: Int64
    /// Units of the window that nobody holds or has used.
    public var left: Int64
    /// Somebody needs more than is left: holders give back what they do not need.
    public var isShort: Bool
    /// Nothing may be reserved under this lease any more.
    public var isClosed: Bool
}

/// One account in one window as the ledger keeps it.
public struct LedgerAccount: Hashable, Sendable {
    /// Units used.
    public var committed: Int64
    /// Units that holders hold.
    public var held: Int64
    /// Until when holders are told that somebody needs more than is left.
    public var shortUntil: Int64
    public init(committed: Int64 = 0, held: Int64 = 0, shortUntil: Int64 = .min) {
        self.committed = committed
        self.held = held
        self.shortUntil = shortUntil
    }

    public func left(of limit: Int64) -> Int64 { max(0, limit - committed - held) }
}

/// One holder's lease on one account in one window as the ledger keeps it.
public struct LedgerLease: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case open
        /// Its time ran out: what was held counts as used until the holder says how much really was.
        case expired
        /// The holder's last word was heard.
        case final
    }

    public var epoch: Int64
    public var sequence: Int64 = 0
    public var granted: Int64 = 0
    public var spent: Int64 = 0
    public var returned: Int64 = 0
    public var expiresAt: Int64 = 0
    public var state = State.open

    public init(epoch: Int64) { self.epoch = epoch }

    /// Units counted in `LedgerAccount.held`.
    public var held: Int64 { state == .open ? max(0, granted - spent - returned) : 0 }
    /// Units counted in `LedgerAccount.committed`.
    public func committed(_ meter: BudgetMeter) -> Int64 {
        guard meter.isUsedUp else { return 0 }
        return state == .expired ? max(spent, granted - returned) : spent
    }
}

/// The side of budgets that owns the limits. Pure: a store loads an account and a lease, asks, and writes both back in
/// one transaction.
///
/// Invariant, whatever arrives in whatever order: `committed + held` of an account is the sum over its leases, and no
/// grant takes it over the limit.
public enum BudgetLedger {
    /// Takes a report in and answers it.
    ///
    /// - Parameter holders: how many holders share the account, for the size of a grant; ≥ 1.
    public static func take(
        _ report: LeaseReport, account: inout LedgerAccount, lease: inout LedgerLease, holders: Int64, now: Int64,
        timing: BudgetTiming
    ) -> LeaseAnswer {
        if report.epoch > lease.epoch, lease.state != .open { lease = LedgerLease(epoch: report.epoch) }
        guard report.epoch == lease.epoch else { return answer(report, account, lease, isClosed: true, now: now) }
        change(&account, &lease, report.account.meter) { lease in
            note(report, in: &lease)
            if lease.state == .open, !report.isFinal { lease.expiresAt = max(lease.expiresAt, now + timing.lease) }
        }
        if lease.state == .open, report.sequence > lease.sequence {
            lease.sequence = report.sequence
            let left = account.left(of: report.account.limit)
            // Long enough for every holder to be heard of once, not so long that plenty is hoarded as scarce.
            if left < report.least { account.shortUntil = now + timing.lease }
            let grant = size(report, left: left, holders: max(1, holders))
            change(&account, &lease, report.account.meter) { $0.granted += grant }
        }
        return answer(report, account, lease, isClosed: lease.state != .open, now: now)
    }

    /// Counts what a holder holds as used when it has not been heard of for so long that nothing it reserved can still
    /// be under way.
    /// - Returns: false when it is not time yet, or the lease is closed.
    public static func expire(
        _ lease: inout LedgerLease, account: inout LedgerAccount, meter: BudgetMeter, now: Int64, timing: BudgetTiming
    ) -> Bool {
        guard lease.state == .open, now >= lease.expiresAt + timing.requestMax + timing.clockError else { return false }
        change(&account, &lease, meter) { $0.state = .expired }
        return true
    }

    private static func note(_ report: LeaseReport, in lease: inout LedgerLease) {
        guard lease.state != .final else { return }
        lease.spent = max(lease.spent, report.spent)
        lease.returned = max(lease.returned, report.returned)
        guard report.isFinal else { return }
        lease.returned = max(0, lease.granted - lease.spent)
        lease.state = .final
    }

    /// Keeps the account's sums in step with what happens to one lease.
    private static func change(
        _ account: inout LedgerAccount, _ lease: inout LedgerLease, _ meter: BudgetMeter,
        _ body: (inout LedgerLease) -> Void
    ) {
        account.held -= lease.held
        account.committed -= lease.committed(meter)
        body(&lease)
        account.held += lease.held
        account.committed += lease.committed(meter)
    }

    /// A waiting request is served whole or not at all; beyond it a holder gets its share of half of what is left, so
    /// that the first to ask does not starve the others.
    private static func size(_ report: LeaseReport, left: Int64, holders: Int64) -> Int64 {
        guard left >= report.least else { return 0 }
        return max(report.least, min(report.want, left / (2 * holders)))
    }

    private static func answer(
        _ report: LeaseReport, _ account: LedgerAccount, _ lease: LedgerLease, isClosed: Bool, now: Int64
    ) -> LeaseAnswer {
        let isKnown = report.epoch == lease.epoch
        let left = account.left(of: report.account.limit)
        return LeaseAnswer(
            account: report.account.name, window: report.window, epoch: report.epoch, sequence: report.sequence,
            granted: isKnown ? lease.granted : 0, expiresAt: isKnown ? lease.expiresAt : .min,
            left: left, isShort: now < account.shortUntil || left < report.account.limit / 20, isClosed: isClosed)
    }
}
