// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import AuditTrail
internal import Reactor
internal import Routing

/// One loop's side of the audit log: notes events, hands them over at the end of the iteration, and lets attempts go on
/// whose intent had to be on the disk first.
/// - Threading: confined to its loop.
final class AuditJournal {
    private let recorder: AuditRecorder
    private let loop: EventLoop
    /// What nobody waits for, and what somebody does.
    private var events: AuditBatch
    private var intents: AuditBatch
    private var waiting: [WaitingAttempt] = []
    private(set) var configurationVersion: UInt64 = 0
    /// By stable position of the key.
    private(set) var requirements: [Bool] = []
    private var strangers = StrangerQuota()

    init(recorder: AuditRecorder, loop: EventLoop) {
        self.recorder = recorder
        self.loop = loop
        let names = AuditNames(keys: [], endpoints: [], routes: [])
        events = AuditBatch(names: names)
        intents = AuditBatch(names: names)
    }

    /// From now on events mean these names. A name keeps its position, so that what was noted under earlier
    /// configurations can still be told.
    func adopt(_ names: AuditNames, version: UInt64, requirements: [Bool]) {
        flush()
        configurationVersion = version
        self.requirements = requirements
        events = AuditBatch(names: names)
        intents = AuditBatch(names: names)
    }

    /// The log does not keep up: see `AuditRecorder.isBehind`.
    var isBehind: Bool { recorder.isBehind }

    func requiresDurability(_ keySlot: Int?) -> Bool {
        guard let keySlot, keySlot < requirements.count else { return false }
        return requirements[keySlot]
    }

    // MARK: Noting

    /// An attempt that goes on at once, and the end of the one before it in the same request.
    func note(_ intent: RequestEvent, subject: [UInt8], after debt: RequestEvent?) {
        events.append(intent, subject: subject)
        if let debt { events.append(debt, subject: subject) }
    }

    /// An attempt that goes on when this is durable. What ended before it is told behind it, or not at all: a request
    /// that is open in the log always has an attempt that runs.
    func note(_ intent: RequestEvent, subject: [UInt8], after debt: RequestEvent?, waiting attempt: WaitingAttempt) {
        intents.append(intent, subject: subject)
        if let debt { intents.append(debt, subject: subject) }
        waiting.append(attempt)
    }

    func note(_ end: RequestEvent, subject: [UInt8]) { events.append(end, subject: subject) }

    /// A refusal before any attempt. Strangers can make as many as they like, so of theirs only some are written, with
    /// the number of those that are not.
    func note(denial: RequestEvent, subject: [UInt8]) {
        guard denial.key < 0 else { return events.append(denial, subject: subject) }
        guard let suppressed = strangers.take(at: loop.now) else { return }
        var denial = denial
        denial.suppressed = suppressed
        events.append(denial, subject: [])
    }

    // MARK: Handing over

    func flush() {
        if !intents.events.isEmpty { flushIntents() }
        guard !events.events.isEmpty else { return }
        let names = events.names
        recorder.submit(events)
        events = AuditBatch(names: names)
    }

    private func flushIntents() {
        let attempts = WaitingAttempts(waiting)
        intents.whenDurable = { [loop] isDurable in
            loop.submit {
                for attempt in attempts.list { attempt.exchange.intentRecorded(attempt, isDurable: isDurable) }
            }
        }
        let names = intents.names
        recorder.submit(intents)
        waiting.removeAll(keepingCapacity: true)
        intents = AuditBatch(names: names)
    }
}

/// An attempt that waits for its intent to be durable.
struct WaitingAttempt {
    let exchange: Exchange
    let requestID: UInt64
    let slot: Int
    let number: UInt8
    let isFresh: Bool
    /// The end of the attempt before it, to be told at the request's end if this one is not recorded.
    let debt: AuditDebt?
}

/// Carries attempts over the log's thread, which does not look at them.
private final class WaitingAttempts: @unchecked Sendable {
    // Proof of @unchecked: made on the loop's thread and read there again; in between only referred to.
    let list: [WaitingAttempt]
    init(_ list: [WaitingAttempt]) { self.list = list }
}

extension AuditBatch {
    fileprivate mutating func append(_ event: RequestEvent, subject: [UInt8]) {
        var event = event
        if !subject.isEmpty {
            event.subject = text.count..<(text.count + subject.count)
            text += subject
        }
        events.append(event)
    }
}
