// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditTrail

/// A disk that forgets what was not synchronized, can stop at any step, and can be full.
///
/// A file's bytes survive from its last synchronization on, a name from its folder's. Of everything later a crash keeps
/// what the draw says: all, nothing, or of appended bytes a part.
final class FakeFiles: LogFiles {
    final class Content {
        var bytes: [UInt8] = []
        var durable: [UInt8] = []
    }

    var names: [String: Content] = [:]
    private var durableNames: [String: Content] = [:]
    /// Changes that were asked for.
    private(set) var steps = 0
    /// The step in which the machine stops; what it writes is torn.
    var stopsAt = Int.max
    /// Of that step's bytes, how many still come to the file.
    var tornBytes = 0
    var bytesFree = Int.max
    private(set) var pathsRead: Set<String> = []

    private func step(_ doing: String, _ path: String) throws(LogFileError) {
        steps += 1
        if steps >= stopsAt { throw LogFileError(doing: doing, path: path, reason: "the machine stopped") }
    }

    func read(_ path: String) throws(LogFileError) -> [UInt8]? {
        pathsRead.insert(path)
        return names[path]?.bytes
    }

    func names(in folder: String) throws(LogFileError) -> [String] {
        names.keys.filter { Self.folder(of: $0) == folder }.map { String($0.split(separator: "/").last ?? "") }
    }

    func write(_ bytes: [UInt8], to path: String) throws(LogFileError) {
        if steps + 1 < stopsAt { names[path] = Content() }
        try append(bytes, to: path)
    }

    /// As a disk may do it: written in this order, durable in any.
    func writeDurably(_ files: [(path: String, bytes: [UInt8])]) throws(LogFileError) {
        for (path, bytes) in files { try write(bytes, to: path) }
        for (path, _) in files.reversed() { try synchronize(path) }
    }

    func append(_ bytes: [UInt8], to path: String) throws(LogFileError) {
        let content = names[path] ?? Content()
        if steps + 1 == stopsAt {
            names[path] = content
            content.bytes += bytes.prefix(tornBytes)
        }
        try step("write", path)
        names[path] = content
        content.bytes += bytes.prefix(bytesFree)
        guard bytes.count <= bytesFree else {
            bytesFree = 0
            throw LogFileError(doing: "write", path: path, reason: "No space left on device")
        }
        if bytesFree != .max { bytesFree -= bytes.count }
    }

    func truncate(_ path: String, to count: Int) throws(LogFileError) {
        try step("truncate", path)
        names[path]?.bytes.removeLast(max(0, (names[path]?.bytes.count ?? 0) - count))
    }

    func synchronize(_ path: String) throws(LogFileError) {
        try step("fdatasync", path)
        if let content = names[path] { content.durable = content.bytes }
    }

    func rename(_ path: String, to target: String) throws(LogFileError) {
        try step("rename", path)
        names[target] = names.removeValue(forKey: path)
    }

    func makeFolder(_ folder: String) throws(LogFileError) {}

    func synchronizeFolder(_ folder: String) throws(LogFileError) {
        try step("fsync", folder)
        for path in Set(names.keys).union(durableNames.keys) where Self.folder(of: path) == folder {
            durableNames[path] = names[path]
        }
    }

    func remove(_ path: String) throws(LogFileError) {
        try step("unlink", path)
        names[path] = nil
    }

    func removeIfEmpty(_ folder: String) throws(LogFileError) { try step("rmdir", folder) }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    /// What the machine finds when it starts again.
    func afterCrash(_ draw: inout some RandomNumberGenerator) -> FakeFiles {
        let found = FakeFiles()
        for path in Set(names.keys).union(durableNames.keys).sorted() {
            guard let content = Bool.random(using: &draw) ? names[path] : durableNames[path] else { continue }
            let kept = Content()
            let longer = content.bytes.count - content.durable.count
            if longer > 0, content.bytes.starts(with: content.durable) {
                kept.bytes = Array(content.bytes.dropLast(Int.random(in: 0...longer, using: &draw)))
            } else {
                kept.bytes = Bool.random(using: &draw) ? content.bytes : content.durable
            }
            kept.durable = kept.bytes
            found.names[path] = kept
            found.durableNames[path] = kept
        }
        return found
    }
}
