// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Routing

/// What happened at one endpoint. Written by one loop, added up by whoever reports.
public struct EndpointCounters: Sendable {
    public let name: String
    public var requests = [UInt64](repeating: 0, count: RequestOutcome.allCases.count)
    public var attempts: UInt64 = 0
    public var hedges: UInt64 = 0
    /// Failed attempts by `FailureKind`.
    public var failures = [UInt64](repeating: 0, count: FailureKind.allCases.count)
    public var inputTokens: Int64 = 0
    public var cachedInputTokens: Int64 = 0
    public var outputTokens: Int64 = 0
    public var cost = Money.zero
    /// Requests whose price is unknown.
    public var unpricedRequests: UInt64 = 0
    /// Requests whose tokens were estimated.
    public var estimatedRequests: UInt64 = 0
    public var duration = Histogram(.operation)
    public var timeToFirstToken = Histogram(.firstToken)
    public var timePerOutputToken = Histogram(.perToken)
    public var inputTokenUsage = Histogram(.tokens)
    public var outputTokenUsage = Histogram(.tokens)
}

/// What one key has used.
public struct KeyCounters: Sendable {
    public let name: String
    public var requests: UInt64 = 0
    public var inputTokens: Int64 = 0
    public var outputTokens: Int64 = 0
    public var spend = Money.zero
}

/// Requests of one route by outcome.
public struct RouteCounters: Sendable {
    public let name: String
    public var requests = [UInt64](repeating: 0, count: RequestOutcome.allCases.count)
}

/// All counters of one loop, as values to hand over.
public struct LoopCounters: Sendable {
    public var endpoints: [EndpointCounters] = []
    public var keys: [KeyCounters] = []
    public var routes: [RouteCounters] = []
    /// Requests that ended before a route was known, by outcome.
    public var unrouted = [UInt64](repeating: 0, count: RequestOutcome.allCases.count)
    public var connectionsAccepted: UInt64 = 0
    public var connectionsRefused: UInt64 = 0
}

/// The counters of one loop. A name keeps its position for the life of the process, whatever configurations come and go.
/// - Limits: names are bounded by the configuration's own limits times the number of reloads that rename everything.
/// - Threading: confined to its loop.
final class LoopMetrics {
    private(set) var counters = LoopCounters()
    private var endpointSlots: [String: Int] = [:]
    private var keySlots: [String: Int] = [:]
    private var routeSlots: [String: Int] = [:]
    private var endpointNames: [[UInt8]] = []
    private var keyNames: [[UInt8]] = []
    private var routeNames: [[UInt8]] = []

    var connectionsAccepted: UInt64 {
        get { counters.connectionsAccepted }
        set { counters.connectionsAccepted = newValue }
    }
    var connectionsRefused: UInt64 {
        get { counters.connectionsRefused }
        set { counters.connectionsRefused = newValue }
    }

    func endpointSlot(named name: String) -> Int {
        Self.slot(name, in: &endpointSlots) {
            counters.endpoints.append(EndpointCounters(name: name))
            endpointNames.append(Array(name.utf8))
        }
    }

    func keySlot(named name: String) -> Int {
        Self.slot(name, in: &keySlots) {
            counters.keys.append(KeyCounters(name: name))
            keyNames.append(Array(name.utf8))
        }
    }

    func routeSlot(named name: String) -> Int {
        Self.slot(name, in: &routeSlots) {
            counters.routes.append(RouteCounters(name: name))
            routeNames.append(Array(name.utf8))
        }
    }

    private static func slot(_ name: String, in slots: inout [String: Int], append: () -> Void) -> Int {
        if let slot = slots[name] { return slot }
        let slot = slots.count
        slots[name] = slot
        append()
        return slot
    }

    func endpointName(_ slot: Int) -> [UInt8] { endpointNames[slot] }
    func keyName(_ slot: Int) -> [UInt8] { keyNames[slot] }
    func routeName(_ slot: Int) -> [UInt8] { routeNames[slot] }

    func attemptBegan(_ endpoint: Int, isHedge: Bool) {
        counters.endpoints[endpoint].attempts &+= 1
        if isHedge { counters.endpoints[endpoint].hedges &+= 1 }
    }

    func attemptFailed(_ endpoint: Int, _ kind: FailureKind) {
        counters.endpoints[endpoint].failures[Int(kind.rawValue)] &+= 1
    }

    /// One request, at its end.
    func record(_ exchange: Exchange, _ bill: Meter.Bill) {
        let outcome = Int(exchange.outcome.rawValue)
        if let principal = exchange.principal { recordKey(principal.slot, bill) }
        guard exchange.isInFlight else {
            counters.unrouted[outcome] &+= 1
            return
        }
        counters.routes[exchange.routeCounters].requests[outcome] &+= 1
        guard exchange.machine.attempts > 0 else { return }
        recordEndpoint(exchange, bill, outcome)
    }

    private func recordKey(_ slot: Int, _ bill: Meter.Bill) {
        counters.keys[slot].requests &+= 1
        counters.keys[slot].inputTokens &+= bill.usage.input
        counters.keys[slot].outputTokens &+= bill.usage.output
        if let cost = bill.cost { counters.keys[slot].spend += cost }
    }

    private func recordEndpoint(_ exchange: Exchange, _ bill: Meter.Bill, _ outcome: Int) {
        let slot = exchange.attempts[exchange.answeringSlot].counters
        let timing = exchange.timing
        counters.endpoints[slot].requests[outcome] &+= 1
        counters.endpoints[slot].duration.record(timing.finished - timing.received)
        guard exchange.machine.committedSlot != nil else { return }
        counters.endpoints[slot].inputTokens &+= bill.usage.input
        counters.endpoints[slot].cachedInputTokens &+= bill.usage.cachedInput
        counters.endpoints[slot].outputTokens &+= bill.usage.output
        if let cost = bill.cost { counters.endpoints[slot].cost += cost } else { counters.endpoints[slot].unpricedRequests &+= 1 }
        if bill.isEstimated { counters.endpoints[slot].estimatedRequests &+= 1 }
        counters.endpoints[slot].inputTokenUsage.record(bill.usage.input)
        counters.endpoints[slot].outputTokenUsage.record(bill.usage.output)
        counters.endpoints[slot].timeToFirstToken.record(timing.firstContent - timing.received)
        if bill.usage.output > 1, timing.lastContent > timing.firstContent {
            counters.endpoints[slot].timePerOutputToken.record((timing.lastContent - timing.firstContent) / (bill.usage.output - 1))
        }
    }
}
