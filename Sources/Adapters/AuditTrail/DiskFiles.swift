// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

/// A folder of the operating system.
/// - Threading: confined to its owner.
public final class DiskFiles: LogFiles {
    private let root: String
    private var lock: Int32 = -1
    /// The file that grows stays open.
    private var growing: (path: String, descriptor: Int32)?

    /// For reading only.
    public init(reading root: String) { self.root = root }

    /// Makes the folder where it is missing and keeps every other writer out of it as long as this object lives.
    public init(writing root: String) throws(LogFileError) {
        self.root = root
        try makeFolder("")
        lock = open(full("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard lock >= 0 else { throw fault("open", "lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw LogFileError(doing: "lock", path: root, reason: "another process writes this log")
        }
    }

    deinit { release() }

    /// Lets another writer in.
    func release() {
        if let growing { close(growing.descriptor) }
        growing = nil
        if lock >= 0 { close(lock) }
        lock = -1
    }

    private func full(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    private func fault(_ doing: String, _ path: String) -> LogFileError {
        LogFileError(doing: doing, path: full(path), reason: String(cString: strerror(errno)))
    }

    public func read(_ path: String) throws(LogFileError) -> [UInt8]? {
        let descriptor = open(full(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            // A name inside what is a file is as absent as any other.
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw fault("open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let n = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if n < 0, errno == EINTR { continue }
            guard n >= 0 else { throw fault("read", path) }
            if n == 0 { break }
            count += n
        }
        return Array(bytes.prefix(count))
    }

    public func names(in folder: String) throws(LogFileError) -> [String] {
        guard let stream = opendir(full(folder)) else {
            if errno == ENOENT { return [] }
            throw fault("opendir", folder)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    public func write(_ bytes: [UInt8], to path: String) throws(LogFileError) {
        let descriptor = open(full(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw fault("open", path) }
        defer { close(descriptor) }
        try write(bytes, descriptor, path)
    }

    /// - Cost: the system begins to write all of them before any is waited for, so that their names and sizes come to the
    ///   disk together and not one after the other.
    public func writeDurably(_ files: [(path: String, bytes: [UInt8])]) throws(LogFileError) {
        for start in stride(from: 0, to: files.count, by: Self.openMax) {
            try writeGroup(files[start..<min(start + Self.openMax, files.count)])
        }
    }

    private static let openMax = 256

    private func writeGroup(_ group: ArraySlice<(path: String, bytes: [UInt8])>) throws(LogFileError) {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for (path, bytes) in group {
            let descriptor = open(full(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else { throw fault("open", path) }
            descriptors.append(descriptor)
            try write(bytes, descriptor, path)
            isobar_begin_writeback(descriptor)
        }
        for (descriptor, file) in zip(descriptors, group) where fdatasync(descriptor) != 0 {
            throw fault("fdatasync", file.path)
        }
    }

    public func append(_ bytes: [UInt8], to path: String) throws(LogFileError) {
        try write(bytes, try descriptor(of: path), path)
    }

    private func descriptor(of path: String) throws(LogFileError) -> Int32 {
        if let growing, growing.path == path { return growing.descriptor }
        if let growing { close(growing.descriptor) }
        growing = nil
        let descriptor = open(full(path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw fault("open", path) }
        growing = (path, descriptor)
        return descriptor
    }

    private func write(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(LogFileError) {
        var count = 0
        while count < bytes.count {
            let n = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if n < 0, errno == EINTR { continue }
            guard n > 0 else { throw fault("write", path) }
            count += n
        }
    }

    public func truncate(_ path: String, to count: Int) throws(LogFileError) {
        guard ftruncate(try descriptor(of: path), off_t(count)) == 0 else { throw fault("truncate", path) }
    }

    public func synchronize(_ path: String) throws(LogFileError) {
        if let growing, growing.path == path {
            guard fdatasync(growing.descriptor) == 0 else { throw fault("fdatasync", path) }
            return
        }
        try synchronize(path, flags: O_WRONLY | O_CLOEXEC)
    }

    public func synchronizeFolder(_ folder: String) throws(LogFileError) {
        try synchronize(folder, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    private func synchronize(_ path: String, flags: Int32) throws(LogFileError) {
        let descriptor = open(full(path), flags)
        guard descriptor >= 0 else { throw fault("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault("fsync", path) }
    }

    public func rename(_ path: String, to target: String) throws(LogFileError) {
        guard Glibc.rename(full(path), full(target)) == 0 else { throw fault("rename", path) }
    }

    public func makeFolder(_ folder: String) throws(LogFileError) {
        if mkdir(full(folder), 0o750) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, !folder.isEmpty else { throw fault("mkdir", folder) }
        try makeFolder(folder.parentFolder)
        guard mkdir(full(folder), 0o750) == 0 || errno == EEXIST else { throw fault("mkdir", folder) }
    }

    public func remove(_ path: String) throws(LogFileError) {
        if let growing, growing.path == path {
            close(growing.descriptor)
            self.growing = nil
        }
        guard unlink(full(path)) == 0 || errno == ENOENT else { throw fault("unlink", path) }
    }

    public func removeIfEmpty(_ folder: String) throws(LogFileError) {
        guard rmdir(full(folder)) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST else {
            throw fault("rmdir", folder)
        }
    }
}
