// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import WireFormats

/// The connection behind one `HTTPClient.fetch`.
final class HTTPClientExchange: Channel {
    private enum Phase {
        case head
        case sized(remaining: Int64)
        case chunked
        case untilClose
        case done
    }

    private let request: HTTPClientRequest
    private let bodyBytesMax: Int
    private let timeline: HTTPClientTimeline?
    /// Of the whole exchange; until the connection is open an earlier one may hold.
    var deadlineWhenOpen: Int64 = .max
    private var piece: ((UnsafeRawBufferPointer) -> Void)?
    private var completion: HTTPClient.Completion?
    private var phase = Phase.head
    private var input = Buffer.none
    private var chunks = ChunkedDecoder()
    private var response = HTTPClientResponse(status: 0, fields: [:], body: [])
    private var bodyBytes = 0
    private var interimHeads = 0

    /// A server that answers 1xx for ever must not keep us.
    private static let interimHeadsMax = 10

    init(
        loop: EventLoop, request: HTTPClientRequest, bodyBytesMax: Int, timeline: HTTPClientTimeline?,
        piece: ((UnsafeRawBufferPointer) -> Void)?, completion: @escaping HTTPClient.Completion
    ) {
        self.request = request
        self.bodyBytesMax = bodyBytesMax
        self.timeline = timeline
        self.piece = piece
        self.completion = completion
        super.init(loop: loop)
    }

    func cancel() {
        completion = nil
        finish(.failure(.timedOut))
    }

    func finish(_ result: Result<HTTPClientResponse, HTTPClientFailure>) {
        phase = .done
        piece = nil
        loop.buffers.give(&input)
        close()
        let completion = self.completion
        self.completion = nil
        completion?(result)
    }

    // MARK: Events

    override func opened() {
        setDeadline(deadlineWhenOpen)
        timeline?.step = .waiting
        timeline?.openedAt = loop.now
        if case .failed = request.bytes.withUnsafeBytes({ send($0) }) { finish(.failure(.truncated)) }
    }

    override func connectFailed(_ failure: ConnectFailure) { finish(.failure(.connect(failure))) }
    override func sendFailed(_ number: Int32) { finish(.failure(.truncated)) }
    override func timedOut() {
        if isSecuring { timeline?.step = .securing }
        finish(.failure(.timedOut))
    }

    /// Because: a read that emptied the socket does not see the end that came with the last bytes; this call does.
    override func hungUp() { endOfInput() }

    override func readable() {
        while !isClosed {
            guard let memory = loop.scratch.baseAddress else { return }
            switch receive(into: memory, capacity: loop.scratch.count) {
            case .bytes(let count):
                noteFirstByte()
                loop.buffers.append(UnsafeRawBufferPointer(start: memory, count: count), to: &input)
                process()
            case .wouldBlock: return
            case .endOfFile: return endOfInput()
            case .failed: return finish(.failure(.truncated))
            }
        }
    }

    private func noteFirstByte() {
        guard let timeline, timeline.firstByteAt == nil else { return }
        timeline.step = .receiving
        timeline.firstByteAt = loop.now
    }

    private func endOfInput() {
        if case .done = phase { return }
        if case .untilClose = phase { finish(.success(response)) } else { finish(.failure(.truncated)) }
    }

    // MARK: Answer

    private func process() {
        while case .head = phase {
            guard takeHead() else { return }
        }
        takeBody()
    }

    private func takeHead() -> Bool {
        withUnsafeTemporaryAllocation(of: HeaderField.self, capacity: HTTPLimits().fieldsMax) { fields in
            switch HTTPParser.responseHead(input.bytes, fields: fields, limits: HTTPLimits()) {
            case .incomplete:
                return false
            case .fault(let fault):
                finish(.failure(.malformed(fault)))
                return false
            case .complete(let head):
                return accept(head, fields)
            }
        }
    }

    private func accept(_ head: ResponseHead, _ fields: UnsafeMutableBufferPointer<HeaderField>) -> Bool {
        response.status = head.status
        response.fields = HTTPFields(fields, count: head.fieldCount, in: input.bytes)
        loop.buffers.dropFirst(head.headBytes, of: &input)
        if (100..<200).contains(head.status) {
            interimHeads += 1
            if interimHeads > Self.interimHeadsMax { finish(.failure(.truncated)) }
            return interimHeads <= Self.interimHeadsMax && !input.isEmpty
        }
        switch head.bodyFraming(requestWasHead: request.method == "HEAD") {
        case .none: finish(.success(response))
        case .length(let count): phase = .sized(remaining: count)
        case .chunked: phase = .chunked
        case .untilClose: phase = .untilClose
        }
        return true
    }

    private func takeBody() {
        switch phase {
        case .head, .done: break
        case .sized(let remaining):
            let taken = Int(min(remaining, Int64(input.count)))
            guard keep(UnsafeRawBufferPointer(rebasing: input.bytes.prefix(taken))) else { return }
            loop.buffers.dropFirst(taken, of: &input)
            phase = .sized(remaining: remaining - Int64(taken))
            if remaining == Int64(taken) { finish(.success(response)) }
        case .chunked: takeChunks()
        case .untilClose:
            guard keep(input.bytes) else { return }
            loop.buffers.dropFirst(input.count, of: &input)
        }
    }

    private func takeChunks() {
        var offset = 0
        while true {
            switch chunks.next(input.bytes, from: &offset) {
            case .data(let range): guard keep(range.slice(input.bytes)) else { return }
            case .needMore: return loop.buffers.dropFirst(offset, of: &input)
            case .end: return finish(.success(response))
            case .fault(let fault): return finish(.failure(.malformed(fault)))
            }
        }
    }

    /// - Returns: `false` when the exchange ended here: too large, or cancelled by the receiver of the piece.
    private func keep(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty else { return true }
        bodyBytes += bytes.count
        guard bodyBytes <= bodyBytesMax else {
            finish(.failure(.tooLarge(bytesMax: bodyBytesMax)))
            return false
        }
        if let piece { piece(bytes) } else { response.body += bytes }
        return !isClosed
    }
}
