// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a holder has of one account in one window.
///
/// All counters but `reserved` only grow while the lease lives, so that a report or an answer that arrives twice or late
/// changes nothing.
struct BudgetSlice {
    var window: Int64
    /// Number of the holder's lease on this account and window; a new one starts when the old one is closed.
    var epoch: Int64
    /// Units that the ledger has ever granted under this lease.
    var granted: Int64 = 0
    /// Units of ended requests.
    var spent: Int64 = 0
    /// Units given back to the ledger.
    var returned: Int64 = 0
    /// Units of requests under way.
    var reserved: Int64 = 0
    /// From this second on nothing is reserved: the ledger may count the slice as spent.
    var expiresAt: Int64 = .min
    /// The smallest amount the ledger last had not enough for, and until when that answer is believed.
    var refusedAmount: Int64 = .max
    var refusedUntil: Int64 = .min
    /// The smallest amount that a request waits for, and all such amounts together; 0: none waits.
    var wantedLeast: Int64 = 0
    var wantedTotal: Int64 = 0
    /// The same for those that the report under way asks for.
    var askedLeast: Int64 = 0
    var askedTotal: Int64 = 0
    /// What that report says must come at least, and what had been granted when it was made.
    var leastReported: Int64 = 0
    var grantedAtReport: Int64 = 0
    /// Units reserved since the last report: how fast it is used.
    var reservedSinceReport: Int64 = 0
    /// Number of the report that is under way or comes next.
    var sequence: Int64 = 1
    /// When the report under way was made; `nil`: none is.
    var reportedAt: Int64?
    /// What the last report said of `spent`.
    var spentReported: Int64 = 0
    /// The ledger has little left: what is not needed goes back.
    var isShort = false
    /// No more reservations: the window is over, the account or the lease is gone. Closes when nothing is reserved.
    var isClosing = false
    /// The last report said so.
    var hasSaidLast = false

    /// Units that may still be reserved. Negative after more was used than had been reserved.
    var free: Int64 { granted - spent - returned - reserved }

    mutating func want(_ amount: Int64) {
        wantedLeast = wantedLeast == 0 ? amount : min(wantedLeast, amount)
        wantedTotal += amount
    }

    func canReserve(_ amount: Int64, now: Int64) -> Bool { !isClosing && now < expiresAt && free >= amount }
    func isKnownDry(for amount: Int64, now: Int64) -> Bool { now < refusedUntil && amount >= refusedAmount }
}
