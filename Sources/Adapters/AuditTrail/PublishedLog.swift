// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog

/// A log's files as its readers see them, under one checkpoint, also while a gateway writes on.
public struct PublishedLog {
    public let note: SignedNote
    public let checkpoint: Checkpoint
    private let files: DiskFiles
    /// The tiles that the next entry replaces, read at once: a while later they may be gone.
    private let held: [String: [UInt8]]

    /// There is no log, or none that can be read.
    public struct Absent: Error, Equatable, CustomStringConvertible { public var description: String }

    /// - Throws: `Absent`, or `LogFileError` when the system refuses.
    public init(folder: String) throws {
        files = DiskFiles(reading: folder)
        let path = LogVerifier<OpenSSLHash>.checkpointPath
        guard let bytes = try files.read(path) else {
            throw Absent(description: "\(folder) holds no audit log: there is no file \(path)")
        }
        guard let note = try? SignedNote(parsing: bytes), let checkpoint = Checkpoint(parsing: note.text) else {
            throw Absent(description: "\(folder)/\(path) is no checkpoint")
        }
        self.note = note
        self.checkpoint = checkpoint
        var held = [path: bytes]
        for tile in TileLayout.partials(size: checkpoint.size) { held[tile.path] = try files.read(tile.path) }
        self.held = held
    }

    /// `nil` when there is no such file.
    public func read(_ path: String) -> [UInt8]? { held[path] ?? (try? files.read(path)) ?? nil }

    public var reader: LogReader { LogReader(size: checkpoint.size) { read($0) } }

    /// Of one request, in their order.
    /// - Parameter id: 16 lower-case hexadecimal digits.
    /// - Cost: reads the log from its end back to the request.
    public func entries(ofRequest id: String) -> [(index: UInt64, bytes: [UInt8])] {
        let needle = Array("\"correlation_uid\":\"\(id)\"".utf8)
        let beginnings = ["\"attempt\":1,", "\"phase\":\"intent\""].map { Array($0.utf8) }
        let reader = reader
        var found: [(UInt64, [UInt8])] = []
        for index in (0..<checkpoint.size).reversed() {
            guard let entry = reader.entry(index), entry.contains(needle) else { continue }
            found.append((index, entry))
            // Nothing of a request comes before its first intent; a denial is alone.
            if beginnings.allSatisfy({ entry.contains($0) }) || entry.contains(Array("\"phase\":\"denial\"".utf8)) { break }
        }
        return found.reversed()
    }

    /// That the log of this checkpoint continues the one of `size` entries; `nil` when a tile is missing.
    /// - Parameter size: at most the checkpoint's.
    public func consistency(from size: UInt64) -> [Digest]? {
        size > 0 && size < checkpoint.size ? reader.consistency(from: size) : []
    }
}
