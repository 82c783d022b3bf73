// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A tile is not there, or not what it should be.
public struct MissingTile: Error, Hashable, Sendable {
    public let address: TileAddress
    public init(_ address: TileAddress) { self.address = address }
}

/// Makes proofs for a tree out of its tiles.
///
/// - Cost: O(log² size) hashes, at most a dozen tiles; the caller may remember those it has read.
public struct ProofMaker<Hash: TreeHash> {
    public let size: UInt64
    private let tile: (TileAddress) -> [Digest]?

    /// - Parameter tile: content of a tile; `nil` when it cannot be read whole.
    public init(size: UInt64, tile: @escaping (TileAddress) -> [Digest]?) {
        self.size = size
        self.tile = tile
    }

    public func root() throws(MissingTile) -> Digest { size == 0 ? Hash.emptyRoot : try hash(0..<size) }

    /// - Parameter index: below `size`.
    public func inclusion(of index: UInt64) throws(MissingTile) -> [Digest] {
        precondition(index < size, "entry \(index) of \(size)")
        var proof: [Digest] = []
        var range = 0..<size
        while range.count > 1 {
            let middle = Self.split(range)
            if index < middle {
                proof.append(try hash(middle..<range.upperBound))
                range = range.lowerBound..<middle
            } else {
                proof.append(try hash(range.lowerBound..<middle))
                range = middle..<range.upperBound
            }
        }
        return proof.reversed()
    }

    /// - Parameter oldSize: 1 to `size`.
    public func consistency(from oldSize: UInt64) throws(MissingTile) -> [Digest] {
        precondition((1...size).contains(oldSize), "from \(oldSize) to \(size)")
        var proof: [Digest] = []
        var range = 0..<size
        // RFC 6962 §2.1.2: the old root itself is known to whoever asks, a part of it is not.
        var isOldTree = true
        while oldSize != range.upperBound {
            let middle = Self.split(range)
            if oldSize <= middle {
                proof.append(try hash(middle..<range.upperBound))
                range = range.lowerBound..<middle
            } else {
                proof.append(try hash(range.lowerBound..<middle))
                range = middle..<range.upperBound
                isOldTree = false
            }
        }
        if !isOldTree { proof.append(try hash(range)) }
        return proof.reversed()
    }

    /// Where a subtree of more than one leaf is divided.
    private static func split(_ range: Range<UInt64>) -> UInt64 {
        let last = range.upperBound - range.lowerBound - 1
        return range.lowerBound + 1 << UInt64(63 - last.leadingZeroBitCount)
    }

    private func hash(_ range: Range<UInt64>) throws(MissingTile) -> Digest {
        let length = range.upperBound - range.lowerBound
        if length & (length - 1) == 0 {
            return try full(level: length.trailingZeroBitCount, at: range.lowerBound)
        }
        let middle = Self.split(range)
        return Hash.node(try hash(range.lowerBound..<middle), try hash(middle..<range.upperBound))
    }

    /// Root of 2^level leaves from one tile: tiles are eight levels high.
    private func full(level: Int, at start: UInt64) throws(MissingTile) -> Digest {
        let tileLevel = UInt8(min(level / 8, Int(TileAddress.levelMax)))
        let count = 1 << UInt64(level - 8 * Int(tileLevel))
        let position = start >> (8 * UInt64(tileLevel))
        guard let address = TileLayout.tile(level: tileLevel, position: position, size: size) else {
            preconditionFailure("a subtree of the tree is in its tiles")
        }
        let offset = Int(position % 256)
        guard let hashes = tile(address), hashes.count >= offset + count else { throw MissingTile(address) }
        return Hash.root(of: hashes[offset..<(offset + count)])
    }
}
