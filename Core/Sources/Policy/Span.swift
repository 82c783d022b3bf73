// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// The moments at which something counts, with the clock's possible error taken off or added: `first ... last`.
struct Span: Hashable {
    let first: WallTime
    let last: WallTime

    /// A permission: begins late and ends early. Both ends must be stated; otherwise it never counts.
    init(permissionFrom start: WallTime?, to end: WallTime?, clockError: TimeSpan) {
        guard let start, let end else {
            self = .never
            return
        }
        first = start + clockError
        last = end - clockError
    }

    /// A prohibition: begins early and ends late. An end that is not stated does not come.
    init(prohibitionFrom start: WallTime?, to end: WallTime?, clockError: TimeSpan) {
        first = (start ?? .distantPast) - clockError
        last = (end ?? .distantFuture) + clockError
    }

    private init(first: WallTime, last: WallTime) {
        self.first = first
        self.last = last
    }

    static let never = Span(first: .distantFuture, last: .distantPast)

    func contains(_ time: WallTime) -> Bool { first <= time && time <= last }

    /// Moments from which on `contains` may give another answer.
    var breakpoints: [WallTime] {
        guard first <= last else { return [] }
        return last == .distantFuture ? [first] : [first, last + .nanoseconds(1)]
    }
}
