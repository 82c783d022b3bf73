// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import BudgetStore
internal import CloudCredentials
internal import Glibc
internal import Policy
internal import Reactor
internal import Identity
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// One loop's share of the gateway: its listener, connections, current generation, counters and scratch memory.
/// - Threading: confined to its loop, but `loop.submit`.
final class Worker: @unchecked Sendable {
    // Proof of @unchecked: other threads hold a reference only to reach `loop.submit`; everything else happens on the
    // loop's thread.

    let index: Int
    let loop: EventLoop
    let limits: GatewayLimits
    let httpLimits: HTTPLimits
    let keyTableSeed: UInt64
    let issuerKeys: IssuerKeys
    let trustDomain: String?
    let metrics: LoopMetrics
    let responseOwners: ResponseOwners
    let accessLog: AccessLog?
    let audit: AuditJournal?
    let budgets: SharedBudgets?
    /// Requests that wait for a budget's ledger.
    private var parked: [ObjectIdentifier: Exchange] = [:]
    private var auditNames = AuditNames(keys: [], endpoints: [], routes: [])
    private(set) var generation = Generation()
    var router: Router
    private let tls: TLSContext?
    private var listener: Listener?
    private var connections: [ObjectIdentifier: ClientConnection] = [:]
    private(set) var isDraining = false
    private var onDrained: (() -> Void)?
    var requestsInFlight = 0
    var random: SplitMix64
    private var wallClock = WallClock()

    let residency = ResidencyGate()
    /// Whether a policy restricts where bytes may go; without one the question costs this look.
    private(set) var isRestricted = false
    let everything = CompiledPolicy.unrestricted.table.admissible(nil, in: .none)

    let credentials = CredentialStore()
    /// An endpoint refused a cloud credential; set by the gateway.
    var credentialRefused: ((CredentialID) -> Void)?
    private let bodyHasher = SHA256()
    private var signature: [UInt8] = []

    /// For requests whose endpoint speaks another wire than the caller.
    let translator = RequestTranslator()
    /// Of the translator's body, where that is the caller's own without marks.
    var markFreeFacts = RequestFacts()
    let embeddings = EmbeddingsTranslator()
    let counts = TokenCountTranslator()
    /// Idle ones; each is one answer's while it is under way.
    private var answerTranslators: [AnswerTranslator] = []

    // Scratch, valid within one callback.
    let fields: UnsafeMutableBufferPointer<HeaderField>
    let headMemory: UnsafeMutableRawBufferPointer
    private let chunkMemory: UnsafeMutableRawBufferPointer
    private let segmentMemory: UnsafeMutablePointer<Segment>
    private let framedMemory: UnsafeMutablePointer<Segment>
    let headSegmentMemory: UnsafeMutablePointer<Segment>
    var segments: SegmentList
    /// News for the other loops' routers; set by the gateway.
    var shareNews: ((EndpointNews) -> Void)?

    init(
        index: Int, loop: EventLoop, configuration: GatewayConfiguration, published: PublishedConfiguration,
        gauges: EndpointGauges, responseOwners: ResponseOwners,
        accessLog: AccessLog?, credentials first: [CredentialID: CloudCredential]
    ) {
        self.index = index
        self.loop = loop
        limits = configuration.limits
        httpLimits = HTTPLimits(headBytesMax: configuration.limits.headBytesMax)
        tls = configuration.tls
        self.accessLog = accessLog
        budgets = configuration.budgets
        issuerKeys = configuration.issuerKeys
        trustDomain = configuration.trustDomain
        audit = configuration.audit.map { AuditJournal(recorder: $0, loop: loop) }
        self.responseOwners = responseOwners
        random = SplitMix64(seed: configuration.seed &+ UInt64(index) &* 0x9E37_79B9)
        keyTableSeed = random.next()
        metrics = LoopMetrics()
        fields = .allocate(capacity: 128)
        fields.initialize(repeating: HeaderField())
        headMemory = .allocate(byteCount: 256 << 10, alignment: 64)
        chunkMemory = .allocate(byteCount: 32, alignment: 16)
        segmentMemory = .allocate(capacity: SegmentList.capacity)
        segments = SegmentList(memory: segmentMemory)
        headSegmentMemory = .allocate(capacity: SegmentList.capacity)
        framedMemory = .allocate(capacity: SegmentList.capacity + 8)
        router = Router(snapshot: published.snapshot, gauges: gauges, seed: random.next())
        for (id, credential) in first { credentials.publish(id, credential) }
        generation = Generation(published, worker: self, inheriting: nil)
        adopt(published.policy)
        noteCredentials { $0.hasNew }
        if let audit {
            loop.endOfIteration = { [unowned audit] in audit.flush() }
        }
    }

    deinit {
        fields.deallocate()
        headMemory.deallocate()
        chunkMemory.deallocate()
        segmentMemory.deallocate()
        headSegmentMemory.deallocate()
        framedMemory.deallocate()
    }

    // MARK: Listening

    func listen(on address: SocketAddress) throws(ReactorError) -> UInt16 {
        let listener = try Listener(loop: loop, address: address) { [unowned self] descriptor in accept(descriptor) }
        self.listener = listener
        return listener.port
    }

    private func accept(_ descriptor: Int32) {
        guard connections.count < limits.connectionsMax else {
            metrics.connectionsRefused += 1
            Glibc.close(descriptor)
            return
        }
        guard let connection = try? ClientConnection(worker: self, accepted: descriptor, tls: tls) else { return }
        connections[ObjectIdentifier(connection)] = connection
        metrics.connectionsAccepted += 1
    }

    func connectionClosed(_ connection: ClientConnection) {
        connections.removeValue(forKey: ObjectIdentifier(connection))
        if isDraining, connections.isEmpty { finishDrain() }
    }

    var connectionCount: Int { connections.count }
    var connectionsShed: Int { listener?.shedTotal ?? 0 }

    // MARK: Configuration

    func publish(_ configuration: PublishedConfiguration) {
        let translation = router.adopt(configuration.snapshot)
        let previous = generation
        generation = Generation(configuration, worker: self, inheriting: previous)
        adopt(configuration.policy)
        noteCredentials { $0.hasNew }
        for connection in connections.values { connection.exchange.translate(translation) }
        // What they wait for may be no limit any more.
        retryParked()
    }

    // MARK: Budgets

    func park(_ exchange: Exchange) { parked[ObjectIdentifier(exchange)] = exchange }
    func unpark(_ exchange: Exchange) { parked.removeValue(forKey: ObjectIdentifier(exchange)) }

    /// The ledger has answered: what waits may be served or refused now.
    func retryParked() {
        for exchange in Array(parked.values) { exchange.retryFunding() }
    }

    private func adopt(_ policy: CompiledPolicy) {
        residency.adopt(policy)
        isRestricted = !policy.table.isUnrestricted
        guard let audit else { return }
        auditNames = generation.auditNames(after: auditNames)
        audit.adopt(
            auditNames, version: generation.snapshot.version,
            requirements: generation.auditRequirements(after: audit.requirements))
    }

    /// Of a request that would come from a key with this profile.
    /// - Parameter mask: the endpoints that the key's scopes leave.
    func explain(_ features: RequestFeatures, profile: ProfileID?, mask: EndpointMask?) -> Explanation {
        let now = Instant(nanoseconds: loop.now)
        func scoped(_ admissible: AdmissibleEndpoints) -> AdmissibleEndpoints {
            mask.map { admissible.narrowed(by: $0) } ?? admissible
        }
        guard isRestricted else { return router.explain(features, within: scoped(everything), now: now) }
        let admissible = scoped(residency.admissible(profile, at: wallTime))
        return router.explain(features, within: admissible, now: now) { [residency] endpoint in
            profile.flatMap { residency.policy.verdict($0, endpoint, in: residency.epoch) }.text
        }
    }

    func update(addresses: [String: [SocketAddress]]) {
        for upstream in generation.upstreams {
            if let fresh = addresses[upstream.authority] { upstream.update(addresses: fresh) }
        }
    }

    func publish(_ id: CredentialID, _ credential: CloudCredential?) {
        credentials.publish(id, credential)
        if credential != nil { for upstream in generation.upstreams { upstream.credentials.renewed(id) } }
        noteCredentials { credential != nil && $0.uses(id) }
    }

    /// Tells the router which endpoints can be asked at all, and for which of them a credential is new.
    private func noteCredentials(isFresh: (CredentialSet) -> Bool) {
        for (index, upstream) in generation.upstreams.enumerated() {
            router.credentialsChanged(
                EndpointID(index), isReady: upstream.credentials.isReady, isFresh: isFresh(upstream.credentials))
        }
    }

    /// Header lines that sign a request; valid until the next signature.
    func sign(
        _ plan: DispatchPlans.Plan, isStream: Bool, contentType: UnsafeRawBufferPointer, body: borrowing SegmentList,
        by signer: AWSSigner
    ) -> [UInt8] {
        for i in 0..<body.count {
            bodyHasher.update(UnsafeRawBufferPointer(start: body.pointer[i].base, count: body.pointer[i].count))
        }
        let hash = bodyHasher.finish()
        signature.removeAll(keepingCapacity: true)
        plan.withTarget(isStream: isStream) { path, query in
            let request = AWSRequest(
                method: "POST", host: plan.host, path: path, query: query, contentType: contentType, bodyHash: hash)
            signer.sign(request, unixSeconds: unixSeconds, into: &signature)
        }
        return signature
    }

    // MARK: Ending

    /// Lets requests under way finish; `completion` runs when the last connection is gone.
    func beginDrain(steeringTo index: UInt32, completion: @escaping () -> Void) {
        isDraining = true
        onDrained = completion
        for connection in connections.values { connection.drainBegan() }
        listener?.steerAway(to: index)
    }

    func stopListening() {
        listener?.retire()
        listener = nil
        if connections.isEmpty { finishDrain() }
    }

    func closeIdleConnections() {
        for connection in Array(connections.values) { connection.drainIfIdle() }
    }

    func closeAllConnections() {
        for connection in Array(connections.values) { connection.closeNow() }
        if connections.isEmpty { finishDrain() }
    }

    private func finishDrain() {
        guard listener == nil else { return }
        onDrained?()
        onDrained = nil
    }

    // MARK: Translation

    func takeAnswerTranslator() -> AnswerTranslator { answerTranslators.popLast() ?? AnswerTranslator() }

    func give(_ translator: AnswerTranslator) {
        if answerTranslators.count < Self.idleTranslatorsMax { answerTranslators.append(translator) }
    }

    private static let idleTranslatorsMax = 256

    /// For texts that last until the next one is made.
    let arena = ByteArena()
    private let document = JSONWriter(capacity: 256)

    /// A document as an event; its line ends, which only a pretty printer makes, become spaces.
    func serverSentEvent(_ data: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        document.reset()
        document.text("data: ")
        for byte in data { document.byte(byte == 10 || byte == 13 ? 32 : byte) }
        document.text("\n\n")
        return document.bytes
    }

    private let failureTape = JSONTape()

    /// The failure that a frame of an AWS event stream reports, as one document.
    func failureDocument(_ event: WireEvent) -> UnsafeRawBufferPointer {
        document.reset()
        EventStreamFailure.write(event, tape: failureTape, to: document)
        return document.bytes
    }

    // MARK: Scratch

    func beginSegments() { segments.removeAll() }

    /// Puts the collected segments into one HTTP chunk, with the last chunk after it when the body ends here.
    func frameChunk(isLast: Bool) -> SegmentList {
        var framed = SegmentList(memory: framedMemory)
        let bytes = segments.byteCount
        if bytes > 0 {
            var writer = ByteWriter(chunkMemory)
            writer.append(hex: UInt64(bytes))
            writer.append("\r\n")
            framed.append(writer.bytes)
            for i in 0..<segments.count { framed.append(segments.pointer[i].base, segments.pointer[i].count) }
            framed.append(isLast ? "\r\n0\r\n\r\n" : "\r\n")
        } else if isLast {
            framed.append("0\r\n\r\n")
        }
        segments.removeAll()
        return framed
    }

    // MARK: Time

    var unixNanoseconds: Int64 { wallClock.unixNanoseconds(monotonic: loop.now) }
    var unixSeconds: Int64 { unixNanoseconds / 1_000_000_000 }
    var wallTime: WallTime { WallTime(unixNanoseconds: unixNanoseconds) }
}
