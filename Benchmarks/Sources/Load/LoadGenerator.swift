// SPDX-License-Identifier: Apache-2.0
// Isobar

// Sends requests and checks every answer, on one thread. It runs one phase at a time; a phase issues requests until its
// budget is spent and ends when the last answer is in, so that between phases nothing is under way.

internal import Loopback

final class LoadGenerator {
    let plan: Plan
    private let request: RequestTemplate
    private let poller: Poller
    let buffer = ReceiveBuffer()
    private var clients: [Client] = []
    private var random: SplitMix64
    private var nextNumber = 1

    // State of the phase.
    var tally = Tally()
    private var pace: Pace
    private var inFlight = 0
    var lastProgress: MonotonicTime = 0
    /// Closed loop: clients that have not begun yet. Open loop: clients without a request.
    private var idle: [Client] = []
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
        pace = Pace(plan, Budget(requestsMax: 0), now: monotonicNow())
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
            guard inFlight > 0 || !restarting.isEmpty || (pace.mayIssue && !idle.isEmpty) else { break }
            let count = try poller.wait(until: wakeTime)
            for index in 0..<count { try serve(clients[poller.tag(at: index)]) }
            try endTurn()
            let now = monotonicNow()
            if inFlight > 0, now - lastProgress > Self.stallLimit { abandonAll() }
        }
        tally.elapsed = lastProgress - pace.begin
        return tally
    }

    private func start(_ budget: Budget) {
        tally = Tally()
        pace = Pace(plan, budget, now: monotonicNow())
        lastProgress = pace.begin
        idle = clients
    }

    // MARK: Issuing

    private var wakeTime: MonotonicTime {
        if !leaving.isEmpty || !leavingNext.isEmpty || !restarting.isEmpty { return 0 }
        let stall = lastProgress + Self.stallLimit
        return !idle.isEmpty && pace.mayIssue ? min(pace.next, stall) : stall
    }

    /// Starts a request on an idle client for every time that has come.
    private func issueDue() throws(SystemError) {
        while !idle.isEmpty, pace.mayIssue, pace.isDue, let client = idle.popLast() {
            try issue(client, intended: pace.advance())
        }
    }

    /// After an answer, an error or a hang-up: the client's next request, or rest.
    private func issueNext(_ client: Client) throws(SystemError) {
        if plan.openGap != nil {
            idle.append(client)
        } else if pace.mayIssue {
            try issue(client, intended: monotonicNow())
        }
    }

    private func issue(_ client: Client, intended: MonotonicTime) throws(SystemError) {
        if client.fd == nil {
            try connect(client)
            tally.reconnects += 1
        }
        pace.countIssued()
        inFlight += 1
        client.carry.removeAll()
        client.exchange = Exchange(number: nextNumber, intended: intended, hangUp: HangUp(plan, &random))
        nextNumber += 1
        send(client)
    }

    func send(_ client: Client) {
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

    // MARK: Ends of an exchange

    func finish(_ client: Client, _ exchange: Exchange, _ verdict: Failure?, now: MonotonicTime)
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

    func fail(_ client: Client, _ failure: Failure) {
        guard client.exchange != nil else { return }
        tally.count(failure)
        disconnect(client)
        clear(client, now: monotonicNow())
        restarting.append(client)
    }

    func hangUp(_ client: Client) {
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
        pace.stop()
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

    func disconnect(_ client: Client, abruptly: Bool = false) {
        guard let fd = client.fd else { return }
        Sockets.close(fd, abruptly: abruptly)
        client.fd = nil
    }
}
