// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a log needs of a file system: steps so small that a test can stop the world between any two.
///
/// Paths are relative to the log's folder, with `/`. Nothing is durable before it was synchronized: a file's content by
/// `synchronize`, its name by `synchronizeFolder`.
public protocol LogFiles {
    /// `nil` when there is no such file.
    func read(_ path: String) throws(LogFileError) -> [UInt8]?
    /// Of files and folders; empty when there is no such folder.
    func names(in folder: String) throws(LogFileError) -> [String]
    /// Makes the file, or what it held before gives way.
    func write(_ bytes: [UInt8], to path: String) throws(LogFileError)
    /// Many files at once, durable when it returns; their names are so after `synchronizeFolder`.
    func writeDurably(_ files: [(path: String, bytes: [UInt8])]) throws(LogFileError)
    func append(_ bytes: [UInt8], to path: String) throws(LogFileError)
    func truncate(_ path: String, to count: Int) throws(LogFileError)
    func synchronize(_ path: String) throws(LogFileError)
    func rename(_ path: String, to target: String) throws(LogFileError)
    /// With the folders above it.
    func makeFolder(_ folder: String) throws(LogFileError)
    func synchronizeFolder(_ folder: String) throws(LogFileError)
    func remove(_ path: String) throws(LogFileError)
    /// A folder; nothing happens to one with something in it.
    func removeIfEmpty(_ folder: String) throws(LogFileError)
}

/// The file system refused.
public struct LogFileError: Error, Equatable, CustomStringConvertible, Sendable {
    public var doing: String
    public var path: String
    public var reason: String

    public init(doing: String, path: String, reason: String) {
        self.doing = doing
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(doing) \(path): \(reason)" }
}

extension LogFiles {
    /// A file that holds the old bytes or the new ones, whatever happens; durable when it returns.
    func replace(_ bytes: [UInt8], at path: String) throws(LogFileError) {
        let passing = path + ".new"
        try write(bytes, to: passing)
        try synchronize(passing)
        try rename(passing, to: path)
        try synchronizeFolder(path.parentFolder)
    }
}

extension String {
    /// Of a path inside a log; empty for what lies in the log's folder itself.
    var parentFolder: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "" }
}
