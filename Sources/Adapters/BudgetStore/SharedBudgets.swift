// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Budgets
internal import Synchronization

/// The budgets of one process: slices that all loops reserve from, and what they have used, on its way to the store.
///
/// - Threading: may be called from any thread; a lock is held for the length of one call, never while anything waits.
public final class SharedBudgets: Sendable {
    private struct State {
        var holder: BudgetHolder
        var journal: [UsageRecord] = []
        var lost: UInt64 = 0
    }

    private let state: Mutex<State>
    private let wake = Mutex<(@Sendable () -> Void)?>(nil)

    /// Records that wait for the store; more are given up and counted.
    static let journalMax = 200_000

    public init(timing: BudgetTiming) { state = Mutex(State(holder: BudgetHolder(timing: timing))) }

    /// Takes the accounts of a configuration that is about to come into force.
    /// - Returns: their ids, in order; an account keeps its id by name.
    public func adopt(_ accounts: [BudgetAccount]) -> [BudgetAccountID] {
        state.withLock { $0.holder.adopt(accounts) }
    }

    /// Reserves all of it or nothing. When the slices do not reach, the ledger is asked at once.
    /// - Parameter now: Unix seconds.
    public func reserve(_ charges: BudgetCharges, now: Int64) -> BudgetHolder.Outcome {
        let outcome = state.withLock { $0.holder.reserve(charges, now: now) }
        if case .wait = outcome { wake.withLock { $0 }?() }
        return outcome
    }

    /// Ends reservations: `used` says of each what was used of it, in its account's units.
    public func settle(_ charges: BudgetCharges, used: (BudgetMeter, BudgetCharge) -> Int64) {
        state.withLock { state in
            for position in 0..<charges.count {
                let charge = charges[position]
                let meter = state.holder.accounts[Int(charge.account.index)].meter
                state.holder.settle(charge, used: used(meter, charge))
            }
        }
    }

    /// Notes what a request used, for the store.
    public func record(_ usage: UsageRecord) {
        state.withLock { state in
            if state.journal.count < Self.journalMax { state.journal.append(usage) } else { state.lost += 1 }
        }
    }

    public func account(_ id: BudgetAccountID) -> BudgetAccount { state.withLock { $0.holder.accounts[Int(id.index)] } }

    /// What this process has reserved and used of an account in the window that holds `now`, and what was used beyond its
    /// reservation since the start.
    public func use(of id: BudgetAccountID, now: Int64) -> (reserved: Int64, spent: Int64, overrun: Int64) {
        state.withLock { state in
            let use = state.holder.use(of: id, now: now)
            return (use.reserved, use.spent, state.holder.overruns[Int(id.index)])
        }
    }

    public var lostRecords: UInt64 { state.withLock(\.lost) }

    // MARK: The keeper's side

    func onShortage(_ body: @escaping @Sendable () -> Void) { wake.withLock { $0 = body } }

    func reports(now: Int64) -> [LeaseReport] { state.withLock { $0.holder.reports(now: now) } }

    func apply(_ answers: [LeaseAnswer], now: Int64) {
        state.withLock { state in for answer in answers { state.holder.apply(answer, now: now) } }
    }

    func takeJournal() -> [UsageRecord] {
        state.withLock { state in
            defer { state.journal = [] }
            return state.journal
        }
    }

    func putBack(_ journal: [UsageRecord]) {
        state.withLock { state in
            let room = max(0, Self.journalMax - state.journal.count)
            state.lost += UInt64(max(0, journal.count - room))
            state.journal = journal.prefix(room) + state.journal
        }
    }
}

/// What one request used, as it is kept.
public struct UsageRecord: Equatable, Sendable {
    /// The idempotency key: a request is counted once, however often its record arrives.
    public var requestID: UInt64
    public var unixSeconds: Int64
    public var key: String
    public var tenant: String
    public var endpoint: String
    public var inputTokens: Int64
    public var outputTokens: Int64
    /// In nano-units of the currency, rounded up; `nil`: nobody knows the price.
    public var costNano: Int64?

    public init(
        requestID: UInt64, unixSeconds: Int64, key: String, tenant: String, endpoint: String, inputTokens: Int64,
        outputTokens: Int64, costNano: Int64?
    ) {
        self.requestID = requestID
        self.unixSeconds = unixSeconds
        self.key = key
        self.tenant = tenant
        self.endpoint = endpoint
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.costNano = costNano
    }
}
