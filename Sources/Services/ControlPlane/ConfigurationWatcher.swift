// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Tells cheaply, by `stat`, whether a reload is worth trying; the caller owns the timer.
///
/// It may cry wolf (a file touched but not changed: `ConfigurationLoader` then says `.unchanged`) but misses nothing
/// that changes a file's size, modification time in nanoseconds, inode or presence. A replaced symbolic link, which is
/// how mounted volumes are updated, changes the inode behind the path.
public struct ConfigurationWatcher: Sendable {
    private struct Stamp: Hashable {
        var inode: UInt64
        var size: Int64
        var modifiedSeconds: Int
        var modifiedNanoseconds: Int
    }

    private let paths: [String]
    /// `nil` stands for a file that is not there.
    private var stamps: [String: Stamp?] = [:]

    /// - Parameter paths: as given to the loader. A directory is watched for files that come and go and for each file
    ///   in it.
    public init(paths: [String]) { self.paths = paths }

    /// Looks at all files; blocks for as long as `stat` does.
    /// - Parameter watchedFiles: `Loaded.watchedFiles` of the configuration in force.
    /// - Returns: `true` when something is different from the previous call, and at the first.
    public mutating func poll(watchedFiles: [String] = []) -> Bool {
        var current: [String: Stamp?] = [:]
        for path in paths.flatMap(Self.withEntries) + watchedFiles { current[path] = .some(Self.stamp(of: path)) }
        defer { stamps = current }
        return current != stamps
    }

    private static func withEntries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [path] }
        defer { closedir(directory) }
        var entries = [path]
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".yaml") || name.hasSuffix(".yml") { entries.append("\(path)/\(name)") }
        }
        return entries
    }

    private static func stamp(of path: String) -> Stamp? {
        var status = Glibc.stat()
        guard stat(path, &status) == 0 else { return nil }
        return Stamp(
            inode: UInt64(status.st_ino), size: Int64(status.st_size), modifiedSeconds: status.st_mtim.tv_sec,
            modifiedNanoseconds: status.st_mtim.tv_nsec)
    }
}
