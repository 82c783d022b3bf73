// SPDX-License-Identifier: Apache-2.0
// Isobar

// Sends requests and checks every answer, on one thread. It runs one phase at a time; a phase issues requests until its
// budget is spent and ends when the last answer is in, so that between phases nothing is under way.

internal import Loopback

final class LoadGenerator {
    /// How much a phase may issue. `nil` means no limit of that kind.
    struct Budget {
        var requestsMax: Int?
        var duration: Int64?
    }

    private let plan: Plan
    private let request: RequestTemplate
    private let poller: Poller
    private let buffer = ReceiveBuffer()
    private var clients: [Client] = []
    private var random: SplitMix64
    private var nextNumber = 1

    // State of the phase.
    private var tally = Tally()
    private var begin: MonotonicTime = 0
    private var end: MonotonicTime = .max
    private var issuesLeft = 0
    private var inFlight = 0
    private var lastProgress: MonotonicTime = 0
    /// Closed loop: clients that have not begun yet. Open loop: clients without a request.
    private var idle: [Client] = []
    /// When the next request of an idle client is to start, and how much later the one after it.
    private var nextIntended: MonotonicTime = 0
    private var gap: Int64 = 0
    /// Clients that leave when this turn of the loop ends, and when the next one does.
    private var leaving: [Client] = []
    private var leavingNext: [Client] = []
    /// Clients that lost their connection in this turn. They go on when it ends: doing so at once could recurse without
    /// end.
    private var restarting: [Client] = []

    /// Silence after which a phase gives up on the answers still out.
    private static let stallLimit: Int64 = 10_000_000_000
    /// Failed attempts to connect in a row, 10 ms apart, before the run ends.
    private static let connectAttemptsMax = 200

    init(_ plan: Plan) throws(SystemError) {
        self.plan = plan
        request = RequestTemplate(plan)
        poller = try Poller()
        random = SplitMix64(state: plan.seed)
        for slot in 0..<plan.connections {
            let client = Client(slot: slot)
            clients.append(client)
            try connect(client)
        }
    }

    func run(_ budget: Budget) throws(SystemError) -> Tally {
        start(budget)
        while true {
            try issueDue()
            guard inFlight > 0 || !restarting.isEmpty || (mayIssue && !idle.isEmpty) else { break }
            let count = try poller.wait(until: wakeTime)
            for index in 0..<count { try serve(clients[poller.tag(at: index)]) }
            try endTurn()
            let now = monotonicNow()
            if inFlight > 0, now - lastProgress > Self.stallLimit { abandonAll() }
        }
        tally.elapsed = lastProgress - begin
        return tally
    }

    private func start(_ budget: Budget) {
        tally = Tally()
        begin = monotonicNow()
        lastProgress = begin
        end = budget.duration.map { begin + $0 } ?? .max
        issuesLeft = budget.requestsMax ?? .max
        nextIntended = begin
        gap = plan.openGap ?? plan.ramp / Int64(clients.count)
        idle = clients
    }

    // MARK: Issuing

    /// Whether the budget allows another request. In the open loop the intended time counts, so a late phase still
    /// sends all of them.
    private var mayIssue: Bool { issuesLeft > 0 && (plan.openGap == nil ? monotonicNow() : nextIntended) < end }

    private var wakeTime: MonotonicTime {
        if !leaving.isEmpty || !leavingNext.isEmpty || !restarting.isEmpty { return 0 }
        let stall = lastProgress + Self.stallLimit
        return !idle.isEmpty && mayIssue ? min(nextIntended, stall) : stall
    }

    /// Starts a request on an idle client for every time that has come.
    private func issueDue() throws(SystemError) {
        while !idle.isEmpty, mayIssue, nextIntended <= monotonicNow(), let client = idle.popLast() {
            let intended = nextIntended
            nextIntended += gap
            try issue(client, intended: intended)
        }
    }

    /// After an answer, an error or a hang-up: the client's next request, or rest.
    private func issueNext(_ client: Client) throws(SystemError) {
        if plan.openGap != nil {
            idle.append(client)
        } else if mayIssue {
            try issue(client, intended: monotonicNow())
        }
    }

    private func issue(_ client: Client, intended: MonotonicTime) throws(SystemError) {
        if client.fd == nil {
            try connect(client)
            tally.reconnects += 1
        }
        issuesLeft -= 1
        inFlight += 1
        client.carry.removeAll()
        client.exchange = Exchange(number: nextNumber, intended: intended, hangUp: chooseHangUp())
        nextNumber += 1
        send(client)
    }

    private func chooseHangUp() -> HangUp? {
        guard plan.hangUpPercent > 0, Int(random.next() % 100) < plan.hangUpPercent else { return nil }
        let kinds: UInt64 = plan.mode == .stream ? 5 : 3
        switch random.next() % kinds {
        case 0: return .midRequest
        case 1: return .afterRequest
        case 2: return .nextTurn
        default: return .afterChunks(Int(random.next() % UInt64(plan.chunks)) + 1)
        }
    }

    private func send(_ client: Client) {
        guard let fd = client.fd, var exchange = client.exchange else { return }
        let bytes = request.numbered(exchange.number)
        var limit = bytes.count
        if case .midRequest? = exchange.hangUp { limit /= 2 }
        guard exchange.sent < limit else { return }
        switch Sockets.send(fd, UnsafeRawBufferPointer(rebasing: bytes[exchange.sent..<limit])) {
        case .moved(let count): exchange.sent += count
        case .blocked: return
        case .ended: return fail(client, .cut)
        }
        client.exchange = exchange
        guard exchange.sent == limit else { return }
        switch exchange.hangUp {
        case .midRequest?, .afterRequest?: leaving.append(client)
        case .nextTurn?: leavingNext.append(client)
        default: break
        }
    }

    // MARK: Receiving

    private func serve(_ client: Client) throws(SystemError) {
        guard client.exchange != nil else { return dropIfClosed(client) }
        send(client)
        while let fd = client.fd, client.exchange != nil {
            let room = ReceiveBuffer.capacity - client.carry.count
            switch buffer.fill(from: fd, behind: client.carry) {
            case .blocked: return
            case .ended: return try end(client)
            case .moved(let count):
                try read(client, fresh: count)
                if count < room { return }
            }
        }
    }

    /// Nothing is expected: the peer may have closed the connection, which the next request then opens anew.
    private func dropIfClosed(_ client: Client) {
        guard let fd = client.fd else { return }
        if case .blocked = buffer.fill(from: fd, behind: Carry()) { return }
        disconnect(client)
    }

    private func end(_ client: Client) throws(SystemError) {
        guard let exchange = client.exchange, exchange.body?.endsWithConnection == true else {
            return fail(client, .cut)
        }
        // The carry is the whole content of an answer without framing.
        let verdict = client.carry.withBytes { exchange.verdict(plan, content: $0) }
        disconnect(client)
        try finish(client, exchange, verdict, now: monotonicNow())
    }

    /// Consumes what `buffer` holds: the client's carry and `fresh` bytes behind it.
    private func read(_ client: Client, fresh: Int) throws(SystemError) {
        guard var exchange = client.exchange else { return }
        let now = monotonicNow()
        lastProgress = now
        let total = client.carry.count + fresh
        var raw = client.carry.count
        var contentStart = 0
        if exchange.body == nil {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<total])
            switch MessageHead.parse(bytes) {
            case .malformed: return fail(client, .malformed)
            case .incomplete:
                client.carry.removeAll()
                return client.carry.append(bytes)
            case .complete(let head):
                exchange.status = MessageHead.status(bytes) ?? 0
                exchange.keepsAlive = head.keepsAlive
                exchange.body = BodyDecoder(head.framing, isRequest: false)
                raw = head.count
                contentStart = head.count
            }
        }
        guard var body = exchange.body else { return }
        let (consumed, contentCount) = body.decode(UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[raw..<total]))
        var content = UnsafeRawBufferPointer(rebasing: buffer.bytes[contentStart..<(raw + contentCount)])
        if plan.mode == .stream { takeEvents(&exchange, &content, now: now) }
        exchange.body = body
        client.exchange = exchange
        if body.isMalformed || (body.isComplete && raw + consumed != total) { return fail(client, .malformed) }
        if case .afterChunks(let count)? = exchange.hangUp, exchange.chunks >= count { return hangUp(client) }
        guard body.isComplete else {
            client.carry.removeAll()
            return client.carry.append(content)
        }
        if !exchange.keepsAlive { disconnect(client) }
        try finish(client, exchange, exchange.verdict(plan, content: content), now: now)
    }

    /// Consumes complete lines from the front of `content`; only `data:` lines matter, one of which is one event here.
    /// Anthropic's `event:` lines repeat what the data says.
    private func takeEvents(_ exchange: inout Exchange, _ content: inout UnsafeRawBufferPointer, now: MonotonicTime) {
        var start = 0
        while let lineEnd = content.offset(of: UInt8(ascii: "\n"), from: start) {
            let line = UnsafeRawBufferPointer(rebasing: content[start..<lineEnd])
            start = lineEnd + 1
            let before = exchange.chunks
            let sent = exchange.take(line: line, plan)
            if exchange.chunks > before { recordChunk(of: exchange, sent: sent, now: now) }
        }
        content = UnsafeRawBufferPointer(rebasing: content[start...])
    }

    private func recordChunk(of exchange: Exchange, sent: MonotonicTime?, now: MonotonicTime) {
        tally.chunks += 1
        guard let sent else {
            tally.unstampedChunks += 1
            return
        }
        if exchange.texts == 1 { tally.timeToFirstToken.record(now - exchange.intended) }
        tally.chunkDelay.record(now - sent)
    }

    // MARK: Ends of an exchange

    private func finish(_ client: Client, _ exchange: Exchange, _ verdict: Failure?, now: MonotonicTime)
        throws(SystemError)
    {
        clear(client, now: now)
        if let verdict {
            tally.count(verdict)
        } else {
            tally.completed += 1
            tally.checksum &+= exchange.number
            tally.latency.record(now - exchange.intended)
        }
        try issueNext(client)
    }

    private func fail(_ client: Client, _ failure: Failure) {
        guard client.exchange != nil else { return }
        tally.count(failure)
        disconnect(client)
        clear(client, now: monotonicNow())
        restarting.append(client)
    }

    private func hangUp(_ client: Client) {
        guard client.exchange?.hangUp != nil else { return }
        tally.hangUps += 1
        disconnect(client, abruptly: random.next() % 2 == 0)
        clear(client, now: monotonicNow())
        restarting.append(client)
    }

    private func clear(_ client: Client, now: MonotonicTime) {
        client.exchange = nil
        client.carry.removeAll()
        inFlight -= 1
        lastProgress = now
    }

    /// Hangs up where a client was to leave now, and lets clients without a connection go on.
    private func endTurn() throws(SystemError) {
        for client in leaving { hangUp(client) }
        leaving = leavingNext
        leavingNext.removeAll()
        let lost = restarting
        restarting.removeAll()
        for client in lost { try issueNext(client) }
    }

    private func abandonAll() {
        issuesLeft = 0
        for client in clients { fail(client, .stalled) }
    }

    // MARK: Connections

    private func connect(_ client: Client) throws(SystemError) {
        var attempts = 1
        while true {
            do throws(SystemError) {
                let fd = try Sockets.connect(port: plan.port)
                client.fd = fd
                return try poller.add(connection: fd, tag: client.slot)
            } catch {
                guard attempts < Self.connectAttemptsMax else { throw error }
                attempts += 1
                pause(nanoseconds: 10_000_000)
            }
        }
    }

    private func disconnect(_ client: Client, abruptly: Bool = false) {
        guard let fd = client.fd else { return }
        Sockets.close(fd, abruptly: abruptly)
        client.fd = nil
    }
}

extension Plan {
    /// Nanoseconds between two requests of the open loop; `nil` in the other modes.
    var openGap: Int64? {
        if case .open(let rate) = mode { return 1_000_000_000 / Int64(rate) }
        return nil
    }
}

/// Steele, Lea and Flood's SplitMix64: a run's hang-ups follow from its seed.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
