// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Neighbouring turns of one role, which the wire wants as one message.
struct TurnGroup {
    var role: Turn.Role
    /// Turns between them that say nothing included.
    var turns: Range<Int>
    var parts: Range<Int>
}

// A turn of which nothing can be said is as if it were not there, so that its neighbours become one.
extension AlternatingBody {
    /// The group from turn `next` on, which moves behind it; `nil` behind the last.
    mutating func nextGroup(_ next: inout Int) -> TurnGroup? {
        var group: TurnGroup?
        while next < conversation.turns.count {
            let turn = conversation.turns[next]
            if saysSomething(turn) {
                guard group?.role ?? turn.role == turn.role else { break }
                group = TurnGroup(
                    role: turn.role, turns: (group?.turns.lowerBound ?? next)..<(next + 1),
                    parts: (group?.parts.lowerBound ?? turn.start)..<turn.end)
            }
            next += 1
        }
        return group
    }

    private mutating func saysSomething(_ turn: Turn) -> Bool {
        var position = turn.start
        var says = false
        while position < turn.end {
            let part = conversation.parts[position]
            // Every part is asked, so that every loss is reported.
            if takes(part, turn.role) { says = true }
            position += 1 + part.childCount
        }
        return says
    }
}
