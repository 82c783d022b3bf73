// SPDX-License-Identifier: Apache-2.0
// Isobar

/// That a tree is an older one, or a stretch of leaves, with entries added: nothing was changed or taken out.
public enum ConsistencyProof {
    /// RFC 9162 §2.1.4.2. An old size of 0 is refused: the empty tree proves nothing, so who asks is mistaken.
    public static func isValid<Hash: TreeHash>(
        _ proof: [Digest], from oldSize: UInt64, to size: UInt64, oldRoot: Digest, root: Digest, by hash: Hash.Type
    ) -> Bool {
        guard oldSize > 0 else { return false }
        return isValid(proof, subtree: 0..<oldSize, in: size, subtreeRoot: oldRoot, root: root, by: hash)
    }

    /// The same for any whole subtree; the old tree is the one that begins at 0
    /// (draft-ietf-plants-merkle-tree-certs §4.4).
    public static func isValid<Hash: TreeHash>(
        _ proof: [Digest], subtree: Range<UInt64>, in size: UInt64, subtreeRoot: Digest, root: Digest,
        by hash: Hash.Type
    ) -> Bool {
        guard subtree.upperBound <= size else { return false }
        // Nothing is part of everything, and says so without a proof.
        if subtree.isEmpty { return proof.isEmpty && subtreeRoot == Hash.emptyRoot }
        guard Subtree.isWhole(subtree) else { return false }
        var walk = Walk(first: subtree.lowerBound, last: subtree.upperBound - 1, end: size - 1)
        var rest = proof[...]
        // 1. Up to the first node that both trees have: the subtree itself, or a part of it that the proof names.
        walk.skipToCommonNode()
        guard let common = walk.isSubtree ? subtreeRoot : rest.popFirst() else { return false }
        // 2. From there to both roots at once.
        var (found, whole) = (common, common)
        for sibling in rest {
            guard walk.end != 0 else { return false }
            if walk.isRight {
                if walk.first < walk.last { found = Hash.node(sibling, found) }
                whole = Hash.node(sibling, whole)
                walk.skipLoneLevels()
            } else {
                whole = Hash.node(whole, sibling)
            }
            walk.shift()
        }
        return walk.end == 0 && found == subtreeRoot && whole == root
    }

    /// Positions on one level: of the subtree's first and last node and of the tree's last one.
    private struct Walk {
        var first: UInt64
        var last: UInt64
        var end: UInt64

        var isSubtree: Bool { first == last }
        /// The node has its sibling on the left, also across levels on which it is alone.
        var isRight: Bool { last & 1 == 1 || last == end }

        mutating func shift() {
            first >>= 1
            last >>= 1
            end >>= 1
        }

        mutating func skipToCommonNode() {
            if last == end {
                while first != last { shift() }
            } else {
                while first != last, last & 1 == 1 { shift() }
            }
        }

        mutating func skipLoneLevels() {
            while last & 1 == 0, last != 0 { shift() }
        }
    }
}
