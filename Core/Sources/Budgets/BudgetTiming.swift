// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How long things of budgets last, in seconds. Holders and ledger must be given the same.
public struct BudgetTiming: Equatable, Sendable {
    /// A slice that its holder does not renew may be taken back this long after the last report.
    public var lease: Int64
    /// Longest time between a reservation and its end.
    public var requestMax: Int64
    /// Clocks of two machines differ by at most this much. A holder stops that much early, the ledger waits as much
    /// longer.
    public var clockError: Int64
    /// How long an account that had not enough left is believed not to have it.
    public var refusal: Int64
    /// A report without an answer is sent again after this time.
    public var answerMax: Int64

    public init(
        lease: Int64 = 30, requestMax: Int64 = 600, clockError: Int64 = 2, refusal: Int64 = 1, answerMax: Int64 = 2
    ) {
        precondition(lease > 3 * (clockError + answerMax), "a lease outlives several reports")
        self.lease = lease
        self.requestMax = requestMax
        self.clockError = clockError
        self.refusal = refusal
        self.answerMax = answerMax
    }
}
