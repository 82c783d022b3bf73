// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import WireFormats

/// One client's connection: head → body → handler → answer, again and again while both sides keep it alive.
///
/// While a request is being handled nothing more is read, so a client that pipelines waits and costs no memory. A
/// client that closes its sending side while it waits counts as gone: with plain HTTP it cannot be told from one that
/// closed altogether, and work for nobody is dear.
final class HTTPServerConnection: Channel {
    private enum Phase {
        case head
        case body(HTTPServerRequest, RequestHead)
        case handling
        /// The last answer is on its way out.
        case closing
        case done
    }

    private let server: HTTPServer
    private var phase = Phase.head
    private var input = Buffer.none
    private var chunks = ChunkedDecoder()
    private var responder: HTTPResponder?
    private var isProcessing = false
    /// `pendingBytes` when the write deadline was set; less at the deadline means that the client reads, only slowly.
    private var pendingAtDeadline = 0

    init(server: HTTPServer, accepted: Int32, tls: TLSContext?) throws(ReactorError) {
        self.server = server
        try super.init(loop: server.loop, accepted: accepted, tls: tls)
    }

    func begin() { setDeadline(loop.now + server.limits.headNanosecondsMax) }

    /// Ends the connection now; whoever is still answering is told that the client is gone.
    func abort() {
        finish()
        close()
    }

    func closeIfIdle() {
        if case .head = phase, input.isEmpty { abort() }
    }

    private func finish() {
        phase = .done
        loop.buffers.give(&input)
        server.closed(self)
        if let responder {
            self.responder = nil
            responder.connectionLost()
        }
    }

    // MARK: Events

    override func readable() {
        while !isClosed, wantsInput {
            guard let memory = loop.scratch.baseAddress else { return }
            switch receive(into: memory, capacity: loop.scratch.count) {
            case .bytes(let count):
                loop.buffers.append(UnsafeRawBufferPointer(start: memory, count: count), to: &input)
                process()
            case .wouldBlock: return
            case .endOfFile: return inputEnded()
            case .failed: return abort()
            }
        }
    }

    override func hungUp() { inputEnded() }

    /// A client that will send no more still gets what is finished; work not finished is given up.
    private func inputEnded() {
        switch phase {
        case .head where isBackedUp: phase = .closing
        case .closing, .done: break
        case .head, .body, .handling: abort()
        }
    }

    override func sendFailed(_ number: Int32) { abort() }

    /// The TLS handshake failed.
    override func connectFailed(_ failure: ConnectFailure) { finish() }

    override func drained() {
        switch phase {
        case .handling:
            clearDeadline()
            responder?.connectionDrained()
        case .closing: linger()
        case .head, .body, .done: break
        }
    }

    override func timedOut() {
        switch phase {
        case .head where input.isEmpty: abort()
        case .head: refuse(408, "the request's head took longer than allowed")
        case .body: refuse(408, "the request's body stopped arriving")
        case .handling, .closing:
            if pendingBytes < pendingAtDeadline { setWriteDeadline() } else { abort() }
        case .done: abort()
        }
    }

    private func setWriteDeadline() {
        pendingAtDeadline = pendingBytes
        setDeadline(loop.now + server.limits.writeIdleNanosecondsMax)
    }

    private var wantsInput: Bool {
        switch phase {
        case .head, .body: true
        case .handling, .closing, .done: false
        }
    }

    // MARK: Requests

    /// Takes requests from the input until one needs more bytes or waits for its handler.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        var isProgressing = true
        while isProgressing, !isClosed {
            switch phase {
            case .head: isProgressing = takeHead()
            case .body(let request, let head): isProgressing = takeBody(request, head)
            case .handling, .closing, .done: isProgressing = false
            }
        }
    }

    private func takeHead() -> Bool {
        guard !input.isEmpty else { return false }
        switch HTTPParser.requestHead(input.bytes, fields: server.fields, limits: server.limits.head) {
        case .incomplete:
            return false
        case .fault(let fault):
            refuse(Int(fault.status), "\(fault.explanation)")
            return false
        case .complete(let head):
            begin(head)
            return true
        }
    }

    private func begin(_ head: RequestHead) {
        guard head.contentLength <= Int64(server.limits.bodyBytesMax) else { return refuseBody() }
        let request = HTTPServerRequest(
            method: head.method, path: String(decoding: head.path.slice(input.bytes), as: UTF8.self),
            query: String(decoding: head.query.slice(input.bytes), as: UTF8.self),
            fields: HTTPFields(server.fields, count: head.fieldCount, in: input.bytes), body: [])
        loop.buffers.dropFirst(head.headBytes, of: &input)
        let hasBody = head.isChunked || head.contentLength > 0
        guard hasBody else { return handle(request, head) }
        if head.expectsContinue, input.isEmpty { deliver(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        chunks = ChunkedDecoder()
        phase = .body(request, head)
        setDeadline(loop.now + server.limits.bodyIdleNanosecondsMax)
    }

    private func takeBody(_ request: HTTPServerRequest, _ head: RequestHead) -> Bool {
        guard !input.isEmpty else { return false }
        setDeadline(loop.now + server.limits.bodyIdleNanosecondsMax)
        var request = request
        // The array moves out of `phase` so that appending does not copy it.
        phase = .head
        guard head.isChunked else { return takeSized(&request, head) }
        return takeChunks(&request, head)
    }

    private func takeSized(_ request: inout HTTPServerRequest, _ head: RequestHead) -> Bool {
        let taken = min(Int(head.contentLength) - request.body.count, input.count)
        request.body += UnsafeRawBufferPointer(rebasing: input.bytes.prefix(taken))
        loop.buffers.dropFirst(taken, of: &input)
        guard request.body.count == Int(head.contentLength) else {
            phase = .body(request, head)
            return false
        }
        handle(request, head)
        return true
    }

    private func takeChunks(_ request: inout HTTPServerRequest, _ head: RequestHead) -> Bool {
        var offset = 0
        while true {
            switch chunks.next(input.bytes, from: &offset) {
            case .data(let range):
                guard request.body.count + Int(range.count) <= server.limits.bodyBytesMax else {
                    refuseBody()
                    return false
                }
                request.body += range.slice(input.bytes)
            case .needMore:
                loop.buffers.dropFirst(offset, of: &input)
                phase = .body(request, head)
                return false
            case .end:
                loop.buffers.dropFirst(offset, of: &input)
                handle(request, head)
                return true
            case .fault(let fault):
                refuse(Int(fault.status), "\(fault.explanation)")
                return false
            }
        }
    }

    private func handle(_ request: HTTPServerRequest, _ head: RequestHead) {
        phase = .handling
        clearDeadline()
        if input.isEmpty { loop.buffers.give(&input) }
        let keepsAlive = head.keepsAlive && !server.isDraining
        let responder = HTTPResponder(
            connection: self, isHead: head.method == .head, isVersion11: head.isVersion11, keepsAlive: keepsAlive)
        self.responder = responder
        server.handler(request, responder)
    }

    // MARK: Answers

    private func refuseBody() { refuse(413, "the body exceeds the limit of \(server.limits.bodyBytesMax) bytes") }

    /// Answers what cannot be handled and closes: after bad input nobody knows where the next request begins.
    private func refuse(_ status: Int, _ message: String) {
        let type = status >= 500 ? "server_error" : "invalid_request_error"
        let responder = HTTPResponder(connection: self, isHead: false, isVersion11: true, keepsAlive: false)
        phase = .handling
        self.responder = responder
        let body = ErrorBody.openAI(message: message, type: type, param: nil, code: nil)
        responder.respond(status, contentType: "application/json", body: body)
    }

    /// Sends or queues; a broken connection or one that owes too much is dropped.
    func deliver(_ bytes: [UInt8]) {
        guard isOpen else { return }
        let sent = bytes.withUnsafeBytes { send($0) }
        switch sent {
        case .all: break
        case .queued where pendingBytes <= server.limits.pendingBytesMax: setWriteDeadline()
        case .queued, .failed: abort()
        }
    }

    /// The answer has been handed over in full.
    func answered(keepsAlive: Bool) {
        guard isOpen else { return }
        responder = nil
        guard keepsAlive, !server.isDraining else {
            phase = .closing
            return isBackedUp ? setWriteDeadline() : linger()
        }
        phase = .head
        setDeadline(
            loop.now + (input.isEmpty ? server.limits.keepAliveNanosecondsMax : server.limits.headNanosecondsMax))
        process()
        if wantsInput { resumeReading() }
    }

    private func linger() {
        finish()
        closeLingering()
    }
}
