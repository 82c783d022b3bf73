// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem

/// Anything an `EventLoop` can wake: a socket, a listener, a timer.
///
/// A source lives in one slot of one loop. Its identity towards the kernel is slot + generation, so that an event that
/// was queued for a closed descriptor can never reach the next owner of the same number.
///
/// Every source has one `deadline`. Moving it later costs a store: the heap entry fires early, sees the new value and
/// re-arms itself. A connection that serves requests all day therefore almost never touches the timer heap.
/// - Threading: confined to its loop's thread.
open class EventSource {
    /// Strong although the loop also holds its sources: a `let` is read without reference counting, and
    /// `EventLoop.remove` ends the cycle.
    public final let loop: EventLoop
    final var slot: UInt32 = .max
    final var generation: UInt32 = 0

    /// Monotonic nanoseconds at which `deadlineReached` is called; `Int64.max` means never.
    public private(set) final var deadline: Int64 = .max
    /// Time of the earliest heap entry that names this source.
    final var armedAt: Int64 = .max

    public init(loop: EventLoop) { self.loop = loop }

    public final var isRegistered: Bool { slot != .max }

    /// Replaces the deadline.
    /// - Cost: a store when it moves later, a heap push when it moves earlier than anything armed.
    public final func setDeadline(_ time: Int64) {
        deadline = time
        if time < armedAt { loop.arm(self, at: time) }
    }

    public final func clearDeadline() { deadline = .max }

    /// Kernel events arrived: a mask of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    open func ready(_ events: UInt32) {}

    /// The deadline passed. It was cleared before the call.
    open func deadlineReached() {}

    /// Asked for by `EventLoop.runSoon`: once, later in this iteration or in the next one.
    open func resumed() {}
}
