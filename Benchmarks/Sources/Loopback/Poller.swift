// SPDX-License-Identifier: Apache-2.0
// Isobar

// One epoll instance. Both programs are a single thread around one of these: what they cost is taken from the core that
// the measured proxy shares, so there is nothing between them and the kernel.

internal import CEpoll
internal import Glibc

/// CLOCK_MONOTONIC in nanoseconds. Comparable between processes of one machine.
public typealias MonotonicTime = Int64

public func monotonicNow() -> MonotonicTime { cepoll_now() }

/// Waits for sockets; edge-triggered for connections, level-triggered for listeners.
///
/// An event says only which tag to look at, not why: the owner reads until the kernel has no more. A tag may show up
/// once more after its socket was closed and replaced in the same batch; reading then finds nothing, which is harmless.
public final class Poller {
    private let fd: Int32
    private let tags: UnsafeMutablePointer<Int64>

    public init() throws(SystemError) {
        cepoll_use_exact_timers()
        fd = cepoll_create()
        guard fd >= 0 else { throw SystemError("epoll_create1", -fd) }
        tags = .allocate(capacity: Int(cepoll_batch_max))
    }

    deinit {
        close(fd)
        tags.deallocate()
    }

    public func add(connection: Int32, tag: Int) throws(SystemError) {
        try Self.check(cepoll_add(fd, connection, Int64(tag)))
    }

    public func add(listener: Int32, tag: Int) throws(SystemError) {
        try Self.check(cepoll_add_listener(fd, listener, Int64(tag)))
    }

    /// Sleeps until something is ready or `deadline` is reached; `nil` waits for ever.
    /// - Returns: how many tags `tag(at:)` now holds; 0 at the deadline or when a signal interrupted the wait.
    public func wait(until deadline: MonotonicTime?) throws(SystemError) -> Int {
        let limit = deadline.map { max(0, $0 - cepoll_now()) } ?? -1
        let count = cepoll_wait(fd, tags, limit)
        if count >= 0 { return Int(count) }
        if count == -EINTR { return 0 }
        throw SystemError("epoll_pwait2", -count)
    }

    /// - Parameter index: below what the last `wait` returned.
    public func tag(at index: Int) -> Int { Int(tags[index]) }

    private static func check(_ result: Int32) throws(SystemError) {
        if result < 0 { throw SystemError("epoll_ctl", -result) }
    }
}

/// Sleeps. For retries only; whoever waits for sockets uses `Poller`.
public func pause(nanoseconds: Int) {
    var duration = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    nanosleep(&duration, nil)
}
