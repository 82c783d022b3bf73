// SPDX-License-Identifier: Apache-2.0
// Isobar

/// That an entry is in a tree: the siblings on its way to the root, the leaf's own first.
public enum InclusionProof {
    /// RFC 9162 §2.1.3.2.
    /// - Parameters:
    ///   - index: position of the leaf.
    ///   - size: of the tree with this root.
    public static func isValid<Hash: TreeHash>(
        _ proof: [Digest], leaf: Digest, index: UInt64, size: UInt64, root: Digest, by hash: Hash.Type
    ) -> Bool {
        guard index < size else { return false }
        var (position, last) = (index, size - 1)
        var found = leaf
        for sibling in proof {
            guard last != 0 else { return false }
            if position & 1 == 1 || position == last {
                found = Hash.node(sibling, found)
                // A subtree that is alone on its level moves up without a sibling.
                while position & 1 == 0, position != 0 { shift(&position, &last) }
            } else {
                found = Hash.node(found, sibling)
            }
            shift(&position, &last)
        }
        return last == 0 && found == root
    }

    /// The same for a subtree `[start, end)` of a larger tree; `index` counts from the beginning of the larger one.
    public static func isValid<Hash: TreeHash>(
        _ proof: [Digest], leaf: Digest, index: UInt64, subtree: Range<UInt64>, root: Digest, by hash: Hash.Type
    ) -> Bool {
        guard Subtree.isWhole(subtree), subtree.contains(index) else { return false }
        return isValid(
            proof, leaf: leaf, index: index - subtree.lowerBound, size: subtree.upperBound - subtree.lowerBound,
            root: root, by: hash)
    }

    private static func shift(_ a: inout UInt64, _ b: inout UInt64) {
        a >>= 1
        b >>= 1
    }
}

/// A stretch of leaves that is a node of every large enough tree, or its right end.
public enum Subtree {
    /// Whether `[start, end)` begins at a multiple of its length rounded up to a power of two.
    public static func isWhole(_ leaves: Range<UInt64>) -> Bool {
        guard !leaves.isEmpty else { return false }
        let length = leaves.upperBound - leaves.lowerBound
        let bits = UInt64(64 - (length - 1).leadingZeroBitCount)
        return bits == 64 ? leaves.lowerBound == 0 : leaves.lowerBound & ((1 << bits) - 1) == 0
    }
}
