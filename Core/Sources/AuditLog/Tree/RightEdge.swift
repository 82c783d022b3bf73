// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A growing tree as far as it can still change: at each level the hashes of the tile that is not full yet.
///
/// - Cost: an append is one hash on average; the root about 128 per level. Memory: at most 255 hashes per level.
public struct RightEdge<Hash: TreeHash>: Sendable {
    public private(set) var size: UInt64 = 0
    /// By level; each holds fewer than 256 hashes.
    private var levels: [[Digest]] = [[]]

    /// The tree without entries.
    public init() {}

    /// A tree that was stored: `hashes` gives the content of each partial tile.
    /// - Returns: `nil` when a tile is missing or has the wrong number of hashes. Whether they are right shows in `root`.
    public init?(size: UInt64, hashes: (TileAddress) -> [Digest]?) {
        self.size = size
        for level in 0...TileAddress.levelMax {
            let count = TileLayout.count(level: level, size: size)
            guard count > 0 else { break }
            while levels.count <= Int(level) { levels.append([]) }
            guard count % 256 != 0 else { continue }
            let tile = TileAddress(.hashes(level: level), index: count / 256, width: Int(count % 256))
            guard let found = hashes(tile), found.count == tile.width else { return nil }
            levels[Int(level)] = found
        }
    }

    /// Adds one entry by its leaf hash.
    /// - Parameter completed: called for each hash tile that this entry fills.
    public mutating func append(_ leaf: Digest, completed: (TileAddress, [Digest]) -> Void) {
        size += 1
        levels[0].append(leaf)
        var level = 0
        while levels[level].count == TileAddress.widthMax {
            let index = (size >> (8 * UInt64(level + 1))) - 1
            completed(TileAddress(.hashes(level: UInt8(level)), index: index), levels[level])
            let root = Hash.root(of: levels[level])
            levels[level].removeAll(keepingCapacity: true)
            level += 1
            if levels.count == level { levels.append([]) }
            levels[level].append(root)
        }
    }

    /// The tiles that are not full, with their hashes.
    public var partialTiles: [(address: TileAddress, hashes: [Digest])] {
        levels.enumerated().compactMap { level, hashes in
            guard !hashes.isEmpty else { return nil }
            let index = TileLayout.count(level: UInt8(level), size: size) / 256
            return (TileAddress(.hashes(level: UInt8(level)), index: index, width: hashes.count), hashes)
        }
    }

    /// Root of the whole tree: what is not full at one level is the last, smaller subtree of the level above.
    public var root: Digest {
        var rest: Digest?
        for hashes in levels {
            let row = hashes + (rest.map { [$0] } ?? [])
            if !row.isEmpty { rest = Hash.root(of: row) }
        }
        return rest ?? Hash.emptyRoot
    }
}
