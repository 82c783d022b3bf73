// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog

/// Entries and proofs out of a log's files.
/// - Cost: remembers the bundle that was read last, so a walk in order reads each once. Not thread-safe.
public final class LogReader {
    public let size: UInt64
    private let read: (String) -> [UInt8]?
    private var bundle: (index: UInt64, bytes: [UInt8], ranges: [Range<Int>])?

    /// - Parameter read: content of a file below the log's folder; `nil` when there is none.
    public init(size: UInt64, read: @escaping (String) -> [UInt8]?) {
        self.size = size
        self.read = read
    }

    /// `nil` when its bundle is missing or malformed, or the log is shorter.
    public func entry(_ index: UInt64) -> [UInt8]? {
        if bundle?.index != index / 256 { load(index) }
        guard let bundle, bundle.index == index / 256, Int(index % 256) < bundle.ranges.count else { return nil }
        return Array(bundle.bytes[bundle.ranges[Int(index % 256)]])
    }

    private func load(_ index: UInt64) {
        bundle = nil
        guard let address = TileLayout.bundle(of: index, size: size), let (bytes, width) = content(address),
            let ranges = EntryBundle.ranges(bytes, count: width)
        else { return }
        bundle = (address.index, bytes, Array(ranges.prefix(address.width)))
    }

    /// A partial tile, or where it is gone the full one that it grew into.
    private func content(_ address: TileAddress) -> (bytes: [UInt8], width: Int)? {
        if let bytes = read(address.path) { return (bytes, address.width) }
        return read(address.fullPath).map { ($0, TileAddress.widthMax) }
    }

    /// A proof that the entry is in the tree of `size` entries; `nil` when a tile is missing.
    public func inclusion(of index: UInt64) -> [Digest]? {
        index < size ? try? proofs.inclusion(of: index) : nil
    }

    /// A proof that the tree of `size` entries continues the one of `oldSize`; `nil` when a tile is missing.
    /// - Parameter oldSize: 1 to `size`.
    public func consistency(from oldSize: UInt64) -> [Digest]? { try? proofs.consistency(from: oldSize) }

    private var proofs: ProofMaker<OpenSSLHash> {
        ProofMaker(size: size) { [self] address in
            content(address).flatMap { HashTile.hashes($0.bytes, width: $0.width) }
        }
    }
}
