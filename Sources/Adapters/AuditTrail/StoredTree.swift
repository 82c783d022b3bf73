// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog

/// The part of a log's tree that can still grow, with the entries of the bundle that is not full.
struct StoredTree {
    var edge = RightEdge<OpenSSLHash>()
    /// Content of the partial bundle.
    var bundle: [UInt8] = []

    var partials: [TileAddress] { TileLayout.partials(size: edge.size) }

    mutating func append(_ entry: [UInt8], _ changes: inout TreeChanges) {
        entry.withUnsafeBytes { EntryBundle.append($0, to: &bundle) }
        edge.append(OpenSSLHash.leaf(entry)) { changes.files.append(($0, HashTile.bytes($1))) }
        guard edge.size % 256 == 0 else { return }
        changes.files.append((TileAddress(.entries, index: edge.size / 256 - 1), bundle))
        bundle.removeAll(keepingCapacity: true)
    }

    func collectPartials(_ changes: inout TreeChanges) {
        for (address, hashes) in edge.partialTiles { changes.files.append((address, HashTile.bytes(hashes))) }
        if let address = partials.last, address.content == .entries { changes.files.append((address, bundle)) }
    }
}

/// Files that a larger tree has and the smaller one had not.
struct TreeChanges {
    var files: [(address: TileAddress, bytes: [UInt8])] = []

    /// - Parameter existing: partial tiles that are there already and never change.
    func perform(_ disk: some LogFiles, beside existing: [TileAddress]) throws(LogFileError) {
        var folders: Set<String> = []
        var fresh: [(path: String, bytes: [UInt8])] = []
        for (address, bytes) in files where !existing.contains(address) {
            let path = address.path
            let folder = path.parentFolder
            if folders.insert(folder).inserted { try disk.makeFolder(folder) }
            fresh.append((path, bytes))
        }
        // Under their own names: nobody looks at a tile before a checkpoint needs it, and what a crash leaves of one is
        // written again.
        try disk.writeDurably(fresh)
        // Folders may be new, so their names are synchronized too, from the deepest up.
        for folder in Self.withParents(folders).sorted(by: { $0.utf8.count > $1.utf8.count }) {
            try disk.synchronizeFolder(folder)
        }
    }

    private static func withParents(_ folders: Set<String>) -> Set<String> {
        var all = folders
        for folder in folders {
            var parent = folder
            while !parent.isEmpty {
                parent = parent.parentFolder
                guard all.insert(parent).inserted else { break }
            }
        }
        return all
    }
}
