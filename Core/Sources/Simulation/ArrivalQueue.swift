// SPDX-License-Identifier: Apache-2.0
// Isobar

/// First come, first served, with a way back to the front for sequences that were pre-empted or did not fit.
///
/// - Cost: amortised O(1) to append, pop and put back; O(n) to remove by id.
struct ArrivalQueue {
    /// Next is last. Everything here is older than everything in `arrivals`.
    private var returned: [SequenceState] = []
    private var arrivals: [SequenceState] = []
    private var head = 0

    var count: Int { returned.count + arrivals.count - head }

    mutating func append(_ sequence: SequenceState) { arrivals.append(sequence) }

    mutating func putBack(_ sequence: SequenceState) { returned.append(sequence) }

    mutating func popFirst() -> SequenceState? {
        if let sequence = returned.popLast() { return sequence }
        guard head < arrivals.count else { return nil }
        defer { dropTakenHalf() }
        head += 1
        return arrivals[head - 1]
    }

    mutating func remove(_ id: UInt64) -> Bool {
        if let index = returned.firstIndex(where: { $0.request.id == id }) {
            returned.remove(at: index)
        } else if let index = arrivals[head...].firstIndex(where: { $0.request.id == id }) {
            arrivals.remove(at: index)
        } else {
            return false
        }
        return true
    }

    /// Keeps memory within twice the waiting requests without moving them on each pop.
    private mutating func dropTakenHalf() {
        guard head > arrivals.count / 2 else { return }
        arrivals.removeFirst(head)
        head = 0
    }
}
