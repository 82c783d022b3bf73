// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Checks a whole log from its files: every entry, every tile, every signature. Needs no network, no database and no
/// word of the log's owner but the policy's keys.
///
/// - Cost: one pass over all entries, two hashes each; memory for one bundle.
public struct LogVerifier<Hash: TreeHash> {
    /// Whose signatures count; `nil` checks that the files fit together, and nothing about who made them.
    public var policy: TrustPolicy?
    /// A checkpoint that was seen earlier, or elsewhere: this log must continue it.
    public var seen: Checkpoint?
    /// Demand our entries: canonical, two phases each. Off for logs of others.
    public var checksEvents = true

    private let check: Ed25519Check
    private let read: (String) -> [UInt8]?

    /// - Parameter read: content of a file below the log's prefix; `nil` when there is none.
    public init(policy: TrustPolicy?, check: @escaping Ed25519Check, read: @escaping (String) -> [UInt8]?) {
        self.policy = policy
        self.check = check
        self.read = read
    }

    public struct Report: Equatable, Sendable {
        public var checkpoint: Checkpoint
        /// Of the largest tree that a quorum of witnesses has seen; `nil` without such a one.
        public var witnessed: TrustPolicy.Verdict?
        /// Requests without their last word: under way, or cut off by a crash that was not swept yet.
        public var openRequests = 0
        /// Entries that no quorum has seen yet.
        public var pending: UInt64 { checkpoint.size - (witnessed?.checkpoint.size ?? 0) }
    }

    /// Names of the files besides tiles.
    public static var checkpointPath: String { "checkpoint" }
    /// The largest checkpoint with a quorum of cosignatures; `checkpoint` itself is often newer than its witnesses.
    public static var witnessedPath: String { "checkpoint.witnessed" }

    /// - Parameter visit: called with each entry in order; entries come before the verdict on them.
    public func verify(visit: (UInt64, [UInt8]) -> Void = { _, _ in }) throws(LogFault) -> Report {
        var report = Report(checkpoint: try checkpoint(), witnessed: try witnessed())
        let expectations = try expectations(report)
        var edge = RightEdge<Hash>()
        var ledger = PhaseLedger()
        try compare(edge, expectations)
        for index in 0..<(report.checkpoint.size + 255) / 256 {
            let (entries, hashes) = try bundle(index, size: report.checkpoint.size)
            for (offset, entry) in entries.enumerated() {
                let number = index * 256 + UInt64(offset)
                let leaf = Hash.leaf(entry)
                guard leaf == hashes[offset] else { throw .entryChanged(index: number) }
                try append(leaf, to: &edge)
                try compare(edge, expectations)
                visit(number, entry)
                if checksEvents { try note(entry, number, in: &ledger) }
            }
        }
        try checkPartials(edge)
        report.openRequests = ledger.openCount
        return report
    }

    // MARK: Promises

    private func checkpoint() throws(LogFault) -> Checkpoint {
        let path = Self.checkpointPath
        guard let bytes = read(path) else { throw .missing(path: path) }
        guard let note = try? SignedNote(parsing: bytes), let checkpoint = Checkpoint(parsing: note.text) else {
            throw .malformed(path: path)
        }
        guard let policy else { return checkpoint }
        do {
            return try policy.standing(of: note, check).checkpoint
        } catch {
            throw .untrusted(path: path, error)
        }
    }

    /// A policy with a quorum wants to see one; a log so young that none has come yet has no entries anybody relies on.
    private func witnessed() throws(LogFault) -> TrustPolicy.Verdict? {
        guard let policy, policy.quorum != nil else { return nil }
        let path = Self.witnessedPath
        guard let bytes = read(path) else { throw .missing(path: path) }
        guard let note = try? SignedNote(parsing: bytes) else { throw .malformed(path: path) }
        do {
            return try policy.verdict(on: note, check)
        } catch {
            throw .untrusted(path: path, error)
        }
    }

    /// Which root the tree must have at which size, and what it means when it has not.
    private struct Expectation {
        var checkpoint: Checkpoint
        var fault: LogFault
    }

    private func expectations(_ report: Report) throws(LogFault) -> [Expectation] {
        let own = report.checkpoint
        var found = [Expectation(checkpoint: own, fault: .rootChanged(size: own.size))]
        for other in [report.witnessed?.checkpoint, seen].compactMap({ $0 }) {
            guard other.origin == own.origin else { throw .otherOrigin(other.origin) }
            guard other.size <= own.size else { throw .rolledBack(from: other.size, to: own.size) }
            found.append(Expectation(checkpoint: other, fault: .forked(size: other.size)))
        }
        return found
    }

    private func compare(_ edge: RightEdge<Hash>, _ expectations: [Expectation]) throws(LogFault) {
        for expected in expectations where expected.checkpoint.size == edge.size {
            guard edge.root == expected.checkpoint.root else { throw expected.fault }
        }
    }

    // MARK: Files

    /// Entries of a bundle and the hashes that the tile beside it has of them.
    private func bundle(_ index: UInt64, size: UInt64) throws(LogFault) -> (entries: [[UInt8]], hashes: [Digest]) {
        guard let bundle = TileLayout.bundle(of: index * 256, size: size),
            let tile = TileLayout.tile(level: 0, position: index * 256, size: size)
        else { preconditionFailure("bundle \(index) of a log of \(size)") }
        let (bytes, width) = try content(bundle)
        guard let ranges = EntryBundle.ranges(bytes, count: width) else { throw .malformed(path: bundle.path) }
        return (ranges.prefix(bundle.width).map { Array(bytes[$0]) }, try hashes(tile))
    }

    private func hashes(_ tile: TileAddress) throws(LogFault) -> [Digest] {
        let (bytes, width) = try content(tile)
        guard let hashes = HashTile.hashes(bytes, width: width) else { throw .malformed(path: tile.path) }
        return Array(hashes.prefix(tile.width))
    }

    /// A partial tile, or where it is gone the full one that it grew into.
    private func content(_ address: TileAddress) throws(LogFault) -> (bytes: [UInt8], width: Int) {
        if let bytes = read(address.path) { return (bytes, address.width) }
        if address.isPartial, let bytes = read(address.fullPath) { return (bytes, TileAddress.widthMax) }
        throw .missing(path: address.path)
    }

    private func append(_ leaf: Digest, to edge: inout RightEdge<Hash>) throws(LogFault) {
        var fault: LogFault?
        edge.append(leaf) { address, expected in
            do throws(LogFault) {
                guard try hashes(address) == expected else { throw .tileChanged(path: address.path) }
            } catch {
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
    }

    private func checkPartials(_ edge: RightEdge<Hash>) throws(LogFault) {
        for (address, expected) in edge.partialTiles {
            guard try hashes(address) == expected else { throw .tileChanged(path: address.path) }
        }
    }

    // MARK: Entries

    private func note(_ entry: [UInt8], _ index: UInt64, in ledger: inout PhaseLedger) throws(LogFault) {
        guard let value = try? JSONValue(parsing: entry), CanonicalJSON.bytes(value) == entry else {
            throw .notCanonical(index: index)
        }
        guard let facts = PhaseFacts(value) else { return }
        do {
            try ledger.note(facts, at: index)
        } catch {
            throw .phase(error, index: index)
        }
    }
}
