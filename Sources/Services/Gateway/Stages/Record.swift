// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Stage 10: one record per request into counters, histograms and the log. Never fails a request.
extension Exchange {
    /// The slot of the attempt that answered, or of the latest one.
    var answeringSlot: Int { machine.committedSlot == 1 ? 1 : 0 }

    /// Prepares for the next request of the connection.
    func begin() {
        identifier = worker.random.next()
        target = .unknown
        principal = nil
        headers = RequestHeaders()
        usage = nil
        contentEvents = 0
        outcome = .ok
        answeredStatus = 0
        bytesOut = 0
        hasStarted = false
        sendsChunks = true
        hasSentErrorEvent = false
        dropsUsageChunk = false
        isOrphaned = false
        isUnrecorded = false
        // Refusals before the body is read look at no other member.
        facts.subject = .empty
        timing = RequestTiming()
        timing.arrived = worker.loop.now
        timing.received = worker.loop.now
        machine = AttemptMachine(retry: RetryPolicy(), hedge: nil, startedAt: now)
        if !explanation.isEmpty { explanation = [] }
        if !refusalLines.isEmpty { refusalLines = [] }
        if claim != nil { claim = nil }
        if narrowed != nil { narrowed = nil }
        if !relayedTail.isEmpty { relayedTail = [] }
        if upstreamError.isPresent { upstreamError = UpstreamErrorAnswer() }
        if !pathModel.isEmpty { pathModel = [] }
        if !unsupported.isEmpty { unsupported = [] }
        translationFault = nil
    }

    /// The request has its answer, or will not get one: account for it, then let the connection go on.
    func finish(keepingAlive: Bool) {
        timing.finished = worker.loop.now
        let bill = isInFlight ? Meter.bill(self) : Meter.Bill(cost: .zero)
        if isInFlight {
            if funding != nil { settleFunding(bill) }
            if worker.budgets != nil { recordUsage(bill) }
        }
        worker.metrics.record(self, bill)
        worker.accessLog?.append(self, bill, unixNanoseconds: worker.unixNanoseconds)
        if let journal = worker.audit { recordEnd(bill, in: journal) }
        worker.loop.buffers.give(&forwardedLines)
        noteResponse()
        translator = nil
        waitUntil = .max
        hedgeAt = .max
        keepAliveAt = .max
        stallDeadline = .max
        if isInFlight {
            isInFlight = false
            worker.requestsInFlight -= 1
        }
        client.answered(keepingAlive: keepingAlive && sendsChunks)
    }

    /// A stored answer belongs to the endpoint that gave it.
    private func noteResponse() {
        guard features.operation == .responses, isInFlight || outcome == .ok, let translator,
            let endpoint = attempts[answeringSlot].endpoint, let hash = translator.answerHash
        else { return }
        worker.responseOwners.note(hash, endpoint: worker.generation.endpointHashes[Int(endpoint.index)])
    }
}
