// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import Synchronization

/// The order in which one loop stops.
///
/// 1. Steer new connections to another process on the port; keep accepting those already on their way here.
/// 2. After `handover`, take the rest of the accept queue and close the listener. Answers from now on say `connection:
///    close`.
/// 3. After `idleGrace`, close connections that ask nothing. Before, a caller may be about to use one. One whose stream
///    had begun before step 1 gets the same grace after its end.
/// 4. At the deadline, cut what is left.
final class DrainSchedule {
    private let worker: Worker
    private let deadline: Int64
    private var timers: [LoopTimer] = []

    private static let handoverNanoseconds: Int64 = 300_000_000
    static let idleGraceNanoseconds: Int64 = 1_300_000_000

    init(_ worker: Worker, _ deadlineNanoseconds: Int64) {
        self.worker = worker
        deadline = worker.loop.now + deadlineNanoseconds
    }

    func begin(steeringTo index: UInt32, completion: @escaping () -> Void) {
        worker.beginDrain(steeringTo: index) { [self] in
            for timer in timers { timer.cancel() }
            timers = []
            worker.accessLog?.flush()
            completion()
        }
        at(Self.handoverNanoseconds) { [worker] in worker.stopListening() }
        at(Self.idleGraceNanoseconds) { [worker] in worker.closeIdleConnections() }
        at(max(deadline - worker.loop.now, Self.idleGraceNanoseconds)) { [worker] in worker.closeAllConnections() }
    }

    private func at(_ delay: Int64, _ action: @escaping () -> Void) {
        if let timer = try? LoopTimer(loop: worker.loop, at: worker.loop.now + delay, fire: action) {
            timers.append(timer)
        }
    }
}

/// Runs a completion when the last of several threads has arrived.
final class Countdown: Sendable {
    private let remaining: Atomic<Int>
    private let completion: @Sendable () -> Void

    init(_ count: Int, _ completion: @escaping @Sendable () -> Void) {
        remaining = Atomic(count)
        self.completion = completion
    }

    func arrive() {
        if remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { completion() }
    }
}
