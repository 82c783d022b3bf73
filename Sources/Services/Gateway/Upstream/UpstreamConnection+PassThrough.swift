// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import Routing
internal import WireFormats

// Answers that the caller gets as the endpoint sent them: OpenAI's own streams, looked at event by event without being
// read, and whatever is relayed.
extension UpstreamConnection {
    /// Looks at events until one carries content, then asks to commit.
    func preview() {
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
    func failedBeforeContent(_ error: UnsafeRawBufferPointer, _ exchange: Exchange) {
        let failure = exchange.classifyStreamError(slot, error, isNative: true)
        let slot = slot
        self.exchange = nil
        close()
        exchange.attemptFailed(slot, failure)
    }

    /// Commits to an answer that is relayed from its first bytes on, unless they are an error.
    /// - Returns: false when the attempt failed or lost, and the connection is gone.
    func beginRelay() -> Bool {
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
    func forwardEvents(_ content: UnsafeRawBufferPointer) {
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

    func forwardBytes(_ content: UnsafeRawBufferPointer) {
        worker.segments.append(content)
        exchange?.noteRelayed(content)
        if worker.segments.isFull { exchange?.sendStream(isLast: false) }
    }
}
