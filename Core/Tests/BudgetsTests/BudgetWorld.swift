// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import Budgets

/// What goes wrong, each in percent of the chances it has.
struct Faults {
    var loss = 0
    var duplicate = 0
    var delayMax: Int64 = 0
    var outage = 0
    var crash = 0
    var clockError: Int64 = 0
}

/// Several holders, one ledger and a network between them, a second a step. Beside them stands a book that only counts
/// what really happened, and every step is held against it.
struct BudgetWorld {
    struct Running {
        var holder: Int
        var charges: BudgetCharges
        var endsAt: Int64
        /// Its holder crashed: nobody will settle it.
        var isOrphan = false
    }

    struct Message {
        var at: Int64
        var holder: Int
        /// Identity of the holder that sent it or gets it: a holder that crashed is another one afterwards.
        var generation: Int
        var report: LeaseReport?
        var answer: LeaseAnswer?
    }

    struct Key: Hashable {
        var account: String
        var window: Int64
    }
    struct LeaseKey: Hashable {
        var holder: Int
        var generation: Int
        var key: Key
    }

    let timing: BudgetTiming
    let accounts: [BudgetAccount]
    var ids: [BudgetAccountID] = []
    var dice: SeededGenerator
    var faults: Faults
    var now: Int64
    var holders: [BudgetHolder] = []
    var generations: [Int]
    var clocks: [Int64]
    var network: [Message] = []
    var ledger: [Key: LedgerAccount] = [:]
    var leases: [LeaseKey: LedgerLease] = [:]
    var meters: [String: BudgetAccount] = [:]
    var running: [Running] = []
    /// Ended use by account and window.
    var used: [Key: Int64] = [:]
    var ledgerIsUpAt: Int64 = .min
    var admitted = 0
    var refused = 0
    var waited = 0
    var problems: [String] = []
    /// How much of its bound a request uses; `nil`: a random share.
    var usePercent: Int64?

    init(accounts: [BudgetAccount], holders count: Int, seed: UInt64, faults: Faults, start: Int64 = 1_800_000_000) {
        timing = BudgetTiming(lease: 30, requestMax: 20, clockError: 2, refusal: 1, answerMax: 2)
        self.accounts = accounts
        self.faults = faults
        dice = SeededGenerator(seed: seed)
        now = start
        generations = Array(repeating: 0, count: count)
        clocks = Array(repeating: 0, count: count)
        for account in accounts { meters[account.name] = account }
        for index in 0..<count { appear(index) }
    }

    private mutating func appear(_ index: Int) {
        var holder = BudgetHolder(timing: timing)
        ids = holder.adopt(accounts)
        if index < holders.count { holders[index] = holder } else { holders.append(holder) }
        // Two clocks differ by `clockError` at most: each is off the true time by half of it.
        let error = faults.clockError / 2
        clocks[index] = Int64.random(in: -error...error, using: &dice)
    }

    func clock(_ holder: Int) -> Int64 { now + clocks[holder] }

    // MARK: Steps

    /// One second: the network delivers, holders report, requests end.
    mutating func step() {
        now += 1
        if faults.outage > 0, dice.chance(faults.outage) { ledgerIsUpAt = now + Int64.random(in: 1...40, using: &dice) }
        end()
        if faults.crash > 0, dice.chance(faults.crash) { crash(Int.random(in: 0..<holders.count, using: &dice)) }
        for holder in holders.indices { exchange(holder) }
        deliver()
        expire()
        check()
    }

    /// A holder's reports leave now.
    mutating func exchange(_ holder: Int) {
        for report in holders[holder].reports(now: clock(holder)) {
            send(Message(at: now, holder: holder, generation: generations[holder], report: report))
        }
    }

    private mutating func send(_ message: Message) {
        if dice.chance(faults.loss) { return }
        for _ in 0..<(dice.chance(faults.duplicate) ? 2 : 1) {
            var copy = message
            copy.at = now + (faults.delayMax > 0 ? Int64.random(in: 0...faults.delayMax, using: &dice) : 0)
            network.append(copy)
        }
    }

    /// Until nothing is due any more: a report delivered now may be answered now.
    mutating func deliver() {
        while let position = due() {
            let message = network.remove(at: position)
            if let report = message.report { take(report, from: message) }
            if let answer = message.answer, generations[message.holder] == message.generation {
                holders[message.holder].apply(answer, now: clock(message.holder))
            }
        }
    }

    /// A random one of the messages that have arrived.
    private mutating func due() -> Int? {
        let start = network.isEmpty ? 0 : Int.random(in: network.indices, using: &dice)
        for step in network.indices {
            let position = (start + step) % network.count
            if network[position].at <= now { return position }
        }
        return nil
    }

    private mutating func take(_ report: LeaseReport, from message: Message) {
        guard now >= ledgerIsUpAt else { return }
        let key = Key(account: report.account.name, window: report.window)
        let leaseKey = LeaseKey(holder: message.holder, generation: message.generation, key: key)
        var account = ledger[key] ?? LedgerAccount()
        var lease = leases[leaseKey] ?? LedgerLease(epoch: report.epoch)
        let answer = BudgetLedger.take(
            report, account: &account, lease: &lease, holders: Int64(holders.count), now: now, timing: timing)
        ledger[key] = account
        leases[leaseKey] = lease
        send(Message(at: now, holder: message.holder, generation: message.generation, answer: answer))
    }

    private mutating func expire() {
        guard now >= ledgerIsUpAt else { return }
        for (leaseKey, old) in leases {
            var lease = old
            guard let meter = meters[leaseKey.key.account]?.meter, var account = ledger[leaseKey.key] else { continue }
            if BudgetLedger.expire(&lease, account: &account, meter: meter, now: now, timing: timing) {
                leases[leaseKey] = lease
                ledger[leaseKey.key] = account
            }
        }
    }

    mutating func crash(_ holder: Int) {
        for index in running.indices where running[index].holder == holder { running[index].isOrphan = true }
        generations[holder] += 1
        appear(holder)
    }

    // MARK: Requests

    /// - Returns: whether it was admitted.
    @discardableResult
    mutating func request(_ amounts: [(account: Int, amount: Int64)], holder: Int, lasting: Int64) -> Bool {
        var charges = BudgetCharges()
        for item in amounts { charges.append(BudgetCharge(account: ids[item.account], amount: item.amount)) }
        switch holders[holder].reserve(charges, now: clock(holder)) {
        case .reserved(let taken):
            admitted += 1
            running.append(Running(holder: holder, charges: taken, endsAt: now + min(lasting, timing.requestMax)))
            return true
        case .wait:
            waited += 1
            return false
        case .refused:
            refused += 1
            return false
        }
    }

    /// Requests whose time has come end with a random use within their bound. What a crashed holder had under way used
    /// everything it could have.
    private mutating func end() {
        let over = running.filter { $0.endsAt <= now }
        running.removeAll { $0.endsAt <= now }
        for request in over {
            let share = usePercent ?? .random(in: 0...100, using: &dice)
            for position in 0..<request.charges.count {
                let charge = request.charges[position]
                let account = accounts[Int(charge.account.index)]
                let actual = request.isOrphan ? charge.amount : charge.amount * share / 100
                if account.meter.isUsedUp {
                    used[Key(account: account.name, window: charge.window), default: 0] += actual
                }
                if !request.isOrphan { holders[request.holder].settle(charge, used: actual) }
            }
        }
    }

    // MARK: Truth

    /// Units used or still to be used, as the book has it.
    func truth(_ key: Key) -> Int64 {
        var sum = used[key] ?? 0
        for request in running {
            for position in 0..<request.charges.count {
                let charge = request.charges[position]
                if accounts[Int(charge.account.index)].name == key.account, charge.window == key.window {
                    sum += charge.amount
                }
            }
        }
        return sum
    }

    mutating func check() {
        checkUse()
        checkLedger()
    }

    private mutating func checkUse() {
        var sums = used
        for request in running {
            for position in 0..<request.charges.count {
                let charge = request.charges[position]
                let account = accounts[Int(charge.account.index)].name
                sums[Key(account: account, window: charge.window), default: 0] += charge.amount
            }
        }
        for (key, sum) in sums {
            guard let account = meters[key.account], account.isEnforced, sum > account.limit else { continue }
            problems.append("\(key.account) uses \(sum) of \(account.limit) at \(now)")
        }
    }

    private mutating func checkLedger() {
        var sums: [Key: LedgerAccount] = [:]
        for (leaseKey, lease) in leases {
            sums[leaseKey.key, default: LedgerAccount()].held += lease.held
            sums[leaseKey.key, default: LedgerAccount()].committed += lease.committed(
                meters[leaseKey.key.account]?.meter ?? .money)
        }
        for (key, account) in ledger {
            // A lease that was closed and followed by another keeps its use in the account alone.
            let leased = sums[key] ?? LedgerAccount()
            if account.held != leased.held || account.committed < leased.committed {
                problems.append("\(key.account): \(account) is not the sum of its leases, \(leased)")
            }
            if let limit = meters[key.account], limit.isEnforced, account.committed + account.held > limit.limit {
                problems.append("\(key.account): \(account) is over \(limit.limit) at \(now)")
            }
        }
    }
}
