// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import WireFormats

// What the bytes of an answer's body mean, mode by mode, and how it ends.
extension UpstreamConnection {
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
            guard held.count > wholeBytesMax else { return }
            if isTranslating { fail(.malformedResponse) } else { exchange?.attemptReady(slot) }
        case .preview:
            loop.buffers.append(content, to: &held)
            preview()
        case .stream: forwardEvents(content)
        case .relay: forwardBytes(content)
        case .drain, .head, .idle, .connecting: break
        }
    }

    /// vLLM tells every token that it counts.
    private var wholeBytesMax: Int {
        if case .count(.tokenize, _) = plan?.speech { return worker.limits.eventBytesMax }
        return worker.limits.heldAnswerBytesMax
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
}
