// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Synchronization

/// Counters of addresses, shared by all loops of a process, by `EndpointRecord.gaugeSlot`.
///
/// They are the only mutable memory that routing shares: limits and load belong to an address, not to the loop that
/// happens to use it. Each slot has a cache line of its own, so that loops on different endpoints never contend.
/// - Threading: any thread, any time. Every operation is one relaxed atomic or a short compare-and-exchange loop; none
///   orders other memory.
// Proof for @unchecked: the only stored property is a pointer to atomics, fixed from `init` to `deinit`.
public final class EndpointGauges: @unchecked Sendable {
    public static let slotsMax = 4096

    let slots: UnsafeMutablePointer<GaugeSlot>

    public init() {
        // One page-aligned block: 4096 slots × 64 bytes = 256 KiB, touched only where endpoints exist.
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: Self.slotsMax * MemoryLayout<GaugeSlot>.stride, alignment: 4096)
        slots = memory.bindMemory(to: GaugeSlot.self, capacity: Self.slotsMax)
        for i in 0..<Self.slotsMax { (slots + i).initialize(to: GaugeSlot()) }
    }

    deinit {
        slots.deinitialize(count: Self.slotsMax)
        UnsafeMutableRawPointer(slots).deallocate()
    }

    /// Requests at the address now.
    public func inFlight(_ slot: Int) -> Int { self[slot].pointee.inFlight.load(ordering: .relaxed) }
    public func addInFlight(_ slot: Int) { self[slot].pointee.addInFlight() }
    public func subtractInFlight(_ slot: Int) { self[slot].pointee.subtractInFlight() }

    /// Requests waiting inside the model server when it was last probed, and when that was. `nil`: never reported.
    public func queued(_ slot: Int) -> (requests: Int, at: Instant)? {
        let at = self[slot].pointee.queuedAt.load(ordering: .relaxed)
        guard at != Int64.min else { return nil }
        return (self[slot].pointee.queued.load(ordering: .relaxed), Instant(nanoseconds: at))
    }

    public func storeQueued(_ slot: Int, _ requests: Int, at now: Instant) {
        self[slot].pointee.queued.store(max(0, requests), ordering: .relaxed)
        self[slot].pointee.queuedAt.store(now.nanoseconds, ordering: .relaxed)
    }

    /// Share of the token budget that is free, 0 (none) to 1 (all).
    public func tokenHeadroom(_ slot: Int, now: Instant) -> Double {
        1 - min(1, self[slot].pointee.tokens.used(now: now))
    }
    public func requestHeadroom(_ slot: Int, now: Instant) -> Double {
        1 - min(1, self[slot].pointee.requests.used(now: now))
    }

    public func reserveTokens(_ slot: Int, _ tokens: Int, perMinute: Int, now: Instant) {
        self[slot].pointee.tokens.reserve(tokens, perMinute: perMinute, now: now)
    }

    public func reserveRequest(_ slot: Int, perMinute: Int, now: Instant) {
        self[slot].pointee.requests.reserve(1, perMinute: perMinute, now: now)
    }

    /// Corrects an earlier reservation by the difference to what was really used; negative gives back.
    public func settleTokens(_ slot: Int, difference: Int, perMinute: Int) {
        self[slot].pointee.tokens.settle(difference, perMinute: perMinute)
    }

    private subscript(slot: Int) -> UnsafeMutablePointer<GaugeSlot> {
        precondition(slot >= 0 && slot < Self.slotsMax, "gauge slot \(slot) of \(Self.slotsMax)")
        return slots + slot
    }
}

/// One address's counters; exactly one cache line.
struct GaugeSlot: ~Copyable {
    let inFlight = Atomic<Int>(0)
    let queued = Atomic<Int>(0)
    let queuedAt = Atomic<Int64>(.min)
    let tokens = RateGauge()
    let requests = RateGauge()
    private let padding = InlineArray<3, UInt64>(repeating: 0)

    func addInFlight() { inFlight.add(1, ordering: .relaxed) }
    func subtractInFlight() { inFlight.subtract(1, ordering: .relaxed) }
}
