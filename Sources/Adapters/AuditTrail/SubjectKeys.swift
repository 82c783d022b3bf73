// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
public import SQLiteFile

/// The keys that what a log says about people is digested with: one per person, deleted to forget that person.
///
/// They are beside the log, never in it, in one SQLite file. A row is found by a keyed digest of tenant and person, so
/// the file names nobody. Where a caller names no person, a tenant's requests of one day share a key.
/// - Threading: confined to its owner. Another process may erase at the same time; that shows at the next `refresh`.
public final class SubjectKeys {
    struct Subject {
        /// 32 hexadecimal characters that stand for the person.
        var handle: [UInt8]
        var key: [UInt8]
    }

    /// A key that was deleted, to be written into the log.
    public struct Erasure: Equatable, Sendable {
        var id: Int64
        public var handle: String
        public var tenant: String
    }

    public static let fileName = "subjects.sqlite"
    /// One process that erases holds the lock for a few milliseconds.
    static let busyMilliseconds: Int32 = 5_000
    private static let cachedMax = 100_000

    private let database: SQLiteDatabase
    private let lookupKey: [UInt8]
    private var cached: [Digest: Subject] = [:]
    private var version: Int64 = -1
    private var isWriting = false

    /// Opens the file, or makes it.
    public init(path: String) throws(SQLiteError) {
        database = try SQLiteDatabase(path: path, mode: 0o600, busyMilliseconds: Self.busyMilliseconds)
        // What is deleted is overwritten, not only forgotten.
        try database.run("PRAGMA secure_delete = ON")
        try database.run(Self.schema)
        lookupKey = try Self.lookupKey(of: database)
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS subject (
            lookup BLOB PRIMARY KEY, key BLOB NOT NULL, handle TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS erasure (id INTEGER PRIMARY KEY, handle TEXT NOT NULL, tenant TEXT NOT NULL);
        """

    private static func lookupKey(of database: SQLiteDatabase) throws(SQLiteError) -> [UInt8] {
        let fresh = KeyedDigest.newKey()
        try database.statement("INSERT OR IGNORE INTO secret VALUES ('lookup', ?)").run([.blob(fresh)])
        var found: [UInt8] = []
        try database.statement("SELECT value FROM secret WHERE name = 'lookup'").run([]) { found = $0.blob(0) }
        return found
    }

    // MARK: Looking up

    /// Who is meant: a person of a tenant, or everybody of a tenant on one day.
    enum Person {
        case named(tenant: String, ArraySlice<UInt8>)
        case anybody(tenant: String, day: Int64)

        fileprivate var bytes: [UInt8] {
            switch self {
            case .named(let tenant, let name): [1] + Array(tenant.utf8) + [0] + name
            case .anybody(let tenant, let day): [2] + Array(tenant.utf8) + [0] + Array(String(day).utf8)
            }
        }
    }

    /// Forgets what was read if another process has changed the file since.
    /// - Returns: whether one has.
    func refresh() throws(SQLiteError) -> Bool {
        var now: Int64 = 0
        try database.statement("PRAGMA data_version").run([]) { now = $0.integer(0) }
        guard now != version else { return false }
        cached.removeAll()
        version = now
        return true
    }

    /// The person's key, made at the first sight of them. New ones are durable after `commit`.
    func subject(_ person: Person) throws(SQLiteError) -> Subject {
        let bytes = person.bytes
        let lookup = KeyedDigest.of(bytes, key: lookupKey)
        if let known = cached[lookup] { return known }
        let subject: Subject
        if let found = try stored(lookup) { subject = found } else { subject = try made(lookup, bytes) }
        if cached.count >= Self.cachedMax { cached.removeAll() }
        cached[lookup] = subject
        return subject
    }

    private func stored(_ lookup: Digest) throws(SQLiteError) -> Subject? {
        var found: Subject?
        try database.statement("SELECT key, handle FROM subject WHERE lookup = ?").run([.blob(lookup.bytes)]) { row in
            found = Subject(handle: Array(row.text(1).utf8), key: row.blob(0))
        }
        return found
    }

    private func made(_ lookup: Digest, _ bytes: [UInt8]) throws(SQLiteError) -> Subject {
        if !isWriting { try database.run("BEGIN IMMEDIATE") }
        isWriting = true
        let key = KeyedDigest.newKey()
        let handle = String(KeyedDigest.of(bytes, key: key).hexadecimal.prefix(32))
        try database.statement("INSERT INTO subject VALUES (?, ?, ?)").run([
            .blob(lookup.bytes), .blob(key), .text(handle),
        ])
        return Subject(handle: Array(handle.utf8), key: key)
    }

    /// Makes new keys durable, so that no entry is older than the key it needs.
    func commit() throws(SQLiteError) {
        guard isWriting else { return }
        isWriting = false
        do throws(SQLiteError) {
            try database.run("COMMIT")
        } catch {
            abandon()
            throw error
        }
    }

    /// Takes back what was not committed.
    func abandon() {
        isWriting = false
        cached.removeAll()
        // Fails only where SQLite has rolled back by itself.
        try? database.run("ROLLBACK")
    }

    // MARK: Erasing

    /// Deletes a person's key: from now on nobody can tell which entries were about them.
    /// - Returns: the handle that the entries carry; `nil` when nothing is known of this person.
    public func erase(_ name: String, tenant: String) throws(SQLiteError) -> String? {
        let lookup = KeyedDigest.of(Person.named(tenant: tenant, Array(name.utf8)[...]).bytes, key: lookupKey)
        let handle = try database.transaction { () throws(SQLiteError) -> String? in
            guard let found = try stored(lookup) else { return nil }
            let handle = String(decoding: found.handle, as: UTF8.self)
            try database.statement("DELETE FROM subject WHERE lookup = ?").run([.blob(lookup.bytes)])
            try database.statement("INSERT INTO erasure (handle, tenant) VALUES (?, ?)").run([
                .text(handle), .text(tenant),
            ])
            return handle
        }
        cached.removeAll()
        // The key's bytes are also in the write-ahead file.
        if handle != nil { try database.run("PRAGMA wal_checkpoint(TRUNCATE)") }
        return handle
    }

    static let erasuresMax = 1_000

    /// Erasures that the log does not say yet, in their order; the first `erasuresMax`.
    func erasures() throws(SQLiteError) -> [Erasure] {
        var found: [Erasure] = []
        let query = "SELECT id, handle, tenant FROM erasure ORDER BY id LIMIT ?"
        try database.statement(query).run([.integer(Int64(Self.erasuresMax))]) { row in
            found.append(Erasure(id: row.integer(0), handle: row.text(1), tenant: row.text(2)))
        }
        return found
    }

    /// They are durable in the log.
    func noteWritten(_ erasures: [Erasure]) throws(SQLiteError) {
        for erasure in erasures {
            try database.statement("DELETE FROM erasure WHERE id = ?").run([.integer(erasure.id)])
        }
    }
}
