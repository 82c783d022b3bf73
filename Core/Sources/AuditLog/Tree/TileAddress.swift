// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Which file of a log holds what (C2SP tlog-tiles, read 2026-11): up to 256 hashes of one level, or up to 256 entries.
///
/// Hash i of tile (level, index) is the root of the leaves `[(index·256+i)·256^level, (index·256+i+1)·256^level)`. Files
/// never change; a partial one is followed by a wider one.
public struct TileAddress: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        case hashes(level: UInt8)
        case entries
    }

    public static let widthMax = 256
    public static let levelMax: UInt8 = 7

    public var content: Content
    public var index: UInt64
    /// 1 to 256; less than 256 is a partial tile.
    public var width: Int

    public init(_ content: Content, index: UInt64, width: Int = widthMax) {
        precondition((1...Self.widthMax).contains(width), "a tile has 1 to 256 elements, not \(width)")
        self.content = content
        self.index = index
        self.width = width
    }

    public var isPartial: Bool { width < Self.widthMax }

    /// Below the log's prefix, without a leading slash.
    public var path: String { isPartial ? "\(fullPath).p/\(width)" : fullPath }

    /// The path of the tile that this one grows into.
    public var fullPath: String {
        let kind =
            switch content {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        return "tile/\(kind)/\(Self.indexText(index))"
    }

    /// Groups of three digits, all but the last marked with an `x`.
    private static func indexText(_ index: UInt64) -> String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1_000)
            groups.append(String(repeating: "0", count: 3 - digits.count) + digits)
            rest /= 1_000
        } while rest > 0
        return groups.indices.reversed().map { $0 == 0 ? groups[0] : "x\(groups[$0])" }.joined(separator: "/")
    }

    /// `nil` for every text that `path` never gives.
    public init?(path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "tile", let kind = parts.popFirst(), !parts.isEmpty else { return nil }
        var width = Self.widthMax
        if parts.count >= 2, parts[parts.endIndex - 2].hasSuffix(".p") {
            guard let last = parts.popLast(), let stated = Int(last), (1..<Self.widthMax).contains(stated) else {
                return nil
            }
            width = stated
            parts[parts.endIndex - 1].removeLast(2)
        }
        guard let content = Self.content(kind), let index = Self.index(parts) else { return nil }
        self.init(content, index: index, width: width)
        guard self.path == path else { return nil }
    }

    private static func content(_ text: Substring) -> Content? {
        if text == "entries" { return .entries }
        guard let level = UInt8(text), level < 64 else { return nil }
        return .hashes(level: level)
    }

    private static func index(_ groups: ArraySlice<Substring>) -> UInt64? {
        var index: UInt64 = 0
        for group in groups {
            guard let value = UInt64(group.hasPrefix("x") ? group.dropFirst() : group), value < 1_000 else {
                return nil
            }
            let (product, isTooLarge) = index.multipliedReportingOverflow(by: 1_000)
            let (sum, isTooLargeToo) = product.addingReportingOverflow(value)
            guard !isTooLarge, !isTooLargeToo else { return nil }
            index = sum
        }
        return index
    }
}

/// Which tiles a tree of a given size has.
public enum TileLayout {
    /// Hashes at one level: roots of full subtrees of 256^level leaves.
    public static func count(level: UInt8, size: UInt64) -> UInt64 {
        level > TileAddress.levelMax ? 0 : size >> (8 * UInt64(level))
    }

    /// The tile with one hash of a level, as wide as a tree of this size makes it; `nil` when it has no such hash.
    public static func tile(level: UInt8, position: UInt64, size: UInt64) -> TileAddress? {
        let count = count(level: level, size: size)
        guard position < count else { return nil }
        return address(.hashes(level: level), index: position / 256, count: count)
    }

    /// The bundle with one entry; `nil` when the tree has no such entry.
    public static func bundle(of entry: UInt64, size: UInt64) -> TileAddress? {
        entry < size ? address(.entries, index: entry / 256, count: size) : nil
    }

    private static func address(_ content: TileAddress.Content, index: UInt64, count: UInt64) -> TileAddress {
        TileAddress(content, index: index, width: Int(min(256, count - index * 256)))
    }

    /// The rightmost tile of each level where it is partial, and the partial bundle: what changes with the next entry.
    public static func partials(size: UInt64) -> [TileAddress] {
        var tiles: [TileAddress] = []
        for level in 0...TileAddress.levelMax {
            let count = count(level: level, size: size)
            guard count > 0 else { break }
            guard count % 256 != 0 else { continue }
            tiles.append(TileAddress(.hashes(level: level), index: count / 256, width: Int(count % 256)))
        }
        if size % 256 != 0 { tiles.append(TileAddress(.entries, index: size / 256, width: Int(size % 256))) }
        return tiles
    }
}
