// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Stage 8: the answer's bytes to the caller. Each arrival goes out in the same loop iteration, in one system call.
extension Exchange {
    private var framing: AnswerHead.Framing { sendsChunks ? .chunked : .untilClose }
    private var keepsAlive: Bool { client.keepsAlive && sendsChunks }

    // MARK: Answers of endpoints

    func sendWhole(_ connection: UpstreamConnection, body: UnsafeRawBufferPointer) {
        var writer = beginHead(connection)
        if connection.isTranslating { writer.append("content-type: application/json\r\n") }
        AnswerHead.end(&writer, framing: .length(body.count), keepsAlive: client.keepsAlive)
        worker.beginSegments()
        worker.segments.append(writer.bytes)
        worker.segments.append(body)
        hasStarted = true
        transmit(&worker.segments)
    }

    func sendStreamHead(_ connection: UpstreamConnection) {
        var writer = beginHead(connection)
        if connection.isTranslating || connection.isReframed {
            writer.append(
                headers.wantsArray
                    ? "content-type: application/json; charset=utf-8\r\n"
                    : "content-type: text/event-stream; charset=utf-8\r\n")
        }
        writer.append("cache-control: no-cache\r\nx-accel-buffering: no\r\n")
        AnswerHead.end(&writer, framing: framing, keepsAlive: keepsAlive)
        sendHead(writer)
        keepAliveAt = worker.loop.now + worker.limits.streamSilenceNanoseconds
    }

    /// A long silence (a model that thinks, or writes the arguments of a tool) makes intermediaries give a stream up.
    /// - Invariant: only between whole events, which is all that ever goes out.
    func sendKeepAlive() {
        keepAliveAt = .max
        guard isInFlight, machine.isCommitted, !client.isBackedUp else { return }
        keepAliveAt = worker.loop.now + worker.limits.streamSilenceNanoseconds
        worker.beginSegments()
        if let translator, translator.keepAlive() {
            worker.segments.append(translator.output.bytes)
            translator.output.reset()
        } else if let sign = signOfLife {
            worker.segments.append(sign)
        }
        guard worker.segments.count > 0 else { return }
        if sendsChunks {
            var framed = worker.frameChunk(isLast: false)
            transmit(&framed)
        } else {
            transmit(&worker.segments)
        }
    }

    /// Where the events pass as they are. Google's clients take nothing but answers.
    private var signOfLife: StaticString? {
        switch wire {
        case .chatCompletions, .responses: ": keep-alive\n\n"
        case .messages: "event: ping\ndata: {\"type\":\"ping\"}\n\n"
        case .generateContent, .converse: nil
        }
    }

    func sendRelayHead(_ connection: UpstreamConnection) {
        var writer = beginHead(connection)
        AnswerHead.end(&writer, framing: framing, keepsAlive: keepsAlive)
        sendHead(writer)
    }

    private func beginHead(_ connection: UpstreamConnection) -> ByteWriter {
        answeredStatus = connection.head.status
        var writer = ByteWriter(worker.headMemory)
        AnswerHead.begin(&writer, status: connection.head.status)
        writer.append(connection.headLines.bytes)
        AnswerHead.appendDecision(&writer, self)
        return writer
    }

    private func sendHead(_ writer: ByteWriter) {
        hasStarted = true
        var head = SegmentList(memory: worker.headSegmentMemory)
        head.append(writer.bytes)
        transmit(&head)
    }

    /// Sends what the worker's segment list holds, as one chunk.
    func sendStream(isLast: Bool) {
        guard !client.isClosed, worker.segments.count > 0 || isLast else { return }
        if worker.segments.count > 0 {
            timing.lastContent = worker.loop.now
            extendIdleDeadline()
        }
        if sendsChunks {
            var framed = worker.frameChunk(isLast: isLast)
            transmit(&framed)
        } else {
            transmit(&worker.segments)
        }
    }

    private func transmit(_ segments: inout SegmentList) {
        bytesOut += segments.byteCount
        client.sendSegments(&segments)
    }

    private func extendIdleDeadline() {
        guard let slot = machine.committedSlot, !client.isBackedUp else { return }
        attempts[slot].phaseDeadline = worker.loop.now + attempts[slot].idleNanoseconds
        if keepAliveAt != .max { keepAliveAt = worker.loop.now + worker.limits.streamSilenceNanoseconds }
        // Later than before: the armed timer fires early once and moves itself.
        armTimer()
    }

    /// Keeps the end of a relayed answer for its usage, after a look at the beginning: llama.cpp puts the usage of
    /// embeddings before the vectors.
    func noteRelayed(_ content: UnsafeRawBufferPointer) {
        var rest = content[...]
        if relayedTail.count < Self.tailBytes {
            relayedTail.append(contentsOf: rest.prefix(Self.tailBytes))
            rest = rest.dropFirst(Self.tailBytes)
            usage = relayedTail.withUnsafeBytes { counted($0) }
        }
        relayedTail.append(contentsOf: rest.suffix(Self.tailBytes))
        if relayedTail.count > 2 * Self.tailBytes { relayedTail.removeFirst(relayedTail.count - Self.tailBytes) }
    }

    private static let tailBytes = 4096

    // MARK: Failures

    /// Before anything was sent: an HTTP error, the endpoint's own where there is one.
    func answerFailure(_ failure: TerminalFailure) {
        cancelAttempts()
        switch failure {
        case .upstream where translationFault != nil:
            if let translationFault { refuse(.untranslatable(translationFault)) }
        case .upstream(let last) where last.kind == .unsupported: refuse(.unsupported(unsupported))
        case .noEndpoint(.inadmissible) where isUnrecorded: refuse(.unrecorded)
        case .noEndpoint(.inadmissible): refuse(.residency(residencyRefusal()))
        case .noEndpoint(.exhausted) where machine.attempts == 0 && !isOrphaned: refuse(unserved)
        case .upstream(let last) where upstreamError.isPresent && last.status != 0:
            outcome =
                last.kind == .callerError || last.kind == .contextTooLong || last.kind == .contentPolicy
                ? .callerError : .upstreamError
            sendUpstreamError(last.kind)
        case .upstream(let last): refuse(.upstream(last))
        case .noEndpoint(let reason):
            if upstreamError.isPresent, case .exhausted = reason {
                outcome = .upstreamError
                sendUpstreamError(nil)
            } else {
                refuse(.noEndpoint(reason))
            }
        case .deadline: refuse(.deadline)
        }
        finishUnlessGone()
    }

    /// A caller that is gone shows at the last write, and that has ended the request by then.
    private func finishUnlessGone() {
        if isInFlight { finish(keepingAlive: true) }
    }

    /// Why no endpoint of the route may have this request, whatever its state.
    private var unserved: Refusal {
        guard let language = features.language, worker.router.lacksOnlyLanguage(features, within: admissible) else {
            return .unserved(features.operation)
        }
        return .unservedLanguage(language)
    }

    private func refuse(_ refusal: Refusal) {
        outcome = refusal.outcome
        sendError(refusal)
    }

    func sendError(_ refusal: Refusal) {
        let answer = refusal.answer()
        refusalLines = answer.headerLines
        sendDocument(
            framed(ErrorShape.write(answer, in: wire)), refusal.advice(answer), keepsAlive: refusal.keepsConnection)
    }

    private func sendUpstreamError(_ cause: FailureKind?) {
        let advice = RetryAdvice(
            status: upstreamError.status, retryAfterSeconds: upstreamError.retryAfterSeconds, cause: cause)
        sendDocument(framed(upstreamError.body), advice, keepsAlive: true)
    }

    /// Whoever waits for an array gets an error in one too, as from Google.
    private func framed(_ error: [UInt8]) -> [UInt8] {
        headers.wantsArray && error.first == 123 ? [91] + error + [93] : error
    }

    private func sendDocument(_ body: [UInt8], _ advice: RetryAdvice, keepsAlive: Bool) {
        let status = advice.status
        answeredStatus = status
        var writer = ByteWriter(worker.headMemory)
        AnswerHead.begin(&writer, status: status)
        writer.append("content-type: application/json\r\n")
        if advice.retryAfterSeconds >= 0 {
            writer.append("retry-after: ")
            writer.append(decimal: advice.retryAfterSeconds)
            writer.append("\r\n")
        }
        if advice.isFutile(wait: { worker.router.wait(for: features, within: admissible, now: now) }) {
            writer.append(RetryAdvice.forbids)
        }
        AnswerHead.appendDecision(&writer, self)
        AnswerHead.end(&writer, framing: .length(body.count), keepsAlive: keepsAlive && client.keepsAlive)
        hasStarted = true
        body.withUnsafeBytes { body in
            worker.beginSegments()
            worker.segments.append(writer.bytes)
            worker.segments.append(body)
            transmit(&worker.segments)
        }
    }

    /// After content was sent: a terminal error event, never an invented finish reason or a `[DONE]`. An answer that is
    /// no stream can only be cut.
    func endStream(_ failure: AttemptFailure) {
        outcome = .truncated
        guard features.isStreaming, sendsChunks || !hasSentErrorEvent, relayEndsWithEvent else {
            return finish(keepingAlive: false)
        }
        worker.beginSegments()
        if !hasSentErrorEvent {
            let event = terminalEvent(failure)
            event.withUnsafeBytes { bytes in
                worker.segments.append(bytes)
                sendStream(isLast: true)
            }
        } else {
            sendStream(isLast: true)
        }
        finishUnlessGone()
    }

    /// Events that nobody here understands go out as they arrive, so the last one may be a half: an event after it would
    /// only spoil it.
    private var relayEndsWithEvent: Bool {
        relayedTail.isEmpty || relayedTail.suffix(2).elementsEqual([10, 10])
            || relayedTail.suffix(4).elementsEqual([13, 10, 13, 10])
    }

    private func terminalEvent(_ failure: AttemptFailure) -> [UInt8] {
        let error = WireError(
            status: 502, message: "The stream broke: \(failure.kind.explanation).", type: "upstream_error",
            code: "stream_interrupted")
        if let translator, translator.fail(error) {
            defer { translator.output.reset() }
            return Array(translator.output.bytes)
        }
        return StreamFailure.event(error, in: wire)
    }
}

extension Exchange {
    /// A document of our own, for the few paths that are not inference.
    func sendJSON(_ value: JSONValue) {
        sendDocument(value.bytes, RetryAdvice(status: 200, retryAfterSeconds: -1), keepsAlive: true)
        finish(keepingAlive: true)
    }
}
