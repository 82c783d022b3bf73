// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing

/// Trees against a plain recursion over RFC 6962's definition.
@Suite struct TreeTests {
    /// §2.1 word for word: the largest power of two below the number of leaves goes left.
    private func plainRoot(_ leaves: ArraySlice<Digest>) -> Digest {
        guard leaves.count > 1, let first = leaves.indices.first else { return leaves.first ?? PlainSHA256.emptyRoot }
        var left = 1
        while left * 2 < leaves.count { left *= 2 }
        return PlainSHA256.node(plainRoot(leaves[..<(first + left)]), plainRoot(leaves[(first + left)...]))
    }

    private static let reference: [(entry: String, root: String)] = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ]

    @Test func `the reference trees have the reference roots`() throws {
        var edge = RightEdge<PlainSHA256>()
        #expect(edge.root.hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for (entry, root) in Self.reference {
            edge.append(PlainSHA256.leaf(try #require(Hexadecimal.bytes(entry)))) { _, _ in }
            #expect(edge.root.hexadecimal == root)
        }
    }

    @Test(arguments: [1, 2, 3, 255, 256, 257, 300, 511, 512, 700])
    func `a growing tree has the root of the whole one, and full tiles hold its hashes`(size: Int) {
        let leaves = (0..<size).map { PlainSHA256.leaf([UInt8($0 & 0xFF), UInt8($0 >> 8)]) }
        var edge = RightEdge<PlainSHA256>()
        var full: [TileAddress: [Digest]] = [:]
        for leaf in leaves { edge.append(leaf) { full[$0] = $1 } }
        #expect(edge.root == plainRoot(leaves[...]))
        for (address, hashes) in full where address.content == .hashes(level: 0) {
            #expect(hashes == Array(leaves[(Int(address.index) * 256)...].prefix(256)))
        }
        #expect(full.keys.count { $0.content == .hashes(level: 0) } == size / 256)
    }

    @Test func `a stored edge goes on where it ended`() throws {
        var edge = RightEdge<PlainSHA256>()
        var tiles: [TileAddress: [Digest]] = [:]
        for n in 0..<600 { edge.append(PlainSHA256.leaf([UInt8(n & 0xFF)])) { tiles[$0] = $1 } }
        for (address, hashes) in edge.partialTiles { tiles[address] = hashes }
        var restored = try #require(RightEdge<PlainSHA256>(size: 600) { tiles[$0] })
        #expect(restored.root == edge.root)
        for n in 0..<300 {
            edge.append(PlainSHA256.leaf([UInt8(n & 0xFF)])) { _, _ in }
            restored.append(PlainSHA256.leaf([UInt8(n & 0xFF)])) { _, _ in }
        }
        #expect(restored.root == edge.root)
        #expect(RightEdge<PlainSHA256>(size: 601) { tiles[$0] } == nil, "a tile is missing")
    }

    @Test(
        arguments: [
            (0, "000"), (7, "007"), (273, "273"), (1_000, "x001/000"), (1_234_067, "x001/x234/067"),
            (UInt64.max, "x018/x446/x744/x073/x709/x551/615"),
        ] as [(UInt64, String)])
    func `an index is written in groups of three`(index: UInt64, text: String) {
        let address = TileAddress(.hashes(level: 3), index: index, width: 17)
        #expect(address.path == "tile/3/\(text).p/17")
        #expect(TileAddress(path: address.path) == address)
        #expect(TileAddress(path: "tile/entries/\(text)") == TileAddress(.entries, index: index))
    }

    @Test(arguments: [
        "tile/0/1", "tile/0/0001", "tile/00/001", "tile/64/001", "tile/0/001.p/0", "tile/0/001.p/256",
        "tile/0/x000/001",
        "tile/0/001.p/01", "tile/0/001/002", "tile/0", "tile/entries", "tile/data/001",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "checkpoint", "", "tile/0/001.p", "/tile/0/001",
    ])
    func `a path that is never written is not read`(path: String) {
        #expect(TileAddress(path: path) == nil)
    }

    @Test func `a tree of 70,000 entries has the tiles of the worked example`() {
        let partials = TileLayout.partials(size: 70_000).map(\.path)
        #expect(partials == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"])
        #expect(TileLayout.partials(size: 256).map(\.path) == ["tile/1/000.p/1"])
        #expect(TileLayout.partials(size: 65_536).map(\.path) == ["tile/2/000.p/1"])
        #expect(
            TileLayout.partials(size: 257).map(\.path) == ["tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/001.p/1"])
    }

    @Test func `a bundle is read as it was written, and nothing else is`() {
        var bundle: [UInt8] = []
        for entry in [[], [1], [UInt8](repeating: 7, count: 65_535)] as [[UInt8]] {
            entry.withUnsafeBytes { EntryBundle.append($0, to: &bundle) }
        }
        #expect(EntryBundle.ranges(bundle, count: 3) == [2..<2, 4..<5, 7..<65_542])
        for wrong in [bundle + [0], Array(bundle.dropLast()), bundle + [0, 0]] {
            #expect(EntryBundle.ranges(wrong, count: 3) == nil)
        }
        #expect(EntryBundle.ranges(bundle, count: 2) == nil)
    }
}
