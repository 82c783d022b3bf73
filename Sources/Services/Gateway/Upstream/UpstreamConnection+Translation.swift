// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Answers whose events need reading: in another wire than the caller's, or in the caller's own where that is not
/// OpenAI's. What the caller gets collects in the translator's output, before the commit too; from then on it goes out
/// at the end of each arrival.
extension UpstreamConnection {
    // MARK: Life

    func beginTranslation(_ exchange: Exchange, _ plan: DispatchPlans.Plan) {
        isBodyOver = false
        guard let translation = exchange.answerWires(plan) else { return endTranslation() }
        let translator = translator ?? worker.takeAnswerTranslator()
        exchange.withModelName { model in
            translator.begin(
                from: translation.source, of: plan.origin, to: translation.caller,
                isThinkingAsked: worker.translator.asksForThinking, marksNative: exchange.marksNative,
                isStream: exchange.features.isStreaming, model: model, identifier: exchange.identifier,
                createdUnixSeconds: worker.unixSeconds, includesUsage: !exchange.dropsUsageChunk,
                framing: exchange.headers.wantsArray ? .array : .events,
                aliases: translation.caller == nil ? [] : worker.translator.toolAliases(in: translation.source))
        }
        self.translator = translator
    }

    func endTranslation() {
        guard let translator else { return }
        self.translator = nil
        worker.give(translator)
    }

    // MARK: Whole answers

    /// What the caller gets for a whole answer.
    /// - Returns: `nil` when the answer is no answer.
    func translatedWhole(_ body: UnsafeRawBufferPointer) -> (body: UnsafeRawBufferPointer, usage: UsageCounts?)? {
        if case .embeddings(let family) = plan?.speech { return translatedVectors(body, .init(family)) }
        if case .count(let api, _) = plan?.speech { return translatedCount(body, api) }
        guard let translator else { return (body, exchange?.counted(body)) }
        do throws(TranslationFault) {
            try translator.whole(body)
        } catch {
            // What passes by as it is need not be understood.
            return isTranslating ? nil : (body, nil)
        }
        // Of a native answer there is only something where something was marked.
        return (isTranslating || !translator.output.isEmpty ? translator.output.bytes : body, translator.usage)
    }

    private func translatedVectors(
        _ body: UnsafeRawBufferPointer, _ family: EmbeddingFamily
    ) -> (body: UnsafeRawBufferPointer, usage: UsageCounts?)? {
        guard let exchange else { return nil }
        return exchange.withModelName { model in
            do throws(TranslationFault) {
                let usage = try worker.embeddings.write(
                    answer: body, from: family, asked: exchange.client.bodyBytes,
                    model: JSONString(model, hasEscapes: true), tokenCount: inputTokenCount)
                return (worker.embeddings.output, usage)
            } catch {
                return nil
            }
        }
    }

    private func translatedCount(
        _ body: UnsafeRawBufferPointer, _ api: TokenCountAPI
    ) -> (body: UnsafeRawBufferPointer, usage: UsageCounts?)? {
        guard let exchange else { return nil }
        do throws(TranslationFault) {
            try worker.counts.write(answer: body, from: api, to: exchange.wire)
            return (worker.counts.output, nil)
        } catch {
            return nil
        }
    }

    // MARK: Streams

    /// Reads every event that is complete; a started one waits in `held` for its end.
    func translateEvents(_ content: UnsafeRawBufferPointer) {
        if held.isEmpty {
            let used = readEvents(content)
            guard !isClosed, exchange != nil, used < content.count else { return }
            loop.buffers.append(UnsafeRawBufferPointer(rebasing: content[used...]), to: &held)
        } else {
            loop.buffers.append(content, to: &held)
            let used = readEvents(held.bytes)
            guard !isClosed, exchange != nil else { return }
            loop.buffers.dropFirst(used, of: &held)
        }
        if held.count > worker.limits.eventBytesMax { return fail(.malformedResponse) }
        guard mode == .preview, let translator else { return }
        if translator.output.count > worker.limits.heldStreamBytesMax { exchange?.attemptReady(slot) }
    }

    /// - Returns: how many bytes are done with.
    private func readEvents(_ bytes: UnsafeRawBufferPointer) -> Int {
        if elements != nil { return readElements(bytes) }
        switch plan?.framing {
        case .eventStream, .invokeChunks: return readFrames(bytes)
        case .serverSentEvents, nil: return readServerSentEvents(bytes)
        }
    }

    private func readServerSentEvents(_ bytes: UnsafeRawBufferPointer) -> Int {
        let complete = UnsafeRawBufferPointer(rebasing: bytes.prefix(framing.completeCount(bytes)))
        var offset = 0
        while !sawDone, let event = SSEFraming.nextEvent(complete, from: &offset) {
            let raw = event.raw.slice(complete)
            guard let data = SSEFraming.data(of: event, in: complete, arena: worker.arena) else { continue }
            read(WireEvent(name: event.eventName.slice(complete), data: data), raw)
            guard !isClosed, exchange != nil else { break }
        }
        return complete.count
    }

    /// Google's other way to stream. Whether the caller gets it as it is depends on what the caller asked for.
    private func readElements(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while !isClosed, exchange != nil, let step = elements?.next(bytes, from: &offset) {
            switch step {
            case .more: return offset
            case .malformed: breakStream(.malformedResponse)
            case .element(let range):
                let element = range.slice(bytes)
                read(
                    WireEvent(name: UnsafeRawBufferPointer(start: nil, count: 0), data: element),
                    worker.serverSentEvent(element))
            }
        }
        return offset
    }

    private func readFrames(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while !isClosed, exchange != nil {
            switch frames.next(bytes, from: &offset) {
            case .needMore: return offset
            case .fault:
                // Nothing after a broken frame can be trusted: what was read before it stands.
                breakStream(.malformedResponse)
            case .frame(let frame): read(frame, bytes)
            }
        }
        return offset
    }

    private func read(_ frame: AWSEventStreamFrame, _ bytes: UnsafeRawBufferPointer) {
        let event = WireEvent(frame, in: bytes)
        let raw = frame.raw.slice(bytes)
        if event.isException {
            // What failed stands in the headers and why in the payload: one document for whoever classifies it.
            read(WireEvent(name: event.name, data: worker.failureDocument(event), isException: true), raw)
        } else if plan?.framing == .invokeChunks, frame.kind == .event {
            readChunk(event.data, raw)
        } else {
            read(event, raw)
        }
    }

    /// InvokeModel wraps the vendor's own events.
    private func readChunk(_ payload: UnsafeRawBufferPointer, _ raw: UnsafeRawBufferPointer) {
        worker.arena.reset()
        do throws(BedrockChunkFault) {
            let event = try BedrockChunk.event(in: payload, arena: worker.arena)
            read(WireEvent(name: UnsafeRawBufferPointer(start: nil, count: 0), data: event), raw)
        } catch {
            breakStream(.malformedResponse)
        }
    }

    private func read(_ event: WireEvent, _ raw: UnsafeRawBufferPointer) {
        guard let translator else { return }
        do throws(TranslationFault) {
            noteFacts(try translator.event(event, raw: raw), of: event)
        } catch {
            breakStream(.malformedResponse)
        }
    }

    /// Draws the consequences of what an event said.
    func noteFacts(_ facts: StreamFacts, of event: WireEvent?) {
        guard let exchange else { return }
        if facts.hasFinished { sawFinish = true }
        if facts.hasEnded { sawDone = true }
        if let failure = facts.failure { return errorEvent(failure, exchange) }
        if mode == .preview, facts.hasContent || facts.hasEnded { exchange.attemptReady(slot) }
    }

    /// The endpoint reported an error inside its stream: before the commit another one may do better, after it the
    /// caller hears it in its own form, and nothing follows.
    private func errorEvent(_ error: UnsafeRawBufferPointer, _ exchange: Exchange) {
        let slot = slot
        if mode == .preview {
            let failure = exchange.classifyStreamError(slot, error, isNative: !isTranslating)
            self.exchange = nil
            close()
            return exchange.attemptFailed(slot, failure)
        }
        sawErrorEvent = true
        if isTranslating {
            let facts = ResponseScan.errorFacts(error)
            let kind = facts.kind(status: 200).map { FailureKind($0) } ?? .errorInStream
            let status = ErrorShape.status(502, kind, wire: exchange.wire)
            _ = translator?.fail(ErrorShape.error(error, facts, kind, status: status))
        }
        collectTranslated()
        exchange.sendStream(isLast: false)
        exchange.hasSentErrorEvent = true
        fail(.errorInStream)
    }

    /// What was read before the break is good, and the caller's if it was committed.
    private func breakStream(_ kind: FailureKind) {
        if mode == .stream {
            collectTranslated()
            exchange?.sendStream(isLast: false)
        }
        fail(kind)
    }

    func endTranslatedBody() -> StreamFacts { translator?.bodyEnded() ?? StreamFacts() }

    /// Moves the translator's output into the segments to send. They point into it: send before the next event.
    func collectTranslated() {
        guard mode == .stream, let translator, let exchange else { return }
        exchange.usage = translator.usage
        exchange.contentEvents = translator.contentEvents
        guard !translator.output.isEmpty else { return }
        worker.beginSegments()
        worker.segments.append(translator.output.bytes)
        translator.output.reset()
    }
}

extension Exchange {
    /// Whether a stream of this operation consists of events that are understood.
    var hasKnownEvents: Bool { features.operation.hasKnownEvents }

    /// Whether what native endpoints of the route sign is marked.
    var marksNative: Bool {
        worker.generation.routeOptions[Int(features.route.index)].markedOperations.contains(features.operation)
    }

    /// The wires between which an answer is translated; `caller` is `nil` where its events only need reading, and all
    /// is `nil` where not even that.
    func answerWires(_ plan: DispatchPlans.Plan) -> (source: ChatWire, caller: ChatWire?)? {
        switch plan.speech {
        case .chat(let source, _): return (source, wire)
        case .same:
            guard let wire = features.operation.chatWire, wire != .chatCompletions else { return nil }
            return (wire, nil)
        case .embeddings, .count: return nil
        }
    }
}
