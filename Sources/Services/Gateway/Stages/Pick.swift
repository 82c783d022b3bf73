// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Stage 6: from here on the attempt machine says what happens; the exchange performs it and reports back.
enum Pick {
    static func begin(_ exchange: Exchange) {
        let worker = exchange.worker
        let route = worker.generation.routeOptions[Int(exchange.features.route.index)]
        exchange.routeCounters = worker.generation.routeSlots[Int(exchange.features.route.index)]
        worker.requestsInFlight += 1
        exchange.isInFlight = true
        if exchange.headers.wantsExplanation { exchange.explanation = explain(exchange) }
        var retry = route.retry
        // A client that retries by itself multiplies our retries by its own.
        if exchange.headers.isRetry { retry.attemptsMax = min(retry.attemptsMax, 2) }
        exchange.machine = AttemptMachine(retry: retry, hedge: route.hedge, startedAt: exchange.now)
        exchange.handle(.begin)
    }

    private static func explain(_ exchange: Exchange) -> [UInt8] {
        let lines = exchange.worker.router.explain(
            exchange.features, within: exchange.admissible, now: exchange.now, residency: exchange.residencyText
        ).lines
        return lines.flatMap { Array("x-isobar-explain: \($0)\r\n".utf8) }
    }
}
