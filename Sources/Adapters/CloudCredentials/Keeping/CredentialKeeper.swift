// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc
public import Logging
public import Reactor
public import ResourceTypes

/// Keeps the cloud credentials of a process fresh: asks their sources in time and publishes what they give.
///
/// `CredentialMachine` decides when, the sources (`FetchStep`) what to ask; this performs it with small HTTP exchanges
/// on one loop. Files that sources name are read there too, and looked at every second.
/// - Threading: confined to its loop, but `refused`. `publish` is called on the loop.
public final class CredentialKeeper: @unchecked Sendable {
    // Proof of @unchecked: all state is touched on the loop's thread only.
    /// `nil`: the credential has expired, could not be renewed, and must not be used any more.
    public typealias Publish = (CredentialID, CloudCredential?) -> Void

    private let loop: EventLoop
    private let tls: TLSContext
    private let variables: [String: String]
    private let unixSeconds: () -> Int64
    private let log: Logger
    private let publish: Publish
    private let lookup: NameLookup
    private var rng = SystemRandomNumberGenerator()
    private var kept: [CredentialID: KeptCredential] = [:]
    private var watch: LoopTimer?
    private var settling: (timer: LoopTimer, completion: () -> Void)?

    private static let watchNanoseconds: Int64 = 1_000_000_000

    /// - Parameters:
    ///   - tls: whom to trust when asking; usually the system's roots.
    ///   - variables: the process's environment.
    ///   - unixSeconds: the wall clock.
    /// - Throws: when the system refuses a thread for names.
    public init(
        loop: EventLoop, tls: TLSContext, variables: [String: String],
        unixSeconds: @escaping () -> Int64 = CredentialKeeper.wallClock, log: Logger, publish: @escaping Publish
    ) throws(ReactorError) {
        self.loop = loop
        self.tls = tls
        self.variables = variables
        self.unixSeconds = unixSeconds
        self.log = log
        self.publish = publish
        lookup = try NameLookup()
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    public static func wallClock() -> Int64 { Int64(time(nil)) }

    // MARK: From the owner

    /// Credentials to keep from now on. One with new secrets is fetched anew and published when it has come; what was
    /// published before stays in use until then.
    public func follow(_ sources: [CredentialID: CredentialSource]) {
        for (id, credential) in kept where sources[id] == nil {
            credential.stop()
            kept[id] = nil
        }
        for (id, source) in sources.sorted(by: { $0.key < $1.key }) {
            if let credential = kept[id] { update(credential, to: source) } else { begin(id, source) }
        }
        if watch == nil {
            watch = try? LoopTimer(loop: loop, at: loop.now + Self.watchNanoseconds) { [weak self] in
                self?.lookAtFiles()
            }
        }
    }

    private func begin(_ id: CredentialID, _ source: CredentialSource) {
        let credential = KeptCredential(id: id, source: source)
        kept[id] = credential
        handle(.wanted, for: credential)
    }

    private func update(_ credential: KeptCredential, to source: CredentialSource) {
        guard !credential.source.isSame(as: source) else { return }
        credential.source = source
        // A fetch under way would bring what the old secrets are good for.
        if credential.machine.isFetching { fetch(credential) } else { handle(.wanted, for: credential) }
    }

    /// An endpoint did not accept the credential. May be called from any thread.
    public func refused(_ id: CredentialID) {
        loop.submit { [self] in
            if let credential = kept[id] { handle(.refused, for: credential) }
        }
    }

    /// Waits until each credential that is kept now has come or has failed once, but no longer than `seconds`.
    /// - Parameter completion: called once, possibly before this returns. A wait before this one is forgotten.
    public func whenSettled(within seconds: Int64, _ completion: @escaping () -> Void) {
        settling?.timer.cancel()
        settling = nil
        let end = loop.now + seconds * 1_000_000_000
        guard !isSettled, let timer = try? LoopTimer(loop: loop, at: end, fire: { [weak self] in self?.endSettling() })
        else {
            return completion()
        }
        settling = (timer, completion)
    }

    /// By id.
    public var statuses: [CredentialStatus] {
        kept.values.map { $0.status(now: now) }.sorted { $0.id < $1.id }
    }

    /// Ends everything; waits for a name lookup under way.
    public func stop() {
        for credential in kept.values { credential.stop() }
        kept = [:]
        watch?.cancel()
        settling?.timer.cancel()
        lookup.close()
    }

    // MARK: Watching

    private func lookAtFiles() {
        for credential in kept.values where credential.files.hasChanged { handle(.sourceChanged, for: credential) }
        watch?.reschedule(at: loop.now + Self.watchNanoseconds)
    }

    private var isSettled: Bool { kept.values.allSatisfy { $0.machine.isHolding || $0.lastError != nil } }

    private func endSettling() {
        let ended = settling
        settling = nil
        ended?.timer.cancel()
        ended?.completion()
    }

    // MARK: Deciding and doing

    private var now: Instant { Instant(nanoseconds: loop.now) }

    private func handle(_ event: CredentialMachine.Event, for credential: KeptCredential) {
        for action in credential.machine.handle(event, now: now, rng: &rng) {
            switch action {
            case .fetch: fetch(credential)
            case .withdraw: withdraw(credential)
            }
        }
        schedule(credential)
    }

    private func schedule(_ credential: KeptCredential) {
        guard let wakeAt = credential.machine.wakeAt?.nanoseconds else {
            credential.timer?.cancel()
            credential.timer = nil
            return
        }
        if let timer = credential.timer { return timer.reschedule(at: wakeAt) }
        credential.timer = try? LoopTimer(loop: loop, at: wakeAt) { [weak self, weak credential] in
            guard let self, let credential else { return }
            handle(.woke, for: credential)
        }
    }

    private func fetch(_ credential: KeptCredential) {
        credential.exchange?.cancel()
        credential.exchange = nil
        credential.questions = 0
        let files = SourceFiles()
        credential.files = files
        let surroundings = Surroundings(variables: variables, nowUnixSeconds: unixSeconds(), read: files.read)
        advance(credential) { () throws(CredentialError) in
            try CredentialFetch.begin(credential.source, surroundings)
        }
    }

    /// Takes the next step, whatever it turns out to be.
    private func advance(_ credential: KeptCredential, _ next: () throws(CredentialError) -> FetchStep) {
        do throws(CredentialError) {
            switch try next() {
            case .done(let issued): accept(issued, for: credential)
            case .ask(let request, let receive): try ask(request, for: credential, receive)
            }
        } catch {
            fail(credential, error)
        }
    }

    private func ask(
        _ request: TokenRequest, for credential: KeptCredential,
        _ receive: @escaping (TokenAnswer) throws(CredentialError) -> FetchStep
    ) throws(CredentialError) {
        credential.questions += 1
        guard credential.questions <= FetchStep.questionsMax else {
            throw CredentialError("more than \(FetchStep.questionsMax) questions for one credential")
        }
        let exchange = TokenExchange(request, loop: loop, tls: tls, unixSeconds: unixSeconds) {
            [weak self, weak credential] result in
            guard let self, let credential else { return }
            credential.exchange = nil
            advance(credential) { () throws(CredentialError) in try receive(try result.get()) }
        }
        credential.exchange = exchange
        exchange.begin(lookup)
    }

    // MARK: Results

    private func accept(_ issued: IssuedCredential, for credential: KeptCredential) {
        if credential.lastError != nil {
            log.notice("cloud access is back", metadata: ["source": "\(credential.source.identity.summary)"])
        }
        credential.lastError = nil
        publish(credential.id, issued.credential)
        handle(.fetched(life: issued.life, recheck: issued.recheck), for: credential)
        if isSettled { endSettling() }
    }

    private func fail(_ credential: KeptCredential, _ error: CredentialError) {
        credential.lastError = error
        handle(.failed(isLasting: error.isLasting, hint: error.retryAfter), for: credential)
        let wait = credential.machine.wakeAt.map { max(0, ($0 - now).nanoseconds / 1_000_000_000) } ?? 0
        log.warning(
            "no fresh cloud access",
            metadata: [
                "source": "\(credential.source.identity.summary)", "reason": "\(error)",
                "usesOld": "\(credential.machine.isHolding)", "nextAttemptSeconds": "\(wait)",
            ])
        if isSettled { endSettling() }
    }

    private func withdraw(_ credential: KeptCredential) {
        log.error("cloud access has expired", metadata: ["source": "\(credential.source.identity.summary)"])
        publish(credential.id, nil)
    }
}
