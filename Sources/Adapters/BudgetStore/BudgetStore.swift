// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Budgets
public import SQLiteFile

// Where limits and what was used of them are kept, shared by all gateways of a host: one SQLite file. Decisions are
// `BudgetLedger`'s; here they are read, asked for and written inside one transaction each.

/// The durable ledger of budgets.
///
/// Several processes may have the same file open: each exchange is a transaction that holds the write lock.
/// - Threading: confined to its owner's thread. A call may wait for the disk and, up to `busyMilliseconds`, for another
///   process.
public final class BudgetStore {
    let database: SQLiteDatabase
    private let timing: BudgetTiming
    private let usageSeconds: Int64
    private var windowsClearedAt: Int64?

    /// Records of usage are kept for so long where nothing else is said.
    public static let usageSecondsDefault: Int64 = 35 * 86_400
    public static let busyMilliseconds: Int32 = 5_000

    /// Opens the file, or makes it.
    /// - Parameter usageSeconds: how long records of usage are kept. What limits count does not depend on them.
    public init(
        path: String, timing: BudgetTiming, usageSeconds: Int64 = usageSecondsDefault
    ) throws(SQLiteError) {
        self.timing = timing
        self.usageSeconds = usageSeconds
        database = try SQLiteDatabase(path: path, busyMilliseconds: Self.busyMilliseconds)
        try database.run(Self.schema)
    }

    /// Version 1. A lease is of one run of one gateway: `holder` is made anew at each start.
    private static let schema = """
        CREATE TABLE IF NOT EXISTS account (
            name TEXT NOT NULL, window INTEGER NOT NULL, committed INTEGER NOT NULL, held INTEGER NOT NULL,
            short_until INTEGER NOT NULL, PRIMARY KEY (name, window)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS lease (
            holder TEXT NOT NULL, account TEXT NOT NULL, window INTEGER NOT NULL, meter TEXT NOT NULL,
            epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, granted INTEGER NOT NULL, spent INTEGER NOT NULL,
            returned INTEGER NOT NULL, expires_at INTEGER NOT NULL, state TEXT NOT NULL,
            PRIMARY KEY (holder, account, window)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS usage (
            request INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL, tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost_nano INTEGER
        );
        CREATE INDEX IF NOT EXISTS usage_at ON usage (at);
        CREATE INDEX IF NOT EXISTS lease_open ON lease (state, expires_at);
        CREATE INDEX IF NOT EXISTS lease_account ON lease (account, window, state);
        """

    /// Takes a holder's reports in, all or none, and answers each. What other holders left behind is cleared first.
    /// - Parameter usage: records of the requests that the reports count, kept in the same step; one that is there already
    ///   is not counted twice.
    public func exchange(
        holder: String, _ reports: [LeaseReport], usage: [UsageRecord] = [], now: Int64
    ) throws(SQLiteError) -> [LeaseAnswer] {
        try database.transaction { () throws(SQLiteError) in
            try expireLeases(now: now)
            for record in usage { try save(record) }
            try clear(now: now)
            var answers: [LeaseAnswer] = []
            for report in reports { answers.append(try take(report, from: holder, now: now)) }
            return answers
        }
    }

    /// Takes away what nobody will ask for again, so that the file does not grow with its age. A window that ended longer
    /// ago than the longest one lasts twice has no request under way and no holder that will still report.
    private func clear(now: Int64) throws(SQLiteError) {
        try removeUsage(before: now - usageSeconds)
        guard windowsClearedAt.map({ now >= $0 + 3_600 }) ?? true else { return }
        windowsClearedAt = now
        try removeWindows(before: now - Self.windowSeconds)
    }

    private static let windowSeconds: Int64 = 62 * 86_400

    private func take(
        _ report: LeaseReport, from holder: String, now: Int64
    ) throws(SQLiteError) -> LeaseAnswer {
        let key = LeaseKey(holder: holder, account: report.account.name, window: report.window)
        var account = try loadAccount(key)
        var lease = try loadLease(key)?.lease ?? LedgerLease(epoch: report.epoch)
        let answer = BudgetLedger.take(
            report, account: &account, lease: &lease, holders: try countHolders(key), now: now, timing: timing)
        try save(account, key)
        try save(lease, report.account.meter, key)
        return answer
    }

    private func expireLeases(now: Int64) throws(SQLiteError) {
        for key in try openLeases(expiredBefore: now - timing.requestMax - timing.clockError) {
            guard let found = try loadLease(key) else { continue }
            var lease = found.lease
            var account = try loadAccount(key)
            guard BudgetLedger.expire(&lease, account: &account, meter: found.meter, now: now, timing: timing) else {
                continue
            }
            try save(account, key)
            try save(lease, found.meter, key)
        }
    }

    /// What is used and held of an account in a window, as far as holders have reported.
    public func account(_ name: String, window: Int64) throws(SQLiteError) -> LedgerAccount {
        try loadAccount(LeaseKey(holder: "", account: name, window: window))
    }
}
