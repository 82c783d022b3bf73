// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The hash function under a tree; the tree's own logic is the same for all.
///
/// Core has none: production uses the processor's instructions through an adapter, Core's tests a plain one.
/// - Conformers: types without values, so that a generic call needs no state.
public protocol TreeHash: SendableMetatype {
    /// SHA-256 of the bytes.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest
}

extension TreeHash {
    /// Hash of an entry (RFC 6962 §2.1): the first byte keeps entries and nodes apart.
    public static func leaf(_ entry: UnsafeRawBufferPointer) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: entry.count + 1, alignment: 16) { memory in
            memory[0] = 0
            UnsafeMutableRawBufferPointer(rebasing: memory[1...]).copyMemory(from: entry)
            return hash(UnsafeRawBufferPointer(memory))
        }
    }

    public static func leaf(_ entry: [UInt8]) -> Digest { entry.withUnsafeBytes { leaf($0) } }

    /// Hash of an inner node.
    public static func node(_ left: Digest, _ right: Digest) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * Digest.byteCount, alignment: 16) { memory in
            memory[0] = 1
            left.withBytes { UnsafeMutableRawBufferPointer(rebasing: memory[1..<33]).copyMemory(from: $0) }
            right.withBytes { UnsafeMutableRawBufferPointer(rebasing: memory[33...]).copyMemory(from: $0) }
            return hash(UnsafeRawBufferPointer(memory))
        }
    }

    public static func hash(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { hash($0) } }

    /// Root of the tree without entries.
    public static var emptyRoot: Digest { hash(UnsafeRawBufferPointer(start: nil, count: 0)) }

    /// Root of subtrees side by side, each as large as a power of two allows but the last, which may be smaller.
    ///
    /// Pairing neighbours level by level and passing an odd one up gives the splits of RFC 6962 §2.1.
    /// - Parameter hashes: at least one.
    /// - Cost: one hash fewer than there are subtrees.
    public static func root(of hashes: some RandomAccessCollection<Digest>) -> Digest {
        precondition(!hashes.isEmpty, "a root is of something")
        var row = Array(hashes)
        while row.count > 1 {
            let pairs = row.count / 2
            for pair in 0..<pairs { row[pair] = node(row[2 * pair], row[2 * pair + 1]) }
            if row.count % 2 == 1 { row[pairs] = row[row.count - 1] }
            row.removeLast(row.count - pairs - row.count % 2)
        }
        return row[0]
    }
}
