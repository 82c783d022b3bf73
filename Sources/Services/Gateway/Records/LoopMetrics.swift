// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Routing

/// Counts by `RequestOutcome`, in place: an array would be reference-counted at every step.
public typealias OutcomeCounts = InlineArray<12, UInt64>
/// Counts by `FailureKind`.
public typealias FailureCounts = InlineArray<20, UInt64>

/// What happened at one endpoint. Written by one loop, added up by whoever reports.
public struct EndpointCounters: Sendable {
    public let name: String
    public var requests = OutcomeCounts(repeating: 0)
    public var attempts: UInt64 = 0
    public var hedges: UInt64 = 0
    /// Failed attempts by `FailureKind`.
    public var failures = FailureCounts(repeating: 0)
    public var inputTokens: Int64 = 0
    public var cachedInputTokens: Int64 = 0
    public var outputTokens: Int64 = 0
    public var media = MediaUsage()
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
    public var media = MediaUsage()
    public var spend = Money.zero
}

/// Requests of one route by outcome.
public struct RouteCounters: Sendable {
    public let name: String
    public var requests = OutcomeCounts(repeating: 0)
}

/// All counters of one loop, as values to hand over.
public struct LoopCounters: Sendable {
    public var endpoints: [EndpointCounters] = []
    public var keys: [KeyCounters] = []
    public var routes: [RouteCounters] = []
    /// Requests that ended before a route was known, by outcome.
    public var unrouted = OutcomeCounts(repeating: 0)
    public var connectionsAccepted: UInt64 = 0
    public var connectionsRefused: UInt64 = 0
}

/// The counters of one loop. A name keeps its position for the life of the process, whatever configurations come and
/// go.
/// - Limits: names are bounded by the configuration's own limits times the number of reloads that rename everything.
/// - Threading: confined to its loop.
final class LoopMetrics {
    private(set) var counters = LoopCounters()
    private var endpointSlots: [String: Int] = [:]
    private var keySlots: [String: Int] = [:]
    private var routeSlots: [String: Int] = [:]
    private var endpointNames: [UnsafeRawBufferPointer] = []
    private var keyNames: [UnsafeRawBufferPointer] = []
    private var routeNames: [UnsafeRawBufferPointer] = []

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
            endpointNames.append(Self.kept(name))
        }
    }

    func keySlot(named name: String) -> Int {
        Self.slot(name, in: &keySlots) {
            counters.keys.append(KeyCounters(name: name))
            keyNames.append(Self.kept(name))
        }
    }

    func routeSlot(named name: String) -> Int {
        Self.slot(name, in: &routeSlots) {
            counters.routes.append(RouteCounters(name: name))
            routeNames.append(Self.kept(name))
        }
    }

    private static func slot(_ name: String, in slots: inout [String: Int], append: () -> Void) -> Int {
        if let slot = slots[name] { return slot }
        let slot = slots.count
        slots[name] = slot
        append()
        return slot
    }

    /// Names as bytes that live as long as the process: heads and log lines copy them on every request.
    func endpointName(_ slot: Int) -> UnsafeRawBufferPointer { endpointNames[slot] }
    func keyName(_ slot: Int) -> UnsafeRawBufferPointer { keyNames[slot] }
    func routeName(_ slot: Int) -> UnsafeRawBufferPointer { routeNames[slot] }

    private static func kept(_ name: String) -> UnsafeRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: name.utf8.count, alignment: 1)
        memory.copyBytes(from: name.utf8)
        return UnsafeRawBufferPointer(memory)
    }

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
        if let principal = exchange.principal { counters.keys[principal.slot].record(bill) }
        guard exchange.isInFlight else {
            counters.unrouted[outcome] &+= 1
            return
        }
        counters.routes[exchange.routeCounters].requests[outcome] &+= 1
        guard exchange.machine.attempts > 0 else { return }
        let isAnswered = exchange.machine.committedSlot != nil
        let slot = exchange.attempts[exchange.answeringSlot].counters
        counters.endpoints[slot].record(outcome, exchange.timing, isAnswered ? bill : nil)
    }
}

extension KeyCounters {
    fileprivate mutating func record(_ bill: Meter.Bill) {
        requests &+= 1
        inputTokens &+= bill.usage.input
        outputTokens &+= bill.usage.output
        media.add(bill.media)
        if let cost = bill.cost { spend += cost }
    }
}

extension EndpointCounters {
    /// - Parameter bill: `nil` when no content came.
    fileprivate mutating func record(_ outcome: Int, _ timing: RequestTiming, _ bill: Meter.Bill?) {
        requests[outcome] &+= 1
        duration.record(timing.finished - timing.received)
        guard let bill else { return }
        inputTokens &+= bill.usage.input
        cachedInputTokens &+= bill.usage.cachedInput
        outputTokens &+= bill.usage.output
        media.add(bill.media)
        if let price = bill.cost { cost += price } else { unpricedRequests &+= 1 }
        if bill.isEstimated { estimatedRequests &+= 1 }
        inputTokenUsage.record(bill.usage.input)
        outputTokenUsage.record(bill.usage.output)
        timeToFirstToken.record(timing.firstContent - timing.received)
        if bill.usage.output > 1, timing.lastContent > timing.firstContent {
            timePerOutputToken.record((timing.lastContent - timing.firstContent) / (bill.usage.output - 1))
        }
    }
}

extension MediaUsage {
    mutating func add(_ other: MediaUsage) {
        audioMilliseconds &+= other.audioMilliseconds
        images &+= other.images
        searches &+= other.searches
        characters &+= other.characters
    }
}
