// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import WireFormats

/// One caller's connection: collects a request, lets its exchange answer it, then the next one.
///
/// While an answer is under way nothing is read, so a caller that pipelines is slowed down by the kernel, not by our
/// memory. A caller that closes its side while waiting is gone: for HTTP clients that is how a cancelled call looks,
/// and an upstream that keeps generating for nobody costs money.
/// - Limits: `GatewayLimits`; the buffer is taken with a request's first byte and given back with its last.
final class ClientConnection: Channel {
    private enum Phase { case idle, head, body, answering, closing }

    let worker: Worker
    let exchange: Exchange
    private var phase = Phase.idle
    /// The request from its first byte, then whatever the caller sent after it.
    private var inbound = Buffer.none
    private(set) var head = RequestHead()
    private var decoder = ChunkedDecoder()
    /// End of the decoded body in `inbound`.
    private var bodyEnd = 0
    /// Raw bytes before this position have been decoded.
    private var rawStart = 0
    private var pace: BodyPace

    private static let firstReadBytes = 32 << 10

    init(worker: Worker, accepted: Int32, tls: TLSContext?) throws(ReactorError) {
        self.worker = worker
        exchange = Exchange(worker: worker)
        pace = BodyPace(beganAt: worker.loop.now, limits: worker.limits)
        try super.init(loop: worker.loop, accepted: accepted, tls: tls)
        exchange.attach(to: self)
        setDeadline(loop.now + worker.limits.headNanoseconds)
    }

    deinit { loop.buffers.give(&inbound) }

    /// The request's head; valid until the answer ends.
    var headBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: inbound.bytes[..<head.headBytes]) }
    /// The request's body without framing; valid until the answer ends.
    var bodyBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: inbound.bytes[head.headBytes..<bodyEnd]) }

    /// Whom the caller's certificate names.
    private(set) lazy var workload = ClientWorkload(peerCertificate, of: worker.trustDomain)
    /// Asked of the system once per connection.
    private(set) lazy var peerAddress = peerAddressBits

    var keepsAlive: Bool { head.keepsAlive && (!worker.isDraining || outlivesDrain) }
    /// Draining began when the head of a stream had gone out without `connection: close`: a caller that trusts it sends
    /// another request.
    private var outlivesDrain = false

    // MARK: Input

    override func readable() {
        if phase == .idle, !inbound.isEmpty {
            // Pipelined: the next request came with the previous one.
            beginRequest()
            parseHead()
        }
        while phase != .answering && phase != .closing {
            loop.buffers.reserve(max(Self.firstReadBytes, inbound.count + 1), in: &inbound)
            switch receive(into: inbound.end, capacity: inbound.room) {
            case .bytes(let count):
                received(count)
            case .wouldBlock:
                if inbound.isEmpty { loop.buffers.give(&inbound) }
                return
            case .endOfFile, .failed:
                return closeNow()
            }
        }
    }

    private func received(_ count: Int) {
        let previous = inbound.count
        inbound.count += count
        switch phase {
        case .idle:
            beginRequest()
            parseHead()
        case .head:
            // A head ends with a line end: without a new one there is nothing to look at again.
            if inbound.bytes[previous...].contains(10) { parseHead() } else { checkHeadSize() }
        case .body: continueBody()
        case .answering, .closing: break
        }
    }

    private func beginRequest() {
        phase = .head
        outlivesDrain = false
        exchange.begin()
        setDeadline(loop.now + worker.limits.headNanoseconds)
    }

    private func checkHeadSize() {
        if inbound.count > worker.limits.headBytesMax { refuse(HTTPFault.headTooLarge) }
    }

    private func parseHead() {
        switch HTTPParser.requestHead(inbound.bytes, fields: worker.fields, limits: worker.httpLimits) {
        case .incomplete: checkHeadSize()
        case .fault(let fault): refuse(fault)
        case .complete(let parsed):
            head = parsed
            bodyEnd = parsed.headBytes
            rawStart = parsed.headBytes
            let fields = UnsafeBufferPointer(rebasing: worker.fields[..<parsed.fieldCount])
            guard RequestLifecycle.headArrived(exchange, fields) else { return }
            beginBody()
        }
    }

    // MARK: Body

    private func beginBody() {
        phase = .body
        if head.isChunked {
            decoder = ChunkedDecoder()
        } else {
            let length = max(head.contentLength, 0)
            guard length <= Int64(worker.limits.bodyBytesMax) else { return refuseBody() }
            if inbound.count - head.headBytes >= Int(length) {
                bodyEnd = head.headBytes + Int(length)
                rawStart = bodyEnd
                return requestComplete()
            }
            loop.buffers.reserve(head.headBytes + Int(length), in: &inbound)
        }
        pace = BodyPace(beganAt: loop.now, limits: worker.limits)
        if head.expectsContinue { _ = sendText("HTTP/1.1 100 Continue\r\n\r\n") }
        continueBody()
    }

    private func continueBody() {
        setDeadline(pace.deadline(bytes: inbound.count - head.headBytes, now: loop.now))
        if head.isChunked { return decodeBody() }
        let end = head.headBytes + Int(max(head.contentLength, 0))
        guard inbound.count >= end else { return }
        bodyEnd = end
        rawStart = end
        requestComplete()
    }

    /// Moves each chunk's content down to the end of the body so far, in place.
    private func decodeBody() {
        guard let base = inbound.base else { return }
        while true {
            var offset = rawStart
            let event = decoder.next(inbound.bytes, from: &offset)
            rawStart = offset
            switch event {
            case .data(let range):
                guard bodyEnd - head.headBytes + Int(range.count) <= worker.limits.bodyBytesMax else {
                    return refuseBody()
                }
                let target = base + bodyEnd
                let source = base + Int(range.start)
                if target != source { target.copyMemory(from: source, byteCount: Int(range.count)) }
                bodyEnd += Int(range.count)
            case .needMore:
                return compact(base)
            case .end:
                return requestComplete()
            case .fault(let fault):
                return refuse(fault)
            }
        }
    }

    /// Closes the gap that taken-off framing leaves, so that a body of many small chunks does not need room for their
    /// frames.
    private func compact(_ base: UnsafeMutableRawPointer) {
        let rest = inbound.count - rawStart
        if rest > 0 { (base + bodyEnd).copyMemory(from: base + rawStart, byteCount: rest) }
        inbound.count = bodyEnd + rest
        rawStart = bodyEnd
    }

    private func requestComplete() {
        phase = .answering
        clearDeadline()
        RequestLifecycle.requestArrived(exchange)
    }

    // MARK: Answers

    /// Sends the worker's collected segments. Bytes the caller does not take at once wait here; upstream is not read
    /// meanwhile.
    func sendSegments(_ segments: inout SegmentList) {
        guard segments.count > 0 else { return }
        let outcome = send(segments.pointer, count: segments.count)
        segments.removeAll()
        switch outcome {
        case .all: break
        case .queued: exchange.clientBackedUp()
        case .failed: clientVanished()
        }
    }

    func sendText(_ text: StaticString) -> Sent {
        send(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The answer is complete: the next request, or the end.
    func answered(keepingAlive: Bool) {
        guard !isClosed else { return }
        guard keepingAlive && keepsAlive else { return closeAfterOutput() }
        let consumed = rawStart
        if consumed < inbound.count {
            loop.buffers.dropFirst(consumed, of: &inbound)
        } else {
            loop.buffers.give(&inbound)
        }
        phase = .idle
        setDeadline(
            loop.now + (worker.isDraining ? DrainSchedule.idleGraceNanoseconds : worker.limits.keepAliveNanoseconds))
        if inbound.isEmpty { resumeReading() } else { loop.runSoon(self) }
    }

    /// Nothing more will be read; what is queued still goes out.
    private func closeAfterOutput() {
        phase = .closing
        worker.connectionClosed(self)
        closeLingering()
    }

    func refuseWithFault(_ fault: HTTPFault) { refuse(fault) }

    private func refuse(_ fault: HTTPFault) {
        phase = .answering
        RequestLifecycle.refuse(exchange, .http(fault))
    }

    private func refuseBody() {
        phase = .answering
        RequestLifecycle.refuse(exchange, .bodyTooLarge(worker.limits.bodyBytesMax))
    }

    // MARK: Ends

    /// The exchange answers before the body was read; the connection cannot be used again.
    func stopReading() { phase = .answering }

    override func drained() { exchange.clientDrained() }

    override func sendFailed(_ number: Int32) { clientVanished() }

    override func hungUp() {
        switch phase {
        case .answering: clientVanished()
        case .idle, .head, .body, .closing: break
        }
    }

    private func clientVanished() {
        exchange.clientGone()
        closeNow()
    }

    override func connectFailed(_ failure: ConnectFailure) { worker.connectionClosed(self) }

    override func timedOut() {
        switch phase {
        case .idle, .closing: closeNow()
        case .head:
            if isOpen && !inbound.isEmpty { RequestLifecycle.refuse(exchange, .headTimeout) } else { closeNow() }
        case .body: RequestLifecycle.refuse(exchange, .bodyTimeout)
        case .answering: exchange.timerFired()
        }
    }

    /// The gateway begins to stop: answers from now on say so, one under way cannot any more.
    func drainBegan() {
        if phase == .answering, exchange.hasStarted { outlivesDrain = true }
    }

    /// Ends an idle connection when the gateway stops; one with a request under way ends with its answer.
    func drainIfIdle() {
        if phase == .idle, !outlivesDrain { closeNow() }
    }

    func closeNow() {
        guard !isClosed || phase != .closing else { return close() }
        phase = .closing
        worker.connectionClosed(self)
        close()
    }
}
