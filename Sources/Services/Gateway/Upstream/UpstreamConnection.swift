// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// One connection to an endpoint: sends a request, takes the framing off the answer, and tells its exchange what it
/// means.
///
/// The answer passes through one of these modes:
/// - `error`: not a success; the body is collected, classified and handed over. Nothing reaches the client yet.
/// - `whole`: a success that is not a stream; collected so that a broken one can still fail over. Too long for that, it
///   is relayed; events that nobody understands and sound are relayed from their first bytes on.
/// - `preview`: a stream before its first content; an error or an end here can still fail over.
/// - `stream`: committed; whole events are forwarded in the iteration in which they arrived, from the receive buffer,
///   without a copy.
/// - `relay`: committed, not a stream; bytes are forwarded as they come.
/// - `drain`: nobody listens any more; the rest is discarded within bounds, so that the connection can be used again.
/// The mode is chosen in `+Head`, its steps are in `+Answer`; `+PassThrough` and `+Translation` are the two ways to the
/// caller.
final class UpstreamConnection: Channel {
    enum Mode { case connecting, idle, head, error, whole, preview, stream, relay, drain }

    let worker: Worker
    private(set) var upstream: Upstream
    /// What is left to try while connecting.
    var addresses: AddressWalk
    /// The request being served. Invariant: an exchange detaches its connections before it goes away.
    unowned(unsafe) var exchange: Exchange?
    var slot = 0
    var mode = Mode.connecting
    /// How the endpoint performs the operation; `nil` between requests.
    private(set) var plan: DispatchPlans.Plan?
    /// Where the answer is in another wire than the caller's, or its events need reading; `nil` for OpenAI's own.
    var translator: AnswerTranslator?
    /// Whether the caller gets other bytes than the endpoint sent.
    var isTranslating: Bool { plan.map { $0.speech != .same } ?? false }
    /// Input tokens as a header of the answer counts them; `nil` when none does.
    var inputTokenCount: Int64?
    private var isReused = false
    private var bytesReceived = 0

    var head = ResponseHead()
    /// The answer's header lines that the client gets, collected while the head was at hand.
    var headLines = Buffer.none
    var held = Buffer.none
    /// What the answer's head says of its error.
    var errorType = Buffer.none
    var reader = BodyReader.empty
    var framing = SSEFraming()
    var frames = AWSEventStream()
    /// Set where a stream comes as one long JSON array.
    var elements: JSONArrayFraming?
    /// Whether the caller gets the endpoint's own chunks in another framing than they came in.
    var isReframed = false
    /// Goes out from its first bytes on, although nothing tells here where an answer's content begins.
    var relaysEarly = false
    /// Events that nobody here understands: relayed as they come.
    var relaysEvents = false
    /// Position in `held` up to which `preview` has looked.
    var previewed = 0
    var sawDone = false
    var sawFinish = false
    var sawErrorEvent = false
    /// The framing's end came, and the translator knows.
    var isBodyOver = false
    private var informationalHeads = 0

    init(upstream: Upstream, worker: Worker, addresses: AddressWalk) {
        self.upstream = upstream
        self.addresses = addresses
        self.worker = worker
        super.init(loop: worker.loop)
    }

    deinit {
        endTranslation()
        loop.buffers.give(&errorType)
        loop.buffers.give(&held)
        loop.buffers.give(&headLines)
    }

    // MARK: Life between requests

    func enterIdle() {
        mode = .idle
        isReused = true
        setDeadline(loop.now + worker.limits.idleUpstreamNanoseconds)
    }

    func leaveIdle() { clearDeadline() }

    func move(to upstream: Upstream) { self.upstream = upstream }

    override func opened() {
        upstream.addressAnswered(addresses)
        guard let exchange else { return close() }
        exchange.connectionOpened(slot)
        start()
    }

    override func connectFailed(_ failure: ConnectFailure) {
        guard let exchange, leavesAddress(forAnother: true) else { return fail(.connectFailed) }
        exchange.addressChanged(slot)
    }

    /// Gives up an address that does not answer for the next one of the name, within the same attempt: the others are
    /// not to blame for it, and with one endpoint there is nothing else to try.
    /// - Parameter another: whether there is time to try one more.
    /// - Returns: whether one more is being tried.
    func leavesAddress(forAnother another: Bool) -> Bool {
        upstream.addressFailed(addresses)
        guard another else { return false }
        close()
        return upstream.connect(self)
    }

    override func timedOut() {
        if mode == .idle { upstream.drop(idle: self) }
        close()
    }

    override func hungUp() {
        if mode == .idle { peerSpokeWhileIdle() }
    }

    private func peerSpokeWhileIdle() {
        upstream.drop(idle: self)
        close()
    }

    override func sendFailed(_ number: Int32) { connectionBroke() }

    // MARK: One request

    /// Binds the connection to an attempt and sends the request now or when connected.
    func begin(_ exchange: Exchange, slot: Int, plan: DispatchPlans.Plan) {
        self.exchange = exchange
        self.slot = slot
        self.plan = plan
        resetAnswer()
        beginTranslation(exchange, plan)
        if isOpen { start() }
    }

    private func resetAnswer() {
        bytesReceived = 0
        informationalHeads = 0
        previewed = 0
        relaysEarly = false
        relaysEvents = false
        sawDone = false
        sawFinish = false
        sawErrorEvent = false
        framing = SSEFraming()
        frames = AWSEventStream()
        inputTokenCount = nil
        elements = nil
        isReframed = false
        errorType.count = 0
        headLines.count = 0
        held.count = 0
    }

    private func start() {
        guard let exchange else { return close() }
        mode = .head
        if case .failed = exchange.sendRequest(on: self) { connectionBroke() }
    }

    /// Forgets the request; the answer, if one is coming, is of no interest: an answer under way can only be stopped by
    /// closing.
    func cancel() {
        exchange = nil
        close()
    }

    override func readable() {
        for _ in 0..<Self.readsPerTurn {
            if mode == .idle { return peerSpokeWhileIdle() }
            if let exchange, mode == .stream || mode == .relay, exchange.client.isBackedUp { return }
            guard let memory = loop.scratch.baseAddress else { return }
            switch receive(into: memory, capacity: loop.scratch.count) {
            case .bytes(let count):
                bytesReceived += count
                process(UnsafeRawBufferPointer(start: memory, count: count))
                if isClosed || mode == .idle { return }
            case .wouldBlock: return
            case .endOfFile: return ended()
            case .failed: return connectionBroke()
            }
        }
        resumeReading()
    }

    private static let readsPerTurn = 4

    // MARK: The head

    private func process(_ bytes: UnsafeRawBufferPointer) {
        guard mode == .head else { return processBody(bytes) }
        if held.isEmpty {
            parseHead(bytes, isHeld: false)
        } else {
            loop.buffers.append(bytes, to: &held)
            parseHead(held.bytes, isHeld: true)
        }
    }

    private func parseHead(_ bytes: UnsafeRawBufferPointer, isHeld: Bool) {
        switch HTTPParser.responseHead(bytes, fields: worker.fields, limits: HTTPLimits()) {
        case .incomplete:
            if !isHeld { loop.buffers.append(bytes, to: &held) }
        case .fault:
            fail(.malformedResponse)
        case .complete(let parsed) where parsed.status < 200:
            skipInformational(bytes, parsed.headBytes, isHeld: isHeld)
        case .complete(let parsed):
            head = parsed
            guard headArrived(bytes) else { return }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[parsed.headBytes...])
            guard isHeld else { return processBody(rest) }
            // The rest lies in `held`, which the body's mode uses for itself.
            var input = held
            held = .none
            processBody(rest)
            loop.buffers.give(&input)
        }
    }

    /// 100 Continue and the like are not for our client. A server that sends them without end is broken.
    private func skipInformational(_ bytes: UnsafeRawBufferPointer, _ headBytes: Int, isHeld: Bool) {
        informationalHeads += 1
        guard informationalHeads <= 10 else { return fail(.malformedResponse) }
        if isHeld {
            loop.buffers.dropFirst(headBytes, of: &held)
            if !held.isEmpty { parseHead(held.bytes, isHeld: true) }
        } else if headBytes < bytes.count {
            parseHead(UnsafeRawBufferPointer(rebasing: bytes[headBytes...]), isHeld: false)
        }
    }

    // MARK: The end

    /// The peer closed its side.
    private func ended() {
        // Because: the list is the loop's, and may hold what a connection that was closed halfway had collected.
        worker.beginSegments()
        switch mode {
        case .idle: peerSpokeWhileIdle()
        case .drain, .connecting: close()
        case .head: connectionBroke()
        case .error, .whole, .preview, .stream, .relay:
            if reader.endsWithConnection {
                bodyEnded(isReusable: false)
                if exchange == nil { close() }
            } else {
                connectionBroke()
            }
        }
    }

    /// The connection is of no use any more; what that means depends on how far the answer had come.
    private func connectionBroke() {
        worker.beginSegments()
        switch mode {
        case .idle: peerSpokeWhileIdle()
        case .drain: close()
        case .connecting: fail(.connectFailed)
        case .head: fail(bytesReceived == 0 ? .resetBeforeFirstByte : .malformedResponse)
        case .error, .whole, .preview: fail(.truncated)
        case .stream where sawDone || sawFinish: bodyEnded(isReusable: false)
        case .stream, .relay: fail(.truncated)
        }
    }

    /// Closes and reports the attempt as failed.
    func fail(_ kind: FailureKind, retryAfter: Int64? = nil) {
        let exchange = exchange
        let slot = slot
        let failure = AttemptFailure(
            kind: kind, retryAfter: retryAfter.map { .nanoseconds($0) }, status: bytesReceived > 0 ? head.status : 0,
            onReusedConnection: isReused)
        self.exchange = nil
        close()
        exchange?.attemptFailed(slot, failure)
    }

    /// Gives the connection up after a proper end of the answer: to the pool, or to the bin.
    func finished(isReusable: Bool) {
        exchange = nil
        endTranslation()
        loop.buffers.give(&errorType)
        loop.buffers.give(&held)
        loop.buffers.give(&headLines)
        loop.buffers.give(&errorType)
        if isReusable && head.keepsAlive { upstream.keep(self) } else { close() }
    }

    /// The client has its answer, the peer has not ended the body yet.
    func drainRest() {
        exchange = nil
        mode = .drain
        loop.buffers.give(&held)
        setDeadline(loop.now + Self.drainNanoseconds)
    }

    private static let drainNanoseconds: Int64 = 2_000_000_000
}
