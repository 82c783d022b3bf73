// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSQLite
public import Glibc

/// One connection to one SQLite file, with its prepared statements.
///
/// - Threading: confined to its owner's thread; it is opened without SQLite's own locks.
public final class SQLiteDatabase {
    public let path: String
    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens or makes the file. Every commit is on the disk when it returns; a writer waits for another one up to
    /// `busyMilliseconds`.
    /// - Parameter mode: of a file that is made; SQLite gives the files beside it the same.
    public init(path: String, mode: mode_t = 0o640, busyMilliseconds: Int32) throws(SQLiteError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw SQLiteError(path: path, doing: "open", reason: String(cString: strerror(errno)))
        }
        close(descriptor)
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let opened else {
            let reason = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw SQLiteError(path: path, doing: "open", reason: reason)
        }
        self.path = path
        handle = opened
        sqlite3_busy_timeout(handle, busyMilliseconds)
        try useWriteAheadLog(busyMilliseconds)
        try run("PRAGMA synchronous = FULL")
    }

    /// Of several that open a new file together one makes the switch, and SQLite refuses the others at once instead of
    /// waiting: each holds a read lock that the switch would have to wait for.
    private func useWriteAheadLog(_ busyMilliseconds: Int32) throws(SQLiteError) {
        var patience = busyMilliseconds
        while true {
            do throws(SQLiteError) {
                return try run("PRAGMA journal_mode = WAL")
            } catch {
                guard sqlite3_errcode(handle) == SQLITE_BUSY, patience > 0 else { throw error }
                patience -= Self.pauseMilliseconds
                sqlite3_sleep(Self.pauseMilliseconds)
            }
        }
    }

    private static let pauseMilliseconds: Int32 = 10

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Runs statements that take and give nothing.
    public func run(_ text: String) throws(SQLiteError) {
        guard sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK else { throw error(doing: text) }
    }

    /// All of `body` or nothing of it. The write lock is taken at once, so that what is read inside is still true when it
    /// is written.
    public func transaction<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try run("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // Fails only where SQLite has rolled back by itself.
            try? run("ROLLBACK")
            throw error
        }
    }

    /// The statement for a text, prepared once.
    public func statement(_ text: String) throws(SQLiteError) -> SQLiteStatement {
        if let known = statements[text] { return known }
        var made: OpaquePointer?
        guard sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil) == SQLITE_OK,
            let made
        else { throw error(doing: text) }
        let statement = SQLiteStatement(handle: made, database: self)
        statements[text] = statement
        return statement
    }

    func error(doing text: String) -> SQLiteError {
        let verb = text.split(separator: " ").first.map(String.init) ?? text
        return SQLiteError(path: path, doing: verb, reason: String(cString: sqlite3_errmsg(handle)))
    }
}

/// One prepared statement. Parameters and columns count from 0.
public final class SQLiteStatement {
    private let handle: OpaquePointer
    private unowned let database: SQLiteDatabase

    init(handle: OpaquePointer, database: SQLiteDatabase) {
        self.handle = handle
        self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    public enum Value {
        case null
        case integer(Int64)
        case text(String)
        case blob([UInt8])
    }

    /// Binds `values`, calls `row` for each row, and is ready for the next call.
    public func run(_ values: [Value], row: (borrowing Row) -> Void = { _ in }) throws(SQLiteError) {
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        for (position, value) in values.enumerated() { try bind(value, at: Int32(position + 1)) }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: row(Row(handle: handle))
            case SQLITE_DONE: return
            default: throw database.error(doing: String(cString: sqlite3_sql(handle)))
            }
        }
    }

    private func bind(_ value: Value, at position: Int32) throws(SQLiteError) {
        let status =
            switch value {
            case .null: sqlite3_bind_null(handle, position)
            case .integer(let number): sqlite3_bind_int64(handle, position, number)
            case .text(let text): isobar_bind_text(handle, position, text, Int32(text.utf8.count))
            case .blob(let bytes): isobar_bind_blob(handle, position, bytes, Int32(bytes.count))
            }
        guard status == SQLITE_OK else { throw database.error(doing: String(cString: sqlite3_sql(handle))) }
    }

    /// The row that is being stepped over; valid inside the closure only.
    public struct Row: ~Copyable {
        fileprivate let handle: OpaquePointer
        public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
        public func text(_ column: Int32) -> String {
            sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
        }
        public func blob(_ column: Int32) -> [UInt8] {
            let count = Int(sqlite3_column_bytes(handle, column))
            return Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: count))
        }
    }
}
