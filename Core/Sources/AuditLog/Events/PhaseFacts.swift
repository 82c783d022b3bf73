// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// What the two-phase rule needs of an entry.
public struct PhaseFacts: Equatable, Sendable {
    public var phase: RequestEvent.Phase
    public var requestID: UInt64
    public var attempt: UInt8
    public var isFinal: Bool

    public init(phase: RequestEvent.Phase, requestID: UInt64, attempt: UInt8, isFinal: Bool) {
        self.phase = phase
        self.requestID = requestID
        self.attempt = attempt
        self.isFinal = isFinal
    }

    public init(_ event: RequestEvent) {
        self.init(phase: event.phase, requestID: event.requestID, attempt: event.attempt, isFinal: event.isFinal)
    }

    /// `nil` for entries that are about no request.
    public init?(_ entry: JSONValue) {
        let ours = entry["unmapped"]?["isobar"]
        let phases: [String: RequestEvent.Phase] = ["intent": .intent, "outcome": .outcome, "denial": .denial]
        guard let phase = ours?["phase"]?.stringValue.flatMap({ phases[$0] }),
            let text = entry["metadata"]?["correlation_uid"]?.stringValue, text.utf8.count == 16,
            let request = UInt64(text, radix: 16), let number = ours?["attempt"]?.integerValue,
            let attempt = UInt8(exactly: number)
        else { return nil }
        self.init(phase: phase, requestID: request, attempt: attempt, isFinal: ours?["final"]?.boolValue ?? false)
    }
}

/// The two-phase rule: every attempt has one intent and then one outcome, and every request one last word.
public struct PhaseLedger: Sendable {
    public enum Violation: Error, Equatable, Sendable {
        case secondIntent, outcomeWithoutIntent, lastWordWhileOpen, attemptOutOfRange
    }

    /// A request without its last word.
    private struct Open: Sendable {
        /// Of its first intent.
        var index: UInt64
        var seen: UInt64 = 0
        var running: UInt64 = 0
    }

    /// Attempts are numbered from 1, and bits of a word.
    public static let attemptMax: UInt8 = 63

    private var open: [UInt64: Open] = [:]
    /// Requests in the order of their first intent; those that are closed are dropped when they come to the front.
    private var order: [(requestID: UInt64, index: UInt64)] = []
    private var front = 0

    public init() {}

    public var openCount: Int { open.count }
    public var isEmpty: Bool { open.isEmpty }

    /// - Parameter index: of the entry in its log.
    public mutating func note(_ facts: PhaseFacts, at index: UInt64) throws(Violation) {
        guard facts.phase != .denial else { return }
        guard (1...Self.attemptMax).contains(facts.attempt) else { throw .attemptOutOfRange }
        let bit = UInt64(1) << UInt64(facts.attempt)
        switch facts.phase {
        case .intent: try begin(facts.requestID, bit, index)
        case .outcome: try end(facts.requestID, bit, isFinal: facts.isFinal)
        case .denial: break
        }
    }

    private mutating func begin(_ id: UInt64, _ bit: UInt64, _ index: UInt64) throws(Violation) {
        if open[id] == nil {
            open[id] = Open(index: index)
            order.append((id, index))
        }
        guard (open[id]?.seen ?? 0) & bit == 0 else { throw .secondIntent }
        open[id]?.seen |= bit
        open[id]?.running |= bit
    }

    private mutating func end(_ id: UInt64, _ bit: UInt64, isFinal: Bool) throws(Violation) {
        guard var request = open[id], request.running & bit != 0 else { throw .outcomeWithoutIntent }
        request.running &= ~bit
        guard isFinal else {
            open[id] = request
            return
        }
        guard request.running == 0 else { throw .lastWordWhileOpen }
        open[id] = nil
    }

    /// The first intent of the oldest request without its last word.
    public mutating func oldestOpen() -> UInt64? {
        while front < order.count, open[order[front].requestID]?.index != order[front].index { front += 1 }
        if front > 1_024, front * 2 > order.count {
            order.removeFirst(front)
            front = 0
        }
        return front < order.count ? order[front].index : nil
    }

    /// Requests without their last word, in the order of their first intents: the attempts that run, or, when none
    /// does, the last one that ran.
    public var unfinished: [(requestID: UInt64, running: [UInt8])] {
        open.sorted { $0.value.index < $1.value.index }.map { id, request in
            (id, (1...Self.attemptMax).filter { request.running & 1 << UInt64($0) != 0 })
        }
    }
}
