// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Budgets
internal import SQLiteFile

struct LeaseKey {
    var holder: String
    var account: String
    var window: Int64
}

// Values to rows and back; only inside a transaction.
extension BudgetStore {
    func loadAccount(_ key: LeaseKey) throws(SQLiteError) -> LedgerAccount {
        var account = LedgerAccount()
        let query = "SELECT committed, held, short_until FROM account WHERE name = ? AND window = ?"
        try database.statement(query).run([.text(key.account), .integer(key.window)]) { row in
            account = LedgerAccount(committed: row.integer(0), held: row.integer(1), shortUntil: row.integer(2))
        }
        return account
    }

    func save(_ account: LedgerAccount, _ key: LeaseKey) throws(SQLiteError) {
        try database.statement("INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?)").run([
            .text(key.account), .integer(key.window), .integer(account.committed), .integer(account.held),
            .integer(account.shortUntil),
        ])
    }

    func loadLease(_ key: LeaseKey) throws(SQLiteError) -> (lease: LedgerLease, meter: BudgetMeter)? {
        var found: (LedgerLease, BudgetMeter)?
        let query = """
            SELECT epoch, sequence, granted, spent, returned, expires_at, state, meter FROM lease
            WHERE holder = ? AND account = ? AND window = ?
            """
        try database.statement(query).run([.text(key.holder), .text(key.account), .integer(key.window)]) { row in
            guard let state = LedgerLease.State(rawValue: row.text(6)), let meter = BudgetMeter(rawValue: row.text(7))
            else { return }
            var lease = LedgerLease(epoch: row.integer(0))
            lease.sequence = row.integer(1)
            lease.granted = row.integer(2)
            lease.spent = row.integer(3)
            lease.returned = row.integer(4)
            lease.expiresAt = row.integer(5)
            lease.state = state
            found = (lease, meter)
        }
        return found
    }

    func save(_ lease: LedgerLease, _ meter: BudgetMeter, _ key: LeaseKey) throws(SQLiteError) {
        try database.statement("INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run([
            .text(key.holder), .text(key.account), .integer(key.window), .text(meter.rawValue), .integer(lease.epoch),
            .integer(lease.sequence), .integer(lease.granted), .integer(lease.spent), .integer(lease.returned),
            .integer(lease.expiresAt), .text(lease.state.rawValue),
        ])
    }

    func save(_ usage: UsageRecord) throws(SQLiteError) {
        try database.statement("INSERT OR IGNORE INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?)").run([
            .integer(Int64(bitPattern: usage.requestID)), .integer(usage.unixSeconds), .text(usage.key),
            .text(usage.tenant), .text(usage.endpoint), .integer(usage.inputTokens), .integer(usage.outputTokens),
            usage.costNano.map { .integer($0) } ?? .null,
        ])
    }

    /// Some thousand at a time: they come as slowly.
    func removeUsage(before second: Int64) throws(SQLiteError) {
        let query = "DELETE FROM usage WHERE request IN (SELECT request FROM usage WHERE at < ? LIMIT 5000)"
        try database.statement(query).run([.integer(second)])
    }

    /// Windows without end (0) stay; of their leases those go that have had their last word, which their account counts.
    func removeWindows(before second: Int64) throws(SQLiteError) {
        try database.statement("DELETE FROM account WHERE window > 0 AND window < ?").run([.integer(second)])
        let query = """
            DELETE FROM lease WHERE (window > 0 AND window < ?1) OR (state = 'final' AND expires_at < ?1)
            """
        try database.statement(query).run([.integer(second)])
    }

    func openLeases(expiredBefore second: Int64) throws(SQLiteError) -> [LeaseKey] {
        var keys: [LeaseKey] = []
        let query = "SELECT holder, account, window FROM lease WHERE state = 'open' AND expires_at <= ? LIMIT 1000"
        try database.statement(query).run([.integer(second)]) { row in
            keys.append(LeaseKey(holder: row.text(0), account: row.text(1), window: row.integer(2)))
        }
        return keys
    }

    /// Holders of an account, the asking one included.
    func countHolders(_ key: LeaseKey) throws(SQLiteError) -> Int64 {
        var count: Int64 = 0
        let query = """
            SELECT count(*) FROM lease WHERE account = ? AND window = ? AND state = 'open' AND holder <> ?
            """
        try database.statement(query).run([.text(key.account), .integer(key.window), .text(key.holder)]) { row in
            count = row.integer(0)
        }
        return count + 1
    }
}
