// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The database could not do what it was asked; nothing of it has happened.
public struct SQLiteError: Error, Equatable, CustomStringConvertible, Sendable {
    public var path: String
    /// The step that failed, e.g. `open`, `COMMIT`.
    public var doing: String
    /// In SQLite's words.
    public var reason: String

    public var description: String {
        "database \(path): \(doing) failed: \(reason) (is the directory writable, the disk full, the file a database?)"
    }
}
