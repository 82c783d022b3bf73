// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The store could not do what it was asked; nothing of it has happened.
public struct BudgetStoreError: Error, Equatable, CustomStringConvertible {
    public var path: String
    /// The step that failed, e.g. `open`, `COMMIT`.
    public var doing: String
    /// In SQLite's words.
    public var reason: String

    public var description: String {
        "budget store \(path): \(doing) failed: \(reason) (is the directory writable, the disk full, the file a database?)"
    }
}
