// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
public import Routing
internal import Synchronization

/// State of one loop as values.
public struct LoopReport: Sendable {
    public let snapshot: RoutingSnapshot
    public let counters: LoopCounters
    /// By `EndpointID` of `snapshot`.
    public let endpoints: [EndpointView]
    public let connections: Int
    public let requestsInFlight: Int
    public let bufferBytes: Int
    public let connectionsShed: Int
    public let iterations: UInt64

    init(_ worker: Worker) {
        snapshot = worker.generation.snapshot
        counters = worker.metrics.counters
        let now = Instant(nanoseconds: worker.loop.now)
        endpoints = snapshot.endpoints.indices.map { worker.router.view(EndpointID($0), now: now) }
        connections = worker.connectionCount
        requestsInFlight = worker.requestsInFlight
        bufferBytes = worker.loop.buffers.bytesInUse
        connectionsShed = worker.connectionsShed
        iterations = worker.loop.iterations
    }
}

/// Collects one value from each of several threads.
final class Gathering: Sendable {
    private let reports = Mutex<[LoopReport]>([])
    private let expected: Int
    private let completion: @Sendable ([LoopReport]) -> Void

    init(expected: Int, _ completion: @escaping @Sendable ([LoopReport]) -> Void) {
        self.expected = expected
        self.completion = completion
    }

    func add(_ report: LoopReport) {
        let all = reports.withLock { reports in
            reports.append(report)
            return reports.count == expected ? reports : nil
        }
        if let all { completion(all) }
    }
}
