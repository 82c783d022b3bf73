// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Reactor
public import Testing

/// A loop on the test's own thread that does a list of steps, each as soon as its condition holds: no waiting by the
/// clock.
///
/// Conditions are looked at after every iteration. On one thread, nothing they depend on can change in between.
public final class Stage {
    public let loop: EventLoop
    private var steps: [(condition: () -> Bool, action: () -> Void)] = []
    private static let patienceNanoseconds: Int64 = 20_000_000_000

    public init() throws { loop = try EventLoop() }

    /// Once the steps before are done and `condition` holds, does `action`.
    public func when(_ condition: @escaping () -> Bool, _ action: @escaping () -> Void = {}) {
        steps.append((condition, action))
    }

    /// Runs until every step is done, or records an issue when that takes too long.
    public func run(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let total = steps.count
        let guardian = try LoopTimer(loop: loop, at: loop.now + Self.patienceNanoseconds) { [self] in
            Issue.record("step \(total - steps.count + 1) of \(total) did not come", sourceLocation: sourceLocation)
            steps = []
        }
        loop.endOfIteration = { [self] in advance() }
        advance()
        loop.run()
        loop.endOfIteration = nil
        guardian.cancel()
    }

    private func advance() {
        while let step = steps.first, step.condition() {
            steps.removeFirst()
            step.action()
        }
        if steps.isEmpty { loop.stop() }
    }
}
