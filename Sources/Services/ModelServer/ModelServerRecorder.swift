// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Counts of values at or below fixed bounds, as Prometheus wants them.
struct Histogram {
    let bounds: [Double]
    /// One per bound, and one for what is above all of them. Not cumulative.
    private(set) var counts: [UInt64]
    private(set) var sum = 0.0
    private(set) var count: UInt64 = 0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func record(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
        count += 1
    }
}

/// What the reference model server measured about its own answers, in wall-clock seconds.
///
/// - Threading: confined to the server's loop.
final class ModelServerRecorder {
    // Bounds of vLLM (vllm/v1/metrics/loggers.py, read 2026-11), so that dashboards made for it fit.
    private(set) var timeToFirstToken = Histogram(
        bounds: [
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
            2_560,
        ])
    private(set) var interTokenLatency = Histogram(
        bounds: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80])
    private(set) var requestLatency = Histogram(
        bounds: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680])
    /// Ended sequences by reason; `abort` when the client left.
    private(set) var endedByReason: [(reason: String, count: Int)] = [("stop", 0), ("length", 0), ("abort", 0)]

    func firstToken(nanoseconds: Int64) { timeToFirstToken.record(Double(nanoseconds) / 1e9) }
    func nextToken(nanoseconds: Int64) { interTokenLatency.record(Double(nanoseconds) / 1e9) }
    func request(nanoseconds: Int64) { requestLatency.record(Double(nanoseconds) / 1e9) }

    func finished(_ finish: PlannedAnswer.Finish) { endedByReason[finish == .length ? 1 : 0].count += 1 }
    func aborted(choices: Int) { endedByReason[2].count += choices }
}

/// Times of one request's tokens.
struct RequestTiming {
    let startedAt: Int64
    private var lastTokenAt: [Int64?]

    init(startedAt: Int64, choices: Int) {
        self.startedAt = startedAt
        lastTokenAt = Array(repeating: nil, count: choices)
    }

    mutating func token(choice: Int, at now: Int64, into recorder: ModelServerRecorder) {
        if let last = lastTokenAt[choice] {
            recorder.nextToken(nanoseconds: now - last)
        } else {
            recorder.firstToken(nanoseconds: now - startedAt)
        }
        lastTokenAt[choice] = now
    }

    func finished(at now: Int64, into recorder: ModelServerRecorder) { recorder.request(nanoseconds: now - startedAt) }
}
