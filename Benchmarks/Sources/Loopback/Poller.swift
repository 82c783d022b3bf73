// SPDX-License-Identifier: Apache-2.0
// Isobar

// One epoll instance. Both programs are a single thread around one of these: what they cost is taken from the core that the measured
// proxy shares, so there is nothing between them and the kernel.

internal import CEpoll
internal import Glibc

/// CLOCK_MONOTONIC in nanoseconds. Comparable between processes of one machine.
public typealias MonotonicTime = Int64

public func monotonicNow() -> MonotonicTime { cepoll_now() }

/// Waits for sockets; edge-triggered for connections, level-triggered for listeners.
///
/// An event says only which tag to look at, not why: the owner reads until the kernel has no more. A tag may show up once more after its
/// socket was closed and replaced in the same batch; reading then finds nothing, which is harmless.
public final class Poller {
    private let fd: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private static let batchMax: Int32 = 1024

    public init() throws(SystemError) {
        cepoll_use_exact_timers()
        fd = cepoll_create()
        guard fd >= 0 else { throw SystemError("epoll_create1", errno) }
        events = .allocate(capacity: Int(Self.batchMax))
    }

    deinit {
        close(fd)
        events.deallocate()
    }

    public func add(connection: Int32, tag: Int) throws(SystemError) {
        guard cepoll_add(fd, connection, UInt64(bitPattern: Int64(tag))) == 0 else { throw SystemError("epoll_ctl", errno) }
    }

    public func add(listener: Int32, tag: Int) throws(SystemError) {
        guard cepoll_add_listener(fd, listener, UInt64(bitPattern: Int64(tag))) == 0 else { throw SystemError("epoll_ctl", errno) }
    }

    /// Sleeps until something is ready or `deadline` is reached; `nil` waits for ever.
    /// - Returns: how many tags `tag(at:)` now holds; 0 at the deadline or when a signal interrupted the wait.
    public func wait(until deadline: MonotonicTime?) throws(SystemError) -> Int {
        let limit = deadline.map { max(0, $0 - cepoll_now()) } ?? -1
        let count = cepoll_wait(fd, events, Self.batchMax, limit)
        if count >= 0 { return Int(count) }
        if count == -EINTR { return 0 }
        throw SystemError("epoll_pwait2", -count)
    }

    public func tag(at index: Int) -> Int { Int(truncatingIfNeeded: cepoll_tag(events, Int32(truncatingIfNeeded: index))) }
}

/// Sleeps. For retries only; whoever waits for sockets uses `Poller`.
public func pause(nanoseconds: Int) {
    var duration = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    nanosleep(&duration, nil)
}
