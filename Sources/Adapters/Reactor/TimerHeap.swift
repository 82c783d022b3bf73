// SPDX-License-Identifier: Apache-2.0
// Isobar

struct TimerEntry {
    var time: Int64
    var slot: UInt32
    var generation: UInt32
}

/// A binary min-heap of wake-up times. Entries are never removed early: a stale one is recognised by its owner when it
/// fires.
struct TimerHeap {
    private var entries: [TimerEntry] = []

    /// Monotonic nanoseconds of the next entry; `Int64.max` when empty.
    private(set) var earliest: Int64 = .max

    var count: Int { entries.count }

    mutating func push(_ entry: TimerEntry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].time < entries[parent].time else { break }
            entries.swapAt(child, parent)
            child = parent
        }
        earliest = entries[0].time
    }

    mutating func pop() -> TimerEntry? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        earliest = entries.first?.time ?? .max
        return first
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2)
            where child < entries.count && entries[child].time < entries[least].time {
                least = child
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
