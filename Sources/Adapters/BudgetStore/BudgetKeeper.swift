// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Budgets
public import Logging
internal import Reactor
internal import SQLiteFile
internal import Synchronization

/// A process's conversation with the ledger, on a thread of its own: tells it what was used, asks for more, renews what
/// is held, and gives back what is not needed.
///
/// While the store is away, loops spend what they hold and no more; what was used is told when it is back.
public final class BudgetKeeper: @unchecked Sendable {
    // Proof of @unchecked: `shown` has a lock; the rest is touched on the keeper's thread only, after `init`.

    /// What the ledger last said of an account's current window.
    public struct Standing: Equatable, Sendable {
        public var window: Int64
        /// Units that nobody has used or holds.
        public var left: Int64
    }

    private let store: BudgetStore
    private let budgets: SharedBudgets
    private let holder: String
    private let unixSeconds: @Sendable () -> Int64
    private let answered: @Sendable () -> Void
    private let log: Logger
    private let loop: EventLoop
    private let thread: LoopThread
    private var timer: LoopTimer?
    private let shown = Mutex<(standings: [String: Standing], fault: String?)>(([:], nil))

    static let pauseNanoseconds: Int64 = 500_000_000

    /// Opens the store and begins.
    /// - Parameters:
    ///   - holder: this run of this process; no two runs share one.
    ///   - answered: called on the keeper's thread when reservations that waited may be tried again.
    /// - Throws: `SQLiteError` when the store cannot be opened.
    public init(
        path: String, timing: BudgetTiming, usageSeconds: Int64, holder: String, budgets: SharedBudgets,
        unixSeconds: @escaping @Sendable () -> Int64, log: Logger, answered: @escaping @Sendable () -> Void
    ) throws {
        store = try BudgetStore(path: path, timing: timing, usageSeconds: usageSeconds)
        self.budgets = budgets
        self.holder = holder
        self.unixSeconds = unixSeconds
        self.answered = answered
        self.log = log
        loop = try EventLoop()
        thread = try LoopThread(name: "budgets", loop: loop)
        let isAsked = Flag()
        budgets.onShortage { [loop, unowned self] in
            // Many requests may wait at once: one exchange serves them all.
            guard isAsked.raise() else { return }
            loop.submit {
                isAsked.lower()
                self.exchange()
            }
        }
        loop.submit { [self] in startTimer() }
    }

    public func standing(_ account: String) -> Standing? { shown.withLock { $0.standings[account] } }
    /// Why the store does not answer; `nil` while it does.
    public var fault: String? { shown.withLock(\.fault) }

    /// Gives everything back and ends the thread.
    public func close() {
        budgets.onShortage {}
        loop.submit { [self] in
            timer?.cancel()
            _ = budgets.adopt([])
            exchange()
        }
        loop.stop()
        thread.join()
    }

    private func startTimer() {
        do {
            timer = try LoopTimer(loop: loop, at: loop.now + Self.pauseNanoseconds) { [unowned self] in
                exchange()
                timer?.reschedule(at: loop.now + Self.pauseNanoseconds)
            }
        } catch {
            note(fault: "\(error)")
        }
    }

    private func exchange() {
        let now = unixSeconds()
        let reports = budgets.reports(now: now)
        let journal = budgets.takeJournal()
        guard !reports.isEmpty || !journal.isEmpty else { return }
        do throws(SQLiteError) {
            let answers = try store.exchange(holder: holder, reports, usage: journal, now: now)
            budgets.apply(answers, now: now)
            shown.withLock { shown in
                for answer in answers {
                    shown.standings[answer.account] = Standing(window: answer.window, left: answer.left)
                }
            }
            note(fault: nil)
            if !answers.isEmpty { answered() }
        } catch {
            budgets.putBack(journal)
            note(fault: "\(error)")
        }
    }

    private func note(fault: String?) {
        let before = shown.withLock { shown in
            defer { shown.fault = fault }
            return shown.fault
        }
        guard (before == nil) != (fault == nil) else { return }
        if let fault {
            log.error("budget store does not answer", metadata: ["reason": "\(fault)"])
        } else {
            log.notice("budget store answers again")
        }
    }
}

/// Something that is asked for already.
private final class Flag: Sendable {
    private let isRaised = Atomic(false)
    /// - Returns: whether it was down.
    func raise() -> Bool { !isRaised.exchange(true, ordering: .relaxed) }
    func lower() { isRaised.store(false, ordering: .relaxed) }
}
