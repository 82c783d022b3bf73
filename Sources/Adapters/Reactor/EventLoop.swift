// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc
internal import Synchronization

/// One thread around one epoll instance: the kernel's readiness, timers and a mailbox for other threads. Knows no
/// protocol.
///
/// An iteration is: wait, read the clock once, dispatch events, resume sources that asked for another turn, fire
/// timers, run the mailbox, release closed sources. Everything a source does happens on this thread, so nothing in it
/// needs a lock.
/// - Limits: `eventsPerIteration` events are dispatched before timers and mailbox get their turn; sources are limited
///   by descriptors.
/// - Idle: with no timer armed the thread sleeps in the kernel without a timeout.
public final class EventLoop: @unchecked Sendable {
    // Proof of @unchecked: every member but `mailbox` and `wakeDescriptor` is touched by the loop's thread only.

    /// Monotonic nanoseconds, read once per iteration.
    public private(set) var now: Int64
    /// Scratch memory for one receive; its content is valid until the next receive on this loop.
    public let scratch: UnsafeMutableRawBufferPointer
    public let buffers = BufferPool()
    /// Iterations so far; an idle loop does not count.
    public private(set) var iterations: UInt64 = 0
    /// Called at the end of each iteration, e.g. to write what the iteration logged.
    public var endOfIteration: (() -> Void)?

    private let epoll: Int32
    private let wake: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private var sources: UnsafeMutablePointer<Unmanaged<EventSource>?>
    private var generations: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private var freeSlots: [UInt32] = []
    private var usedSlots = 0
    private var timers = TimerHeap()
    private var waiting: [EventSource] = []
    private var resuming: [EventSource] = []
    private var graveyard: [EventSource] = []
    private let mailbox = Mutex<[@Sendable () -> Void]>([])
    private var isStopped = false
    private var spareDescriptor: Int32

    static let eventsPerIteration = 512
    public static let scratchBytes = 128 * 1024
    private static let wakeToken = UInt64.max

    /// - Throws: `ReactorError` when the process is out of descriptors.
    public init() throws(ReactorError) {
        now = isobar_monotonic_nanoseconds()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw ReactorError(operation: "epoll_create1", number: errno) }
        wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wake >= 0 else { throw ReactorError(operation: "eventfd", number: errno) }
        let code = isobar_epoll_add_listener(epoll, wake, Self.wakeToken)
        guard code == 0 else { throw ReactorError(operation: "epoll_ctl", number: -code) }
        spareDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        scratch = .allocate(byteCount: Self.scratchBytes, alignment: 64)
        events = .allocate(capacity: Self.eventsPerIteration)
        capacity = 256
        sources = .allocate(capacity: capacity)
        sources.initialize(repeating: nil, count: capacity)
        generations = .allocate(capacity: capacity)
        generations.initialize(repeating: 0, count: capacity)
    }

    deinit {
        for slot in 0..<usedSlots { sources[slot]?.release() }
        close(epoll)
        close(wake)
        if spareDescriptor >= 0 { close(spareDescriptor) }
        scratch.deallocate()
        buffers.deallocate()
        gatherMemory.deallocate()
        events.deallocate()
        sources.deallocate()
        generations.deallocate()
    }

    // MARK: Sources

    /// Gives the source a slot; with a descriptor also registers it with the kernel, edge-triggered for everything,
    /// once.
    /// - Throws: `ReactorError` when the kernel refuses (descriptor limit of epoll, memory).
    public func add(_ source: EventSource, descriptor: Int32? = nil, isListener: Bool = false) throws(ReactorError) {
        precondition(!source.isRegistered, "a source is added once")
        let slot = takeSlot()
        source.slot = slot
        source.generation = generations[Int(slot)]
        if let descriptor {
            let token = UInt64(source.generation) << 32 | UInt64(slot)
            let code =
                isListener
                ? isobar_epoll_add_listener(epoll, descriptor, token) : isobar_epoll_add(epoll, descriptor, token)
            guard code == 0 else {
                source.slot = .max
                freeSlots.append(slot)
                throw ReactorError(operation: "epoll_ctl", number: -code)
            }
        }
        sources[Int(slot)] = Unmanaged.passRetained(source)
    }

    /// Takes the source out; it is released at the end of the iteration, so a source may remove itself inside its own
    /// callback. Closing the descriptor afterwards removes it from epoll as well.
    public func remove(_ source: EventSource) {
        guard source.isRegistered else { return }
        let slot = Int(source.slot)
        source.slot = .max
        source.clearDeadline()
        source.armedAt = .max
        generations[slot] &+= 1
        freeSlots.append(UInt32(slot))
        if let owned = sources[slot] {
            sources[slot] = nil
            graveyard.append(owned.takeRetainedValue())
        }
    }

    /// Gives the source another turn (`resumed`) after the other ready ones, for reading more than one share at a time.
    public func runSoon(_ source: EventSource) { waiting.append(source) }

    private func takeSlot() -> UInt32 {
        if let slot = freeSlots.popLast() { return slot }
        if usedSlots == capacity { grow() }
        usedSlots += 1
        return UInt32(usedSlots - 1)
    }

    private func grow() {
        let wider = capacity * 2
        let newSources = UnsafeMutablePointer<Unmanaged<EventSource>?>.allocate(capacity: wider)
        newSources.moveInitialize(from: sources, count: capacity)
        (newSources + capacity).initialize(repeating: nil, count: wider - capacity)
        sources.deallocate()
        let newGenerations = UnsafeMutablePointer<UInt32>.allocate(capacity: wider)
        newGenerations.moveInitialize(from: generations, count: capacity)
        (newGenerations + capacity).initialize(repeating: 0, count: wider - capacity)
        generations.deallocate()
        sources = newSources
        generations = newGenerations
        capacity = wider
    }

    // MARK: Other threads

    /// Runs `job` on the loop's thread, soon. May be called from any thread; jobs of one thread keep their order.
    public func submit(_ job: @escaping @Sendable () -> Void) {
        let wasEmpty = mailbox.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }

    /// Ends `run` after the current iteration. May be called from any thread.
    public func stop() { submit { self.isStopped = true } }

    // MARK: The loop

    /// Runs until `stop`. Call on the thread that is to own the loop.
    public func run() {
        while !isStopped { turn() }
    }

    private func turn() {
        let count = epoll_wait(epoll, events, Int32(Self.eventsPerIteration), waitMilliseconds())
        now = isobar_monotonic_nanoseconds()
        iterations &+= 1
        var isMailPending = false
        for i in 0..<Int(max(count, 0)) {
            let token = events[i].data.u64
            if token == Self.wakeToken {
                isMailPending = true
            } else {
                dispatch(token, events[i].events)
            }
        }
        if !waiting.isEmpty { resumeWaiting() }
        if timers.earliest <= now { fireTimers() }
        if isMailPending { runMailbox() }
        endOfIteration?()
        if !graveyard.isEmpty { graveyard.removeAll(keepingCapacity: true) }
    }

    private func dispatch(_ token: UInt64, _ mask: UInt32) {
        let slot = Int(token & 0xFFFF_FFFF)
        guard generations[slot] == UInt32(token >> 32), let source = sources[slot] else { return }
        source._withUnsafeGuaranteedRef { $0.ready(mask) }
    }

    /// -1 sleeps for ever. Rounded up, so that a timer is never early and a near one does not spin.
    private func waitMilliseconds() -> Int32 {
        if !waiting.isEmpty { return 0 }
        guard timers.earliest != .max else { return -1 }
        let nanoseconds = timers.earliest - isobar_monotonic_nanoseconds()
        return nanoseconds <= 0 ? 0 : Int32(min((nanoseconds + 999_999) / 1_000_000, 3_600_000))
    }

    private func resumeWaiting() {
        swap(&waiting, &resuming)
        for source in resuming where source.isRegistered { source.resumed() }
        resuming.removeAll(keepingCapacity: true)
    }

    private func runMailbox() {
        var drained: UInt64 = 0
        _ = read(wake, &drained, 8)
        let jobs = mailbox.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in jobs { job() }
    }

    // MARK: Timers

    func arm(_ source: EventSource, at time: Int64) {
        guard source.isRegistered else { return }
        source.armedAt = time
        timers.push(TimerEntry(time: time, slot: source.slot, generation: source.generation))
    }

    private func fireTimers() {
        // A source that asks for `now` again gets its turn in the next iteration, not in this one for ever.
        var budget = timers.count
        while budget > 0, timers.earliest <= now, let entry = timers.pop() {
            budget -= 1
            guard generations[Int(entry.slot)] == entry.generation, let owned = sources[Int(entry.slot)] else {
                continue
            }
            let source = owned.takeUnretainedValue()
            guard entry.time == source.armedAt else { continue }
            source.armedAt = .max
            if source.deadline <= now {
                source.clearDeadline()
                source.deadlineReached()
            } else if source.deadline != .max {
                arm(source, at: source.deadline)
            }
        }
    }

    // MARK: Output

    private let gatherMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 64)

    /// Copies small stretches together: up to a page, copying costs less than the kernel's walk over a list of them.
    /// - Returns: false when they do not fit.
    func gather(_ segments: UnsafeMutablePointer<Segment>, _ count: Int, into gathered: inout Segment) -> Bool {
        guard let base = gatherMemory.baseAddress else { return false }
        var total = 0
        for i in 0..<count {
            guard let source = segments[i].base else { continue }
            guard segments[i].count <= gatherMemory.count - total else { return false }
            (base + total).copyMemory(from: source, byteCount: segments[i].count)
            total += segments[i].count
        }
        gathered = Segment(base: base, count: total)
        return true
    }

    // MARK: Descriptor exhaustion

    /// Accepts and drops one connection with the spare descriptor, so that a full table does not leave clients hanging
    /// in the backlog.
    /// - Returns: whether there was one. The kernel reports a full table before it looks whether anybody waits.
    func shedConnection(_ listener: Int32) -> Bool {
        if spareDescriptor < 0 { spareDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC) }
        guard spareDescriptor >= 0 else { return false }
        close(spareDescriptor)
        let fd = isobar_accept(listener)
        if fd >= 0 { close(fd) }
        spareDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        return fd >= 0
    }
}

/// A system call that failed and why.
public struct ReactorError: Error, CustomStringConvertible, Sendable {
    public let operation: String
    /// `errno` of the call.
    public let number: Int32
    public init(operation: String, number: Int32) {
        self.operation = operation
        self.number = number
    }
    public var description: String { "\(operation): \(String(cString: strerror(number)))" }
}
