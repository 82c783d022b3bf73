// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Reactor

/// A loop on the test's own thread that does a list of steps, each as soon as its condition holds: no waiting by the
/// clock.
///
/// Conditions are looked at after every iteration. On one thread, nothing they depend on can change in between.
final class Stage {
    let loop: EventLoop
    private var steps: [(condition: () -> Bool, action: () -> Void)] = []
    private static let patienceNanoseconds: Int64 = 20_000_000_000

    init() throws { loop = try EventLoop() }

    /// Once the steps before are done and `condition` holds, does `action`.
    func when(_ condition: @escaping () -> Bool, _ action: @escaping () -> Void = {}) {
        steps.append((condition, action))
    }

    /// Runs until every step is done, or records an issue when that takes too long.
    func run(sourceLocation: SourceLocation = #_sourceLocation) throws {
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

/// Bytes whose place can be told from their value, so that a lost or doubled stretch is seen.
func pattern(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
        for i in 0..<count { memory[i] = UInt8(truncatingIfNeeded: i &* 2_654_435_761 >> 13) }
        filled = count
    }
}

/// Whether all of `expected` arrived. Says where they part; megabytes in a failure's message would help nobody.
func expectSame(_ bytes: [UInt8]?, _ expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let bytes = bytes ?? []
    if bytes == expected { return }
    let place = zip(bytes, expected).prefix { $0 == $1 }.reduce(into: 0) { count, _ in count += 1 }
    Issue.record("\(bytes.count) of \(expected.count) bytes, the same up to \(place)", sourceLocation: sourceLocation)
}

/// SplitMix64: a failing run is its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
