// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import Reactor
internal import ResourceTypes
internal import Simulation

/// One generation request on its way out: turns the model's token events into stream chunks or one body, and plays the
/// fault it was dealt.
///
/// The model's pace is not slowed by a client that reads slowly, as on real hardware; the server's output limit ends
/// such a client.
final class AnswerDelivery: SequenceOwner {
    private enum Step {
        case token(choice: Int, index: Int)
        case finished(choice: Int)
    }

    private let engine: GenerationEngine
    private let recorder: ModelServerRecorder
    private let responder: HTTPResponder
    private let loop: EventLoop
    private let renderer: AnswerRenderer
    private let answers: [PlannedAnswer]
    private let choicesPerPrompt: Int
    private let isStream: Bool
    private let includesUsage: Bool
    private var fault: FaultAction?

    private var sequences: [UInt64] = []
    private var promptTokens = 0
    private var cachedTokens = 0
    private var unfinished: Int
    private var timing: RequestTiming
    /// Steps that happened in the model and wait for a stall to end.
    private var held: [Step] = []
    private var holdTimer: LoopTimer?
    private var chunksSent = 0
    private var hasBegun = false
    private var isOver = false

    init(
        answers: [PlannedAnswer], request: GenerationRequest, renderer: AnswerRenderer, fault: FaultAction?,
        engine: GenerationEngine,
        recorder: ModelServerRecorder, responder: HTTPResponder, loop: EventLoop
    ) {
        self.answers = answers
        self.renderer = renderer
        self.fault = fault
        self.engine = engine
        self.recorder = recorder
        self.responder = responder
        self.loop = loop
        choicesPerPrompt = request.choices
        isStream = request.isStream
        includesUsage = request.includesUsage
        unfinished = answers.count
        timing = RequestTiming(startedAt: loop.now, choices: answers.count)
    }

    /// Puts every choice into the model's queue. All or none: when one is refused, those before it are taken back.
    func begin(prompts: [TokenizedPrompt]) throws(APIError) {
        promptTokens = prompts.reduce(0) { $0 + $1.tokens }
        // The cycle delivery → responder → closure → delivery ends with the answer: the responder drops its closures
        // then.
        responder.clientGone = { self.clientGone() }
        do {
            for position in answers.indices {
                let prompt = prompts[position / choicesPerPrompt]
                let tokens = max(1, answers[position].tokens.count)
                sequences.append(try engine.submit(prompt, outputTokens: tokens, owner: self, position: position))
            }
        } catch {
            stop()
            throw error
        }
    }

    // MARK: From the model

    func sequence(_ position: Int, did event: ModelServerEvent.Kind) {
        guard !isOver else { return }
        switch event {
        // Because: the answers to one prompt find it cached by the first of them; that says nothing about the request.
        case .admitted(let cached): if position % choicesPerPrompt == 0 { cachedTokens += cached }
        case .token(let index): step(.token(choice: position, index: index))
        case .finished: step(.finished(choice: position))
        case .preempted: break
        }
    }

    private func step(_ step: Step) {
        if case .slowFirstToken(let delay) = fault {
            fault = nil
            hold(delay.nanoseconds)
        }
        if holdTimer == nil { perform(step) } else { held.append(step) }
    }

    private func perform(_ step: Step) {
        switch step {
        case .token(let choice, let index):
            if isStream, !hasBegun { beginStream() }
            guard !isOver else { return }
            guard holdTimer == nil else { return held.append(step) }
            timing.token(choice: choice, at: loop.now, into: recorder)
            if isStream { send(choice, index) }
        case .finished(let choice):
            if isStream { responder.write(renderer.closing(choice: choice, answer: answers[choice])) }
            recorder.finished(answers[choice].finish)
            unfinished -= 1
            if unfinished == 0 { complete() }
        }
    }

    // MARK: Stream

    private func beginStream() {
        hasBegun = true
        responder.beginStream(
            200, contentType: "text/event-stream; charset=utf-8", fields: ["cache-control": "no-cache"])
        playStreamFault()
    }

    /// A token without text (part of a stop string) makes no event.
    private func send(_ choice: Int, _ index: Int) {
        let answer = answers[choice]
        if index == 0, let opening = renderer.opening(choice: choice, answer: answer) { responder.write(opening) }
        guard answer.tokens.indices.contains(index), !answer.tokens[index].isEmpty else { return }
        responder.write(renderer.piece(choice: choice, answer: answer, token: index))
        chunksSent += 1
        playStreamFault()
    }

    /// Called when the stream has begun and after each content event.
    private func playStreamFault() {
        switch fault {
        case .cut(let chunks) where chunksSent >= chunks:
            stop()
            responder.abort()
        case .errorEvent(let chunks) where chunksSent >= chunks:
            responder.write(AnswerRenderer.errorEvent(.injected(500)))
            responder.write(AnswerRenderer.doneEvent)
            responder.endStream()
            stop()
        case .malformedChunk(let chunks) where chunksSent >= chunks:
            fault = nil
            responder.write(AnswerRenderer.brokenEvent)
        case .stall(let chunks, let silence) where chunksSent >= chunks:
            fault = nil
            hold(silence.nanoseconds)
        default: break
        }
    }

    // MARK: End

    private func complete() {
        let usage = AnswerUsage(
            promptTokens: promptTokens, cachedTokens: cachedTokens,
            completionTokens: answers.reduce(0) { $0 + max(1, $1.tokens.count) })
        timing.finished(at: loop.now, into: recorder)
        if isStream {
            if includesUsage { responder.write(renderer.usageEvent(usage)) }
            responder.write(AnswerRenderer.doneEvent)
            responder.endStream()
        } else {
            respondWhole(renderer.whole(answers, usage: usage))
        }
        isOver = true
    }

    /// An answer that is not streamed is one chunk: faults "after n chunks" hit it whatever n is.
    private func respondWhole(_ body: [UInt8]) {
        let type = "application/json"
        switch fault {
        case .cut: responder.respondTruncated(200, contentType: type, body: body, count: body.count / 2)
        case .errorEvent: responder.respond(200, contentType: type, body: APIError.injected(500).body)
        case .malformedChunk: responder.respond(200, contentType: type, body: Array(body.dropLast(body.count / 3)))
        case .stall(_, let silence):
            hold(silence.nanoseconds) { [responder] in responder.respond(200, contentType: type, body: body) }
        default: responder.respond(200, contentType: type, body: body)
        }
    }

    private func clientGone() {
        recorder.aborted(choices: unfinished)
        stop()
    }

    /// Forgets the model's sequences and every timer; nothing is sent any more.
    private func stop() {
        isOver = true
        for sequence in sequences { engine.cancel(sequence) }
        held.removeAll()
        holdTimer?.cancel()
        holdTimer = nil
    }

    // MARK: Silence

    /// Keeps back every further step; a timer without a descriptor cannot fail to be made.
    private func hold(_ nanoseconds: Int64, then action: @escaping () -> Void = {}) {
        holdTimer = try? LoopTimer(loop: loop, at: loop.now + nanoseconds) {
            self.release()
            action()
        }
    }

    private func release() {
        holdTimer?.cancel()
        holdTimer = nil
        let steps = held
        held.removeAll()
        for step in steps where !isOver {
            if holdTimer == nil { perform(step) } else { held.append(step) }
        }
    }
}

extension APIError {
    /// What a played fault answers.
    static func injected(_ status: Int) -> APIError {
        APIError(
            status: status, type: status == 429 ? "RateLimitError" : "InternalServerError", message: "Injected fault.")
    }
}
