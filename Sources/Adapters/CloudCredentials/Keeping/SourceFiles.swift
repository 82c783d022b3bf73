// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// The files that one fetch has read, and whether they have changed since: tokens that a platform renews, profiles and
/// key files that people replace.
final class SourceFiles {
    /// What changes with a file's content; a replaced symbolic link, which is how mounted volumes are updated, changes
    /// the inode behind the path.
    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int64
        var modifiedSeconds: Int
        var modifiedNanoseconds: Int

        /// `nil` for a file that is not there.
        init?(of path: String) {
            var status = Glibc.stat()
            guard stat(path, &status) == 0 else { return nil }
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            modifiedSeconds = status.st_mtim.tv_sec
            modifiedNanoseconds = status.st_mtim.tv_nsec
        }
    }

    private var stamps: [String: Stamp?] = [:]

    /// Reads a file and remembers it, also one that cannot be read. The stamp is older than the content, so that no
    /// change is missed.
    func read(_ path: String) throws(Surroundings.FileFault) -> [UInt8] {
        stamps[path] = .some(Stamp(of: path))
        return try Surroundings.FileFault.readFile(path)
    }

    var isEmpty: Bool { stamps.isEmpty }

    /// Looks at all of them; blocks for as long as `stat` does.
    var hasChanged: Bool { stamps.contains { path, stamp in Stamp(of: path) != stamp } }
}
