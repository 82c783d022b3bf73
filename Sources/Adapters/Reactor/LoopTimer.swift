// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A callback at a time, without a descriptor. Keep a reference: a timer that nobody cancels stays in its loop.
public final class LoopTimer: EventSource {
    private let fire: () -> Void

    /// - Parameter at: monotonic nanoseconds of the loop's clock.
    public init(loop: EventLoop, at time: Int64, fire: @escaping () -> Void) throws(ReactorError) {
        self.fire = fire
        super.init(loop: loop)
        try loop.add(self)
        setDeadline(time)
    }

    /// Sets the next time; also from inside the callback, for periodic work.
    public func reschedule(at time: Int64) { setDeadline(time) }

    public func cancel() { loop.remove(self) }

    public override func deadlineReached() { fire() }
}
