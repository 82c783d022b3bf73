// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog
internal import Glibc
public import Logging
internal import Reactor
internal import SQLiteFile
internal import Synchronization

/// A process's audit log: takes events from any thread, makes them durable in groups, says when they are.
///
/// One thread owns the files. While it waits for the disk, events gather; the next group takes them all, so the number of
/// synchronizations does not grow with the number of requests. The tree follows within `integrationNanoseconds`.
///
/// When the disk refuses, whoever waits is told so at once; events that nobody waits for are kept, up to `waitingMax`, and
/// tried again. After a failed synchronization nothing more is taken until the process starts again: what the system has
/// in memory then need not be what is on the disk.
public final class AuditRecorder: @unchecked Sendable {
    // Proof of @unchecked: `inbox` and `shown` have locks; everything else is touched on the log's thread only, after
    // `init` has started it.
    private struct Inbox {
        var batches: [AuditBatch] = []
        var events: [AdministrativeEvent] = []
        var isAnnounced = false
        /// Events in `batches`.
        var count = 0
        /// The last write failed.
        var isRefused = false
    }

    private let inbox = Mutex(Inbox())
    private let shown: Mutex<AuditStatus>
    private let isOverrun = Atomic(false)
    private let loop: EventLoop
    private let thread: LoopThread
    private let batches: BatchWriter<DiskFiles>
    private let unixMilliseconds: @Sendable () -> Int64
    private let log: Logger
    private var timer: LoopTimer?
    private var writeFault: String?
    private var treeFault: String?
    private var loggedFault: String?
    /// After a failed write the next one comes no earlier.
    private var blockedUntil: Int64 = 0

    /// A crash of the machine takes nothing, the death of the process nothing that was promised; what can be read and
    /// proved lags behind by this.
    static let integrationNanoseconds: Int64 = 250_000_000
    /// Enough for the tree to grow before the time is over.
    private static let integrationEntries = 4_096
    static let retryNanoseconds: Int64 = 1_000_000_000
    public static let waitingMax = 100_000
    /// From here on whoever can should bring no more.
    private static let behindFrom = waitingMax / 2

    /// Continues the log in the folder, or begins one there; no other process may write it meanwhile.
    /// - Parameter unixMilliseconds: the wall clock.
    /// - Throws: `LogWriterError`, `LogFileError` or `SQLiteError` with what is wrong with the folder.
    public init(
        folder: String, signer: NoteSigner, unixMilliseconds: @escaping @Sendable () -> Int64, log: Logger
    ) throws {
        // A limit on the size of files must be an error of the write, not a signal that ends the process.
        signal(SIGXFSZ, SIG_IGN)
        let writer = try LogWriter(
            files: try DiskFiles(writing: folder), signer: signer, unixMilliseconds: unixMilliseconds())
        let keys = try SubjectKeys(path: "\(folder)/\(SubjectKeys.fileName)")
        batches = BatchWriter(writer: writer, keys: keys)
        self.unixMilliseconds = unixMilliseconds
        self.log = log
        var status = AuditStatus()
        status.origin = signer.key.name
        status.size = writer.size
        status.checkpointSize = writer.integratedSize
        shown = Mutex(status)
        loop = try EventLoop()
        thread = try LoopThread(name: "audit", loop: loop)
        note(.logOpened(epoch: writer.epoch, size: writer.integratedSize))
        loop.submit { [self] in startTimer() }
    }

    public var status: AuditStatus { shown.withLock { $0 } }

    /// Events come faster than a healthy disk takes them: new work should be turned away before any is lost. False while
    /// the disk refuses, for then nothing is gained by waiting.
    /// - Cost: one load; may be asked for every request.
    public var isBehind: Bool { isOverrun.load(ordering: .relaxed) }

    func noteWitnessed(_ size: UInt64) { shown.withLock { $0.witnessedSize = size } }
    func noteAlarm(_ reason: String) { shown.withLock { $0.alarm = reason } }

    // MARK: From any thread

    /// Events that come faster than the disk takes them are refused from `waitingMax` on, and counted as lost.
    public func submit(_ batch: AuditBatch) {
        let isTaken = announce { inbox in
            guard inbox.count + batch.events.count <= Self.waitingMax else { return false }
            inbox.batches.append(batch)
            inbox.count += batch.events.count
            if inbox.count > Self.behindFrom, !inbox.isRefused { isOverrun.store(true, ordering: .relaxed) }
            return true
        }
        guard !isTaken else { return }
        batch.whenDurable?(false)
        if batch.whenDurable == nil { shown.withLock { $0.lostTotal += UInt64(batch.events.count) } }
    }

    public func note(_ event: AdministrativeEvent) {
        let isTaken = announce { inbox in
            guard inbox.events.count < Self.waitingMax else { return false }
            inbox.events.append(event)
            return true
        }
        if !isTaken { shown.withLock { $0.lostTotal += 1 } }
    }

    private func announce(_ add: (inout Inbox) -> Bool) -> Bool {
        let (isTaken, isFirst) = inbox.withLock { inbox in
            let isTaken = add(&inbox)
            defer { inbox.isAnnounced = inbox.isAnnounced || isTaken }
            return (isTaken, isTaken && !inbox.isAnnounced)
        }
        if isFirst { loop.submit { [self] in drain() } }
        return isTaken
    }

    /// Writes what was submitted, brings it into the tree, signs, and ends the thread.
    public func close() {
        note(.logClosed)
        loop.submit { [self] in
            blockedUntil = 0
            drain()
            writeErasures()
            integrate()
            noteLost(inbox.withLock(\.count), "the process ends")
            timer?.cancel()
        }
        loop.stop()
        thread.join()
        batches.writer.files.release()
    }

    // MARK: On the log's thread

    private func drain() {
        let (taken, events) = inbox.withLock { inbox in
            defer {
                inbox = Inbox(isRefused: inbox.isRefused)
                isOverrun.store(false, ordering: .relaxed)
            }
            return (inbox.batches, inbox.events)
        }
        guard loop.now >= blockedUntil else { return putBack(taken, events) }
        do throws(BatchWriter<DiskFiles>.Failure) {
            let dropped = try batches.write(taken, and: events, unixMilliseconds: unixMilliseconds())
            for batch in taken { batch.whenDurable?(true) }
            noteLost(dropped, "they break the two-phase rule")
            writeFault = nil
            inbox.withLock { $0.isRefused = false }
        } catch {
            blockedUntil = loop.now + Self.retryNanoseconds
            writeFault = "\(error)"
            putBack(taken, events)
        }
        if batches.writer.pendingCount >= Self.integrationEntries { integrate() }
        show()
    }

    private func writeErasures() {
        do throws(BatchWriter<DiskFiles>.Failure) {
            try batches.writeErasures(unixMilliseconds: unixMilliseconds())
        } catch {
            writeFault = "\(error)"
        }
    }

    private func putBack(_ taken: [AuditBatch], _ events: [AdministrativeEvent]) {
        for batch in taken { batch.whenDurable?(false) }
        keep(taken.filter { $0.whenDurable == nil }, events)
    }

    /// Puts what could not be written before what came meanwhile. The next `drain` comes with the timer.
    private func keep(_ kept: [AuditBatch], _ events: [AdministrativeEvent]) {
        inbox.withLock { inbox in
            inbox.isRefused = true
            isOverrun.store(false, ordering: .relaxed)
            inbox.batches = kept + inbox.batches
            inbox.events = events + inbox.events
            inbox.count += kept.reduce(0) { $0 + $1.events.count }
        }
    }

    private func integrate() {
        do throws(LogWriterError) {
            try batches.writer.integrate()
            treeFault = nil
        } catch {
            treeFault = "\(error)"
        }
    }

    private func startTimer() {
        // Without a timer entries would be durable and never provable: as bad as a disk that refuses.
        do {
            timer = try LoopTimer(loop: loop, at: loop.now + Self.integrationNanoseconds) { [unowned self] in tick() }
        } catch {
            treeFault = "audit log: \(error)"
            show()
        }
    }

    private func tick() {
        drain()
        if writeFault == nil { writeErasures() }
        integrate()
        show()
        let pause = treeFault == nil ? Self.integrationNanoseconds : Self.retryNanoseconds
        timer?.reschedule(at: loop.now + pause)
    }

    private func noteLost(_ count: Int, _ reason: String) {
        guard count > 0 else { return }
        log.error("audit events lost", metadata: ["count": "\(count)", "reason": "\(reason)"])
        shown.withLock { $0.lostTotal += UInt64(count) }
    }

    private func show() {
        let fault = writeFault ?? treeFault
        logChange(to: fault)
        let waiting = inbox.withLock(\.count)
        shown.withLock { status in
            status.size = batches.writer.size
            status.checkpointSize = batches.writer.integratedSize
            status.waiting = waiting
            status.fault = fault
        }
    }

    private func logChange(to fault: String?) {
        guard (fault == nil) != (loggedFault == nil) else { return }
        loggedFault = fault
        if let fault {
            log.error("audit log cannot be written", metadata: ["reason": "\(fault)"])
        } else {
            log.notice("audit log is written again")
        }
    }
}
