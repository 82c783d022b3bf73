// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing

@Suite struct ProofTests {
    /// A tree with its tiles, as a log keeps them.
    private struct Tree {
        var leaves: [Digest] = []
        var roots: [Digest] = [PlainSHA256.emptyRoot]
        var full: [TileAddress: [Digest]] = [:]
        var edge = RightEdge<PlainSHA256>()

        init(_ size: Int) {
            for n in 0..<size {
                leaves.append(PlainSHA256.leaf([UInt8(n & 0xFF), UInt8(n >> 8)]))
                edge.append(leaves[n]) { full[$0] = $1 }
                roots.append(edge.root)
            }
        }

        var maker: ProofMaker<PlainSHA256> {
            var tiles = full
            for (address, hashes) in edge.partialTiles { tiles[address] = hashes }
            return ProofMaker(size: edge.size) { tiles[$0] }
        }
    }

    @Test(arguments: 1...40) func `every entry of a small tree has a proof, and it proves no other place`(size: Int)
        throws
    {
        let tree = Tree(size)
        let maker = tree.maker
        #expect(try maker.root() == tree.roots[size])
        for index in 0..<UInt64(size) {
            let proof = try maker.inclusion(of: index)
            for other in 0..<UInt64(size) {
                let isValid = InclusionProof.isValid(
                    proof, leaf: tree.leaves[Int(index)], index: other, size: UInt64(size), root: tree.roots[size],
                    by: PlainSHA256.self)
                #expect(isValid == (other == index))
            }
        }
    }

    @Test(arguments: [1, 2, 3, 7, 8, 20, 33]) func `every older tree has a proof`(size: Int) throws {
        let tree = Tree(size)
        for old in 1...size {
            let proof = try tree.maker.consistency(from: UInt64(old))
            for claimed in 1...size {
                let isValid = ConsistencyProof.isValid(
                    proof, from: UInt64(claimed), to: UInt64(size), oldRoot: tree.roots[claimed],
                    root: tree.roots[size],
                    by: PlainSHA256.self)
                #expect(isValid == (claimed == old))
            }
        }
    }

    @Test func `proofs across tiles hold`() throws {
        let tree = Tree(1_000)
        for index in [0, 1, 255, 256, 511, 512, 767, 768, 999] as [UInt64] {
            let proof = try tree.maker.inclusion(of: index)
            #expect(
                InclusionProof.isValid(
                    proof, leaf: tree.leaves[Int(index)], index: index, size: 1_000, root: tree.roots[1_000],
                    by: PlainSHA256.self))
            let consistency = try tree.maker.consistency(from: index + 1)
            #expect(
                ConsistencyProof.isValid(
                    consistency, from: index + 1, to: 1_000, oldRoot: tree.roots[Int(index) + 1],
                    root: tree.roots[1_000], by: PlainSHA256.self))
        }
    }

    @Test func `a missing tile is named`() {
        let maker = ProofMaker<PlainSHA256>(size: 300) { _ in nil }
        #expect(
            throws: MissingTile(TileAddress(.hashes(level: 0), index: 1, width: 44))
        ) {
            try maker.inclusion(of: 5)
        }
    }
}
