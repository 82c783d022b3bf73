// SPDX-License-Identifier: Apache-2.0
// Isobar

// The holder's conversation with the ledger. At most one report per slice is under way; one that is not answered is
// made again with the same number, so that a grant is never made twice.
extension BudgetHolder {
    /// What the ledger should hear now: new spending, wishes, renewals, last words.
    ///
    /// The caller sends them and gives each answer to `apply`. Called about once a second, and at once when a request
    /// waits.
    public mutating func reports(now: Int64) -> [LeaseReport] {
        var reports: [LeaseReport] = []
        for index in accounts.indices {
            for position in slices[index].indices {
                closeIfOver(index, position, now: now)
                if let report = report(index, position, now: now) { reports.append(report) }
            }
        }
        return reports
    }

    private mutating func closeIfOver(_ index: Int, _ position: Int, now: Int64) {
        let slice = slices[index][position]
        let isOver = accounts[index].window.end(ofWindowAt: slice.window).map { $0 + timing.clockError <= now } ?? false
        if isOver || isRetired[index] { slices[index][position].isClosing = true }
    }

    private mutating func report(_ index: Int, _ position: Int, now: Int64) -> LeaseReport? {
        let slice = slices[index][position]
        if let sent = slice.reportedAt, now < sent + timing.answerMax { return nil }
        guard slice.reportedAt != nil || hasNews(slice, accounts[index], now: now) else { return nil }
        if slice.isShort || slice.isClosing { slices[index][position].returned += surplus(slice) }
        if slice.reportedAt == nil { ask(&slices[index][position]) }
        slices[index][position].reportedAt = now
        slices[index][position].spentReported = slice.spent
        slices[index][position].hasSaidLast = slice.isClosing && slice.reserved == 0
        let asking = slices[index][position]
        return LeaseReport(
            account: accounts[index], window: slice.window, epoch: slice.epoch, sequence: slice.sequence,
            spent: slice.spent, returned: asking.returned, least: asking.leastReported,
            want: slice.isClosing ? 0 : want(asking, isEnforced: accounts[index].isEnforced),
            isFinal: asking.hasSaidLast)
    }

    /// Takes the wishes so far into a report. Those that come while it is under way wait for the next one: its answer says
    /// nothing about them.
    private func ask(_ slice: inout BudgetSlice) {
        slice.askedLeast = slice.wantedLeast
        slice.askedTotal = slice.wantedTotal
        slice.wantedLeast = 0
        slice.wantedTotal = 0
        slice.leastReported = slice.isClosing ? 0 : max(0, slice.askedLeast - max(0, slice.free))
        slice.grantedAtReport = slice.granted
    }

    private func hasNews(_ slice: BudgetSlice, _ account: BudgetAccount, now: Int64) -> Bool {
        if slice.isClosing { return slice.reserved == 0 || slice.free > 0 }
        if slice.spent != slice.spentReported || slice.wantedTotal > 0 { return true }
        if slice.isShort, surplus(slice) > 0 { return true }
        guard slice.expiresAt != .min, slice.free > 0 || slice.reserved > 0 else { return false }
        return now >= slice.expiresAt - 2 * timing.lease / 3
    }

    /// Units that are held and not likely to be needed before the next report.
    private func surplus(_ slice: BudgetSlice) -> Int64 {
        let needed = slice.isClosing ? 0 : 2 * slice.reservedSinceReport + slice.wantedTotal + slice.askedTotal
        return max(0, slice.free - needed)
    }

    private func want(_ slice: BudgetSlice, isEnforced: Bool) -> Int64 {
        guard isEnforced else { return 0 }
        let (total, overflow) = slice.askedTotal.addingReportingOverflow(2 * slice.reservedSinceReport)
        return max(0, (overflow ? .max : total) - max(0, slice.free))
    }

    /// Takes an answer in. One that is late, doubled or about another lease changes nothing it should not.
    public mutating func apply(_ answer: LeaseAnswer, now: Int64) {
        guard let index = names[answer.account],
            let position = slices[index].firstIndex(where: { $0.window == answer.window }),
            slices[index][position].epoch == answer.epoch
        else { return }
        slices[index][position].granted = max(slices[index][position].granted, answer.granted)
        if !answer.isClosed {
            slices[index][position].expiresAt = max(
                slices[index][position].expiresAt, answer.expiresAt - timing.clockError)
        }
        guard answer.sequence == slices[index][position].sequence else { return }
        noteAnswer(&slices[index][position], answer, now: now)
        if answer.isClosed { lose(index, position) }
    }

    private func noteAnswer(_ slice: inout BudgetSlice, _ answer: LeaseAnswer, now: Int64) {
        slice.sequence += 1
        slice.reportedAt = nil
        slice.isShort = answer.isShort
        if slice.leastReported > 0, answer.granted - slice.grantedAtReport < slice.leastReported {
            slice.refusedAmount = slice.askedLeast
            slice.refusedUntil = now + timing.refusal
        } else {
            slice.refusedUntil = .min
        }
        slice.askedLeast = 0
        slice.askedTotal = 0
        slice.leastReported = 0
        slice.reservedSinceReport = 0
    }

    /// The ledger has closed the lease. After the last word that is the end; before it, nothing new is reserved, and the
    /// last word follows when what is under way has ended.
    private mutating func lose(_ index: Int, _ position: Int) {
        if slices[index][position].hasSaidLast {
            slices[index].remove(at: position)
        } else {
            slices[index][position].isClosing = true
        }
    }
}
