// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog

/// What a log's folder holds at the start, checked against the promise that was stored last.
struct StoredLog<Files: LogFiles> {
    static var statePath: String { "state" }

    let files: Files
    /// `nil` for a log that never was.
    let state: TreeState?

    init(_ files: Files) throws(LogFileError) {
        self.files = files
        guard let bytes = try files.read(Self.statePath) else {
            // The state is older than every checkpoint, so one without the other was taken away.
            guard try files.read(LogVerifier<OpenSSLHash>.checkpointPath) == nil else {
                throw Self.corrupt(Self.statePath, "it is missing beside a checkpoint")
            }
            state = nil
            return
        }
        guard let state = TreeState(parsing: bytes) else { throw Self.corrupt(Self.statePath, "it is damaged") }
        self.state = state
    }

    private static func corrupt(_ path: String, _ reason: String) -> LogFileError {
        LogFileError(doing: "recover", path: path, reason: reason)
    }

    func tree() throws(LogFileError) -> StoredTree {
        guard let state else { return StoredTree() }
        let found = RightEdge<OpenSSLHash>(size: state.size) { address in
            (try? files.read(address.path)).flatMap { $0.flatMap { HashTile.hashes($0, width: address.width) } }
        }
        guard let edge = found, edge.root == state.root else {
            throw Self.corrupt("tile", "the tiles do not give the root of \(state.size) entries that was promised")
        }
        var tree = StoredTree()
        tree.edge = edge
        guard let address = tree.partials.last, address.content == .entries else { return tree }
        guard let bytes = try files.read(address.path), let ranges = EntryBundle.ranges(bytes, count: address.width),
            let hashes = try files.read(hashTile(beside: address).path),
            ranges.map({ OpenSSLHash.leaf(Array(bytes[$0])) }) == HashTile.hashes(hashes, width: address.width)
        else { throw Self.corrupt(address.path, "it is missing or not what its tile has the hashes of") }
        tree.bundle = bytes
        return tree
    }

    private func hashTile(beside bundle: TileAddress) -> TileAddress {
        TileAddress(.hashes(level: 0), index: bundle.index, width: bundle.width)
    }

    func segments() throws(LogFileError) -> [WriteAheadSegment] {
        try files.names(in: "").compactMap { WriteAheadSegment(name: $0) }.sorted()
    }

    func entries(beyond size: UInt64, in segments: [WriteAheadSegment]) throws(LogFileError) -> [[UInt8]] {
        var contents: [[UInt8]] = []
        for segment in segments { contents.append(try files.read(segment.name) ?? []) }
        do throws(Recovery.Fault) {
            return try Recovery.entries(beyond: size, in: contents)
        } catch {
            switch error {
            case .entryMissing(let index):
                throw Self.corrupt("wal", "entry \(index), which was promised, is in no file")
            }
        }
    }
}
