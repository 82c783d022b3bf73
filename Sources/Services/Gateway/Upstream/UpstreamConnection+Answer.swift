// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// What the bytes of an answer mean, mode by mode.
extension UpstreamConnection {
    // MARK: Head

    /// Chooses the mode and keeps what later steps need of the head.
    /// - Returns: false when the answer was refused and the connection is gone.
    func headArrived(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let exchange else {
            close()
            return false
        }
        let fields = UnsafeBufferPointer(rebasing: worker.fields[..<head.fieldCount])
        let found = collectLines(bytes, fields)
        if found.hasRateLimits { exchange.observeHeadroom(slot, bytes, fields) }
        reader = BodyReader(head.bodyFraming(requestWasHead: false))
        held.count = 0
        if head.status >= 300 {
            mode = .error
            exchange.noteRetryHint(slot, bytes, fields)
        } else if found.isEventStream || found.isFrames {
            mode = exchange.hasKnownEvents ? .preview : .whole
            relaysEvents = mode == .whole
            relaysEarly = relaysEvents
        } else if found.isMarkup {
            // A proxy's or a login page's HTML with status 200 is not an answer.
            fail(.malformedResponse)
            return false
        } else if exchange.features.isStreaming, translator?.source == .generateContent {
            elements = JSONArrayFraming(elementBytesMax: worker.limits.eventBytesMax)
            mode = .preview
        } else {
            mode = .whole
            // Sound of unknown length is being made while it is sent: whoever listens should hear its beginning.
            relaysEarly = exchange.features.operation == .speech && reader.announced < 0
            if reader.announced > Int64(worker.limits.heldAnswerBytesMax), !isTranslating {
                exchange.attemptReady(slot)
            }
        }
        return !isClosed
    }

    private struct HeadFindings {
        var isEventStream = false
        /// AWS event-stream frames.
        var isFrames = false
        var isMarkup = false
        var hasRateLimits = false
    }

    private func collectLines(_ bytes: UnsafeRawBufferPointer, _ fields: UnsafeBufferPointer<HeaderField>)
        -> HeadFindings
    {
        var findings = HeadFindings()
        let pool = loop.buffers
        for field in fields {
            switch field.known {
            case .contentType:
                let value = field.value.slice(bytes)
                findings.isEventStream = value.hasPrefix("text/event-stream")
                findings.isFrames = value.hasPrefix("application/vnd.amazon.eventstream")
                findings.isMarkup = value.hasPrefix("text/html")
                guard !isTranslating else { break }
                pool.append(field.line.slice(bytes), to: &headLines)
            case .rateLimit, .utilization, .retryAfter, .retryAfterMilliseconds, .xMsRetryAfterMilliseconds:
                // An account's limits are ours to know, never a tenant's.
                findings.hasRateLimits = true
            case .amazonErrorType: pool.append(field.value.slice(bytes), to: &errorType)
            case .bedrockInputTokens: inputTokenCount = Self.count(field.value.slice(bytes))
            case .host, .contentLength, .transferEncoding, .connection, .hopByHop, .cookie, .alternativeService,
                .isobar, .isobarRegion, .isobarLanguage, .isobarExplain:
                break
            default:
                // What a provider says of its own wire would be wrong on the caller's.
                if !isTranslating { pool.append(field.line.slice(bytes), to: &headLines) }
            }
        }
        return findings
    }

    private static func count(_ digits: UnsafeRawBufferPointer) -> Int64? {
        (1...15).contains(digits.count) ? Int64(String(decoding: digits, as: UTF8.self)) : nil
    }

    // MARK: Body

    /// Takes the framing off and hands each stretch to the mode. Segments collected on the way point into `bytes` and
    /// are sent before returning.
    func processBody(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        var whole = UnsafeRawBufferPointer(start: nil, count: 0)
        worker.beginSegments()
        while true {
            switch reader.next(bytes, from: &offset) {
            case .data(let range):
                let content = range.slice(bytes)
                if mode == .whole, held.isEmpty, whole.isEmpty {
                    whole = content
                } else {
                    if !whole.isEmpty {
                        loop.buffers.append(whole, to: &held)
                        whole = UnsafeRawBufferPointer(start: nil, count: 0)
                    }
                    take(content)
                }
                if isClosed { return }
            case .needMore:
                if !whole.isEmpty { loop.buffers.append(whole, to: &held) }
                if relaysEarly, mode == .whole, !held.isEmpty, !beginRelay() { return }
                return pauseBody()
            case .end:
                if !whole.isEmpty { return wholeArrived(whole, isReusable: offset == bytes.count) }
                return bodyEnded(isReusable: offset == bytes.count)
            case .fault:
                return mode == .stream || mode == .relay ? cutOff() : fail(.malformedResponse)
            }
        }
    }

    private func take(_ content: UnsafeRawBufferPointer) {
        if translator != nil, mode == .preview || mode == .stream { return translateEvents(content) }
        switch mode {
        case .error:
            let room = worker.limits.errorBodyBytesMax - held.count
            if room > 0 { loop.buffers.append(UnsafeRawBufferPointer(rebasing: content.prefix(room)), to: &held) }
        case .whole:
            loop.buffers.append(content, to: &held)
            guard held.count > worker.limits.heldAnswerBytesMax else { return }
            if isTranslating { fail(.malformedResponse) } else { exchange?.attemptReady(slot) }
        case .preview:
            loop.buffers.append(content, to: &held)
            preview()
        case .stream: forwardEvents(content)
        case .relay: forwardBytes(content)
        case .drain, .head, .idle, .connecting: break
        }
    }

    /// No more input for now: send what was collected; a stream that said `[DONE]` is complete for the client whatever
    /// its framing still owes.
    private func pauseBody() {
        guard mode == .stream || mode == .relay, let exchange else { return }
        collectTranslated()
        if mode == .stream, sawDone {
            exchange.sendStream(isLast: true)
            let slot = slot
            drainRest()
            return exchange.attemptFinished(slot)
        }
        exchange.sendStream(isLast: false)
    }

    /// The framing's end of the body.
    func bodyEnded(isReusable: Bool) {
        guard let exchange else { return finished(isReusable: isReusable) }
        if translator != nil, mode == .preview || mode == .stream, !sawDone, !isBodyOver {
            isBodyOver = true
            // Wires whose end is the end of the body say so now; what follows is the same for all.
            noteFacts(endTranslatedBody(), of: nil)
            guard !isClosed, self.exchange != nil else { return }
        }
        switch mode {
        case .error:
            let slot = slot
            let failure = exchange.classifyError(
                slot, status: head.status, body: held.bytes, headerType: errorType.bytes,
                isNative: plan?.speech == .same)
            finished(isReusable: isReusable)
            exchange.attemptFailed(slot, failure)
        case .whole:
            wholeArrived(held.bytes, isReusable: isReusable)
        case .preview where endedWell:
            // An answer without content is legal; it ends as it would have with content.
            exchange.attemptReady(slot)
            if mode == .stream { bodyEnded(isReusable: isReusable) }
        case .preview:
            fail(.truncated)
        case .stream where endedWell:
            finishStream(exchange, isReusable: isReusable)
        case .stream:
            cutOff()
        case .relay:
            finishStream(exchange, isReusable: isReusable)
        case .drain, .head, .idle, .connecting:
            finished(isReusable: isReusable)
        }
    }

    /// A translated answer is written to its end only when its own wire's end came.
    private var endedWell: Bool { sawDone || sawFinish && !isTranslating }

    /// A committed answer breaks; what was collected before the break is good, and the caller's.
    private func cutOff() {
        collectTranslated()
        exchange?.sendStream(isLast: false)
        fail(.truncated)
    }

    private func finishStream(_ exchange: Exchange, isReusable: Bool) {
        collectTranslated()
        exchange.sendStream(isLast: true)
        let slot = slot
        finished(isReusable: isReusable)
        exchange.attemptFinished(slot)
    }

    private func wholeArrived(_ body: UnsafeRawBufferPointer, isReusable: Bool) {
        guard let exchange else { return finished(isReusable: isReusable) }
        let slot = slot
        if relaysEvents, case .failed(let error) = RelayStart(body) { return failedBeforeContent(error, exchange) }
        guard let answer = translatedWhole(body) else { return fail(.malformedResponse) }
        guard exchange.answerIfFirst(slot, body: answer.body, usage: answer.usage) else { return }
        finished(isReusable: isReusable)
        exchange.attemptFinished(slot)
    }

    // MARK: Streams

    /// Looks at events until one carries content, then asks to commit.
    private func preview() {
        guard let exchange else { return }
        let unseen = UnsafeRawBufferPointer(rebasing: held.bytes[previewed...])
        let complete = UnsafeRawBufferPointer(rebasing: unseen.prefix(framing.completeCount(unseen)))
        var offset = 0
        var isReady = false
        while !isReady, let event = SSEFraming.nextEvent(complete, from: &offset) {
            let facts =
                event.dataLines == 0
                ? ChunkFacts(kind: .noContent) : ResponseScan.chunkFacts(event.data.slice(complete))
            switch facts.kind {
            case .content: isReady = true
            case .error: return failedBeforeContent(event.data.slice(complete), exchange)
            case .done: sawDone = true
            case .noContent, .usageOnly: break
            case .malformed: return fail(.malformedResponse)
            }
            if facts.hasFinishReason { sawFinish = true }
            if sawDone { isReady = true }
        }
        previewed += offset
        // The events looked at are looked at again by `forwardEvents` when they are sent; framing restarts with them.
        if isReady || held.count > worker.limits.heldStreamBytesMax { exchange.attemptReady(slot) }
    }

    /// A 200 that turns out to be a failure before anything of it was seen: another endpoint may do better.
    private func failedBeforeContent(_ error: UnsafeRawBufferPointer, _ exchange: Exchange) {
        let failure = exchange.classifyStreamError(slot, error, isNative: true)
        let slot = slot
        self.exchange = nil
        close()
        exchange.attemptFailed(slot, failure)
    }

    /// Commits to an answer that is relayed from its first bytes on, unless they are an error.
    /// - Returns: false when the attempt failed or lost, and the connection is gone.
    private func beginRelay() -> Bool {
        guard let exchange else { return false }
        if relaysEvents {
            switch RelayStart(held.bytes) {
            case .failed(let error):
                failedBeforeContent(error, exchange)
                return false
            case .unfinished where held.count <= worker.limits.heldStreamBytesMax: return true
            case .unfinished, .begun: break
            }
        }
        exchange.attemptReady(slot)
        return !isClosed
    }

    /// Commits: from here on the client sees this attempt's answer.
    func release() {
        guard let exchange else { return }
        switch mode {
        case .preview:
            mode = .stream
            exchange.sendStreamHead(self)
            // Translated events wait in the translator's output, and go out at the end of this input.
            guard translator == nil else { return }
            framing = SSEFraming()
            releaseHeld { forwardEvents($0) }
        case .whole:
            mode = .relay
            exchange.sendRelayHead(self)
            releaseHeld { forwardBytes($0) }
        default: break
        }
    }

    private func releaseHeld(_ forward: (UnsafeRawBufferPointer) -> Void) {
        var input = held
        held = .none
        forward(input.bytes)
        exchange?.sendStream(isLast: false)
        loop.buffers.give(&input)
    }

    /// Forwards whole events; a started one waits in `held` for its end, so that a cut never leaves half an event with
    /// the client.
    private func forwardEvents(_ content: UnsafeRawBufferPointer) {
        guard held.isEmpty else { return forwardContinued(content) }
        let complete = framing.completeCount(content)
        scan(UnsafeRawBufferPointer(rebasing: content[..<complete]))
        if complete < content.count, !isClosed, !sawErrorEvent {
            loop.buffers.append(UnsafeRawBufferPointer(rebasing: content[complete...]), to: &held)
        }
    }

    private func forwardContinued(_ content: UnsafeRawBufferPointer) {
        loop.buffers.append(content, to: &held)
        let complete = framing.completeCount(held.bytes)
        if complete == 0 {
            if held.count > worker.limits.eventBytesMax { fail(.malformedResponse) }
            return
        }
        scan(UnsafeRawBufferPointer(rebasing: held.bytes[..<complete]))
        guard !isClosed, let exchange else { return }
        // The segments point into `held`: send them before it moves.
        exchange.sendStream(isLast: false)
        loop.buffers.dropFirst(complete, of: &held)
    }

    private func scan(_ events: UnsafeRawBufferPointer) {
        guard let exchange else { return }
        var offset = 0
        while !sawDone, let event = SSEFraming.nextEvent(events, from: &offset) {
            guard event.dataLines > 0 else {
                worker.segments.append(event.raw.slice(events))
                continue
            }
            let data = event.data.slice(events)
            if ResponseScan.isPlainChunk(data) {
                exchange.contentEvents += 1
                worker.segments.append(event.raw.slice(events))
                if worker.segments.isFull { exchange.sendStream(isLast: false) }
                continue
            }
            let facts = ResponseScan.chunkFacts(data)
            if facts.hasFinishReason { sawFinish = true }
            if let usage = facts.usage { exchange.usage = usage }
            switch facts.kind {
            case .content: exchange.contentEvents += 1
            case .usageOnly where exchange.dropsUsageChunk: continue
            case .done: sawDone = true
            case .error: return errorInStream(event, events, exchange)
            case .noContent, .usageOnly, .malformed: break
            }
            worker.segments.append(event.raw.slice(events))
            guard worker.segments.isFull else { continue }
            exchange.sendStream(isLast: false)
            // The caller may have gone meanwhile, and taken this connection with it.
            if isClosed { return }
        }
    }

    /// The upstream's own error event goes to the client, in the client's form; nothing may follow it, least of all a
    /// `[DONE]`.
    private func errorInStream(_ event: SSEEvent, _ events: UnsafeRawBufferPointer, _ exchange: Exchange) {
        sawErrorEvent = true
        let data = event.data.slice(events)
        let facts = ResponseScan.errorFacts(data)
        if facts.isOpenAIShaped {
            worker.segments.append(event.raw.slice(events))
            exchange.sendStream(isLast: false)
        } else {
            exchange.sendStream(isLast: false)
            let kind = facts.kind(status: 200).map { FailureKind($0) } ?? .errorInStream
            StreamFailure.event(ErrorShape.error(data, facts, kind, status: 502), in: exchange.wire)
                .withUnsafeBytes { event in
                    worker.beginSegments()
                    worker.segments.append(event)
                    exchange.sendStream(isLast: false)
                }
        }
        exchange.hasSentErrorEvent = true
        fail(.errorInStream)
    }

    private func forwardBytes(_ content: UnsafeRawBufferPointer) {
        worker.segments.append(content)
        exchange?.noteRelayed(content)
        if worker.segments.isFull { exchange?.sendStream(isLast: false) }
    }
}

extension UnsafeRawBufferPointer {
    /// Case-insensitive for ASCII letters in `prefix`, which must be lower case.
    func hasPrefix(_ prefix: StaticString) -> Bool {
        guard count >= prefix.utf8CodeUnitCount else { return false }
        for i in 0..<prefix.utf8CodeUnitCount {
            let expected = prefix.utf8Start[i]
            let isLetter = expected >= 97 && expected <= 122
            if (isLetter ? self[i] | 0x20 : self[i]) != expected { return false }
        }
        return true
    }
}
