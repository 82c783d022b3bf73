// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor

/// Stage 5: is there room in this process. Endpoints' own limits are the router's business.
enum Admit {
    static func check(_ exchange: Exchange) -> Refusal? {
        let worker = exchange.worker
        guard worker.requestsInFlight < worker.limits.requestsInFlightMax,
            worker.loop.buffers.bytesInUse < worker.limits.bufferBytesMax
        else { return .overloaded }
        if let audit = worker.audit, audit.isBehind { return .overloaded }
        return nil
    }
}
