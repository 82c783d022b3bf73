// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// How much a phase may issue. `nil` means no limit of that kind.
struct Budget {
    var requestsMax: Int?
    var duration: Int64?
}

/// When the requests of one phase begin, and how many there may be.
struct Pace {
    let begin: MonotonicTime
    /// When the next request of an idle client is to start.
    private(set) var next: MonotonicTime
    /// How much later the one after it.
    private let gap: Int64
    private let isOpen: Bool
    private let end: MonotonicTime
    private var issuesLeft: Int

    init(_ plan: Plan, _ budget: Budget, now: MonotonicTime) {
        begin = now
        next = now
        gap = plan.openGap ?? plan.ramp / Int64(plan.connections)
        isOpen = plan.openGap != nil
        end = budget.duration.map { now + $0 } ?? .max
        issuesLeft = budget.requestsMax ?? .max
    }

    /// Whether the budget allows another request. In the open loop the intended time counts, so a late phase still
    /// sends all of them.
    var mayIssue: Bool { issuesLeft > 0 && (isOpen ? next : monotonicNow()) < end }

    /// Whether the time of the next request of an idle client has come.
    var isDue: Bool { next <= monotonicNow() }

    /// - Returns: when the request that is due was to start.
    mutating func advance() -> MonotonicTime {
        defer { next += gap }
        return next
    }

    mutating func countIssued() { issuesLeft -= 1 }

    /// Nothing more is to be issued.
    mutating func stop() { issuesLeft = 0 }
}

extension Plan {
    /// Nanoseconds between two requests of the open loop; `nil` in the other modes.
    var openGap: Int64? {
        if case .open(let rate) = mode { return 1_000_000_000 / Int64(rate) }
        return nil
    }
}
