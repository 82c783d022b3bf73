// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Which shared counter belongs to which endpoint document, for the life of a process.
///
/// A name keeps its slot over all reloads, so that requests that began under an old snapshot are counted down where
/// they were counted up. The slot of a name that left is given away only when no unused slot is left, the longest gone
/// first: by then its last request has ended.
public struct GaugeSlots: Sendable {
    /// Same as the number of slots in the process's gauges.
    public static let slotsMax = 4_096

    private var slotOf: [String: Int] = [:]
    /// Names that left, in the order in which they did.
    private var departed: [String] = []
    private var nextUnused = 0

    public init() {}

    public subscript(name: String) -> Int? { slotOf[name] }

    /// Gives every name a slot and marks all others as departed.
    /// - Returns: `false`, with nothing changed, when there are more names than slots.
    public mutating func assign(_ names: [String]) -> Bool {
        let wanted = Set(names)
        guard wanted.count <= Self.slotsMax else { return false }
        let alreadyDeparted = Set(departed)
        departed = departed.filter { !wanted.contains($0) }
        departed += slotOf.keys.filter { !wanted.contains($0) && !alreadyDeparted.contains($0) }.sorted()
        for name in names where slotOf[name] == nil { slotOf[name] = takeSlot() }
        return true
    }

    /// Because: at most `slotsMax` names are wanted, some other name has departed when no slot is unused.
    private mutating func takeSlot() -> Int {
        if nextUnused < Self.slotsMax {
            nextUnused += 1
            return nextUnused - 1
        }
        let name = departed.removeFirst()
        guard let slot = slotOf.removeValue(forKey: name) else {
            preconditionFailure("departed name \(name) has no slot")
        }
        return slot
    }
}
