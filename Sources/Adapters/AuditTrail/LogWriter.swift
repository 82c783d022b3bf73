// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog

/// The single writer of one log: entries become durable in a write-ahead file, then part of the tree, then of a signed
/// checkpoint.
///
/// `append` returns when its entries survive any crash. `integrate` brings all of them into tiles and signs; it can fail
/// and be repeated, for it changes nothing that was published. A failed synchronization ends the writer: what the system
/// then has in memory may not be on the disk.
/// - Threading: confined to its owner. Blocks on the disk.
public final class LogWriter<Files: LogFiles> {
    let files: Files
    private let signer: NoteSigner
    /// The tree as it was stored last.
    var tree: StoredTree
    /// Durable, not in the tree yet.
    private var pending: [[UInt8]] = []
    private var ledger = PhaseLedger()
    private var segment: WriteAheadSegment
    private var segmentBytes = 0
    public private(set) var epoch: UInt64
    private var failure: LogWriterError?
    /// Partial tiles that newer ones have replaced, oldest first, kept a while for those who read meanwhile.
    private var superseded: [[TileAddress]] = []

    /// A log that cannot be brought into its tree must not fill the memory.
    private static var pendingMax: Int { 200_000 }
    private static var segmentBytesMax: Int { 4 << 20 }
    private static var supersededMax: Int { 16 }

    public var size: UInt64 { tree.edge.size + UInt64(pending.count) }
    public var integratedSize: UInt64 { tree.edge.size }
    /// Durable entries that are not in the tree yet.
    public var pendingCount: Int { pending.count }
    public var key: VerifierKey { signer.key }

    /// Continues the log in the folder, or begins one there.
    ///
    /// What a crash left durable comes into the tree, and attempts without an outcome get one that says `lost`.
    /// - Throws: `corrupt` when what was promised is not there; nothing has been changed then.
    public init(files: Files, signer: NoteSigner, unixMilliseconds: Int64) throws(LogWriterError) {
        self.files = files
        self.signer = signer
        do throws(LogFileError) {
            let stored = try StoredLog(files)
            tree = try stored.tree()
            let segments = try stored.segments()
            let recovered = try stored.entries(beyond: tree.edge.size, in: segments)
            epoch = (stored.state?.epoch ?? 0) + 1
            segment = WriteAheadSegment(epoch: epoch, firstSequence: tree.edge.size + UInt64(recovered.count))
            let sweepFrom = stored.state?.sweepFrom ?? 0
            try store(recovered, sweepFrom: min(sweepFrom, tree.edge.size))
            for old in segments { try files.remove(old.name) }
            try StalePartials.remove(from: files, size: tree.edge.size)
            try sweep(from: sweepFrom, unixMilliseconds)
        } catch {
            throw LogWriterError(error)
        }
    }

    /// - Returns: the first one's index; they follow each other. They are durable now.
    /// - Throws: none of them is in the log then. `phase` when the two-phase rule does not let them follow each other.
    /// - Cost: one synchronization of the disk, however many they are.
    public func append(_ entries: [LogEntry]) throws(LogWriterError) -> UInt64 {
        if let failure { throw failure }
        guard pending.count + entries.count <= Self.pendingMax else { throw .behind(pending.count) }
        let first = size
        // A copy, so that a refused batch has not happened.
        var noted = ledger
        var bytes: [UInt8] = []
        for (offset, entry) in entries.enumerated() {
            let index = first + UInt64(offset)
            if let facts = entry.facts { try Self.note(facts, at: index, in: &noted) }
            entry.bytes.withUnsafeBytes { WriteAheadRecord.append($0, sequence: index, to: &bytes) }
        }
        try makeDurable(bytes)
        ledger = noted
        pending += entries.map(\.bytes)
        return first
    }

    /// Of these entries those that may follow each other by the two-phase rule.
    func admitted(_ entries: [LogEntry]) -> [LogEntry] {
        var noted = ledger
        return entries.filter { entry in
            guard let facts = entry.facts else { return true }
            return (try? noted.note(facts, at: size)) != nil
        }
    }

    private static func note(
        _ facts: PhaseFacts, at index: UInt64, in ledger: inout PhaseLedger
    ) throws(LogWriterError) {
        do throws(PhaseLedger.Violation) {
            try ledger.note(facts, at: index)
        } catch {
            throw .phase(error, requestID: facts.requestID)
        }
    }

    private func makeDurable(_ bytes: [UInt8]) throws(LogWriterError) {
        let isNew = segmentBytes == 0
        do throws(LogFileError) {
            try files.append(bytes, to: segment.name)
        } catch {
            cut()
            throw LogWriterError(error)
        }
        do throws(LogFileError) {
            try files.synchronize(segment.name)
            if isNew { try files.synchronizeFolder("") }
        } catch {
            let fault = LogWriterError(error)
            failure = fault
            throw fault
        }
        segmentBytes += bytes.count
    }

    /// A record that was half written, on a full disk, must not stand before later ones.
    private func cut() {
        do throws(LogFileError) {
            try files.truncate(segment.name, to: segmentBytes)
        } catch {
            failure = LogWriterError(error)
        }
    }

    /// Brings what is durable into the tree and publishes a checkpoint of it.
    public func integrate() throws(LogWriterError) {
        if let failure { throw failure }
        guard !pending.isEmpty else { return }
        do throws(LogFileError) {
            let end = size
            try store(pending, sweepFrom: min(ledger.oldestOpen() ?? end, end))
            pending.removeAll(keepingCapacity: true)
            if segmentBytes > Self.segmentBytesMax {
                let old = segment
                segment = WriteAheadSegment(epoch: epoch, firstSequence: end)
                segmentBytes = 0
                try files.remove(old.name)
            }
        } catch {
            throw LogWriterError(error)
        }
    }

    /// Tiles, then the state that says how far they count, then the promise to others.
    private func store(_ entries: [[UInt8]], sweepFrom: UInt64) throws(LogFileError) {
        var next = tree
        var changes = TreeChanges()
        for entry in entries { next.append(entry, &changes) }
        next.collectPartials(&changes)
        try changes.perform(files, beside: tree.partials)
        let root = next.edge.root
        let state = TreeState(size: next.edge.size, root: root, epoch: epoch, sweepFrom: sweepFrom)
        try files.replace(state.bytes, at: StoredLog<Files>.statePath)
        let note = signer.sign(Checkpoint(origin: signer.key.name, size: next.edge.size, root: root))
        try files.replace(note.bytes, at: LogVerifier<OpenSSLHash>.checkpointPath)
        let kept = next.partials
        superseded.append(tree.partials.filter { !kept.contains($0) })
        tree = next
        if superseded.count > Self.supersededMax {
            for address in superseded.removeFirst() {
                try StalePartials.remove(address, from: files, size: tree.edge.size)
            }
        }
    }

    private func sweep(from: UInt64, _ unixMilliseconds: Int64) throws(LogFileError) {
        var sweep = LostSweep()
        let reader = LogReader(size: tree.edge.size) { [files] in try? files.read($0) }
        for index in from..<tree.edge.size {
            guard let entry = reader.entry(index) else {
                throw LogFileError(doing: "read", path: "entry \(index)", reason: "it is missing")
            }
            sweep.note(entry, at: index)
        }
        let lost = sweep.entries(unixMilliseconds: unixMilliseconds)
        guard !lost.isEmpty else { return }
        do throws(LogWriterError) {
            // Their intents are of an earlier run, which this one's ledger knows nothing of.
            _ = try append(lost.map { LogEntry($0) })
            try integrate()
        } catch {
            throw LogFileError(doing: "sweep", path: segment.name, reason: "\(error)")
        }
    }
}

/// One entry as it is to be written.
public struct LogEntry: Sendable {
    public var bytes: [UInt8]
    /// What the two-phase rule says about it; `nil` for entries that are about no request.
    public var facts: PhaseFacts?

    public init(_ bytes: [UInt8], _ facts: PhaseFacts? = nil) {
        self.bytes = bytes
        self.facts = facts
    }
}

/// An entry could not be made durable, or the log cannot be continued.
public enum LogWriterError: Error, Equatable, CustomStringConvertible, Sendable {
    case files(LogFileError)
    /// So many entries are durable and not in the tree that no more are taken.
    case behind(Int)
    /// The entries do not follow the two-phase rule: a fault of whoever made them.
    case phase(PhaseLedger.Violation, requestID: UInt64)

    init(_ error: LogFileError) { self = .files(error) }

    public var description: String {
        switch self {
        case .files(let error): "audit log: \(error) (is the disk full, the folder writable?)"
        case .behind(let count): "audit log: \(count) entries wait to come into the tree"
        case .phase(let violation, let id):
            "audit log: an entry of request \(String(id, radix: 16)) breaks the two-phase rule (\(violation))"
        }
    }
}
