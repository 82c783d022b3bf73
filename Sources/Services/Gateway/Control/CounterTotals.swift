// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Counters of all loops added up, by name.
struct CounterTotals {
    private(set) var endpoints: [String: EndpointCounters] = [:]
    private(set) var keys: [String: KeyCounters] = [:]
    private(set) var routes: [String: RouteCounters] = [:]
    private(set) var unrouted = OutcomeCounts(repeating: 0)

    init(_ reports: [LoopReport]) {
        for report in reports {
            for counters in report.counters.endpoints {
                endpoints[counters.name, default: EndpointCounters(name: counters.name)].add(counters)
            }
            for counters in report.counters.keys {
                keys[counters.name, default: KeyCounters(name: counters.name)].add(counters)
            }
            for counters in report.counters.routes {
                routes[counters.name, default: RouteCounters(name: counters.name)].add(counters)
            }
            unrouted.add(report.counters.unrouted)
        }
    }
}

extension EndpointCounters {
    var requestsTotal: UInt64 { requests.total }
    var failuresTotal: UInt64 { failures.total }

    mutating func add(_ other: EndpointCounters) {
        requests.add(other.requests)
        failures.add(other.failures)
        attempts &+= other.attempts
        hedges &+= other.hedges
        inputTokens &+= other.inputTokens
        cachedInputTokens &+= other.cachedInputTokens
        outputTokens &+= other.outputTokens
        media.add(other.media)
        cost += other.cost
        unpricedRequests &+= other.unpricedRequests
        estimatedRequests &+= other.estimatedRequests
        duration.add(other.duration)
        timeToFirstToken.add(other.timeToFirstToken)
        timePerOutputToken.add(other.timePerOutputToken)
        inputTokenUsage.add(other.inputTokenUsage)
        outputTokenUsage.add(other.outputTokenUsage)
    }
}

extension KeyCounters {
    mutating func add(_ other: KeyCounters) {
        requests &+= other.requests
        inputTokens &+= other.inputTokens
        outputTokens &+= other.outputTokens
        media.add(other.media)
        spend += other.spend
    }
}

extension RouteCounters {
    mutating func add(_ other: RouteCounters) { requests.add(other.requests) }
}

extension InlineArray where Element == UInt64 {
    var total: UInt64 {
        var sum: UInt64 = 0
        for i in indices { sum &+= self[i] }
        return sum
    }

    mutating func add(_ other: Self) {
        for i in indices { self[i] &+= other[i] }
    }
}
