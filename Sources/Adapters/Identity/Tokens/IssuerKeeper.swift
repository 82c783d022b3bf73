// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
internal import Glibc
public import Logging
internal import PlainHTTP
internal import Reactor
public import ResourceTypes
internal import Synchronization

/// An issuer, and its keys where they are given rather than fetched.
public struct IssuerSource: Equatable, Sendable {
    public var issuer: TokenIssuer
    public var keys: JSONWebKeySet?
    public init(_ issuer: TokenIssuer, keys: JSONWebKeySet?) {
        self.issuer = issuer
        self.keys = keys
    }

    var keysAgeSeconds: Int64 { issuer.keysAgeMax.nanoseconds / 1_000_000_000 }
}

/// How an issuer's keys are.
public struct IssuerStatus: Sendable {
    public var name: String
    public var issuer: String
    public var keyCount: Int
    /// Unix seconds until which they are relied on; 0: there are none.
    public var reliedOnUntil: Int64
    /// Why the last fetch brought none; `nil`: it did.
    public var lastError: String?
}

/// Fetches the keys of issuers of tokens (OpenID Connect Discovery 1.0) and keeps them fresh, on a thread of its own,
/// where the system's resolver may block.
///
/// An issuer that does not answer is asked again, and its keys are relied on until they are too old. Redirects are not
/// followed; keys come by TLS, but from this machine.
/// - Threading: its methods may be called from any thread.
public final class IssuerKeeper: @unchecked Sendable {
    // Proof of @unchecked: `entries` and `timer` are touched on the loop's thread only; the rest is constant or locked.
    private final class Entry {
        let source: IssuerSource
        var refresh: KeyRefresh
        var status: IssuerStatus
        /// A fetch of an entry that has been replaced ends without a trace.
        var isCurrent = true
        var isSettled: Bool { status.keyCount > 0 || status.lastError != nil }

        init(_ source: IssuerSource, now: Int64) {
            self.source = source
            refresh = KeyRefresh(now: now, ageMax: source.keysAgeSeconds)
            status = IssuerStatus(
                name: source.issuer.name, issuer: source.issuer.issuer, keyCount: 0, reliedOnUntil: 0)
        }

        /// Keys of an issuer that stays are good until its new ones are here; those of a file go with the file.
        func hasSuccessor(in sources: [IssuerSource]) -> Bool {
            sources.contains { $0.issuer.issuer == status.issuer && (source.keys == nil || $0.keys != nil) }
        }
    }

    private typealias Answer = Result<HTTPClientResponse, Fault>

    private let keys: IssuerKeys
    private let unixSeconds: @Sendable () -> Int64
    private let log: Logger
    private let loop: EventLoop
    private let thread: LoopThread
    private var entries: [Entry] = []
    private var timer: LoopTimer?
    private var settled: (() -> Void)?
    private let shown = Mutex<[IssuerStatus]>([])

    private static let lookNanoseconds: Int64 = 500_000_000
    private static let answerNanoseconds: Int64 = 5_000_000_000
    private static let addressesMax = 3

    /// - Parameters:
    ///   - keys: where they are put.
    ///   - unixSeconds: the wall clock, by which keys become too old.
    public init(keys: IssuerKeys, unixSeconds: @escaping @Sendable () -> Int64, log: Logger) throws {
        self.keys = keys
        self.unixSeconds = unixSeconds
        self.log = log
        loop = try EventLoop()
        thread = try LoopThread(name: "issuers", loop: loop)
        keys.onMissedKey { [weak self] issuer in self?.missedKey(of: issuer) }
        loop.submit { [self] in startTimer() }
    }

    /// Issuers to keep the keys of from now on.
    /// - Parameter completion: called on the keeper's thread when each has keys or has failed to give any.
    public func follow(_ sources: [IssuerSource], completion: @escaping @Sendable () -> Void = {}) {
        loop.submit { [self] in
            turn(to: sources)
            settled = completion
            look()
        }
    }

    public var statuses: [IssuerStatus] { shown.withLock(\.self) }

    public func stop() {
        loop.submit { [self] in
            timer?.cancel()
            for entry in entries { entry.isCurrent = false }
        }
        loop.stop()
        thread.join()
    }

    // MARK: On the keeper's thread

    private var seconds: Int64 { loop.now / 1_000_000_000 }

    private func startTimer() {
        do {
            timer = try LoopTimer(loop: loop, at: loop.now + Self.lookNanoseconds) { [unowned self] in
                look()
                timer?.reschedule(at: loop.now + Self.lookNanoseconds)
            }
        } catch {
            log.error("keys of token issuers will not be renewed", metadata: ["reason": "\(error)"])
        }
    }

    private func turn(to sources: [IssuerSource]) {
        let before = entries
        for entry in before where !sources.contains(entry.source) {
            entry.isCurrent = false
            if !entry.hasSuccessor(in: sources) { keys.remove(entry.status.issuer) }
        }
        entries = sources.map { source in
            if let same = before.first(where: { $0.source == source }) { return same }
            let fresh = Entry(source, now: seconds)
            if let old = before.first(where: { $0.status.issuer == fresh.status.issuer }), old.hasSuccessor(in: sources) {
                fresh.status.keyCount = old.status.keyCount
                fresh.status.reliedOnUntil = old.status.reliedOnUntil
            }
            return fresh
        }
    }

    private func missedKey(of issuer: String) {
        loop.submit { [self] in
            entries.first { $0.status.issuer == issuer }?.refresh.missedKey(at: seconds)
            look()
        }
    }

    private func look() {
        for entry in entries where entry.refresh.nextFetch <= seconds { begin(entry) }
        show()
    }

    private func show() {
        shown.withLock { $0 = entries.map(\.status) }
        guard let completion = settled, entries.allSatisfy(\.isSettled) else { return }
        settled = nil
        completion()
    }

    private func begin(_ entry: Entry) {
        entry.refresh.began(at: seconds)
        if let given = entry.source.keys { return accept(given, freshFor: nil, for: entry) }
        do {
            let issuer = try Self.url(entry.status.issuer, "the issuer")
            let tls = issuer.isTLS ? try TLSContext(trusting: entry.source.issuer.certificateAuthorityFile) : nil
            ask(issuer.appending(path: "/.well-known/openid-configuration"), tls) { [self] answer in
                step(entry) {
                    let place = try Self.keysAddress(try answer.get().body, of: entry.status.issuer, at: issuer)
                    try ask(place, tls ?? (place.isTLS ? TLSContext(trusting: nil) : nil)) { [self] answer in
                        step(entry) { try receive(try answer.get(), for: entry) }
                    }
                }
            }
        } catch {
            fail(entry, "\(error)")
        }
    }

    private func step(_ entry: Entry, _ body: () throws -> Void) {
        guard entry.isCurrent else { return }
        do {
            try body()
        } catch {
            fail(entry, "\(error)")
        }
    }

    private func receive(_ answer: HTTPClientResponse, for entry: Entry) throws {
        do throws(JSONWebKeySet.Fault) {
            let set = try JSONWebKeySet(parsing: answer.body)
            accept(set, freshFor: answer.fields["cache-control"].flatMap(Self.maximumAge), for: entry)
        } catch {
            throw Fault(description: "its keys are not believed: \(error)")
        }
    }

    private func accept(_ set: JSONWebKeySet, freshFor: Int64?, for entry: Entry) {
        guard !set.keys.isEmpty else { return fail(entry, "it has no key to sign with") }
        let end = entry.source.keys == nil ? unixSeconds() + entry.source.keysAgeSeconds : .max
        keys.put(set, of: entry.status.issuer, reliedOnUntil: end)
        entry.refresh.succeeded(at: seconds, freshFor: freshFor)
        if entry.status.lastError != nil {
            log.notice("keys of a token issuer are back", metadata: ["issuer": "\(entry.status.issuer)"])
        }
        entry.status.keyCount = set.keys.count
        entry.status.reliedOnUntil = end
        entry.status.lastError = nil
        show()
    }

    private func fail(_ entry: Entry, _ reason: String) {
        entry.refresh.failed(at: seconds)
        if entry.status.lastError != reason {
            log.warning(
                "no fresh keys of a token issuer",
                metadata: ["issuer": "\(entry.status.issuer)", "reason": "\(reason)"])
        }
        entry.status.lastError = reason
        show()
    }

    // MARK: Asking

    private func ask(_ url: HTTPURL, _ tls: TLSContext?, _ completion: @escaping (Answer) -> Void) {
        guard case .success(let found) = Resolver.addresses(of: url.host, port: url.port) else {
            return completion(.failure(Fault(description: "\(url.host) has no address")))
        }
        ask(url, tls, at: found.prefix(Self.addressesMax), completion)
    }

    private func ask(
        _ url: HTTPURL, _ tls: TLSContext?, at addresses: ArraySlice<SocketAddress>,
        _ completion: @escaping (Answer) -> Void
    ) {
        guard let address = addresses.first else {
            return completion(.failure(Fault(description: "\(url.host) has no address")))
        }
        let server = HTTPClient.Server(address: address, tls: url.isTLS ? tls : nil, name: url.host)
        let request = HTTPClientRequest(
            "GET", url.target, host: url.authority, fields: ["accept": "application/json"])
        HTTPClient.fetch(
            request, from: server, loop: loop, timeoutNanoseconds: Self.answerNanoseconds,
            bodyBytesMax: JSONWebKeySet.bytesMax
        ) { [self] result in
            switch result {
            case .success(let answer) where answer.status == 200: completion(.success(answer))
            case .success(let answer): completion(.failure(Fault(description: "\(url) answered \(answer.status)")))
            case .failure where addresses.count > 1: ask(url, tls, at: addresses.dropFirst(), completion)
            case .failure(let failure): completion(.failure(Fault(description: "\(url): \(failure)")))
            }
        }
    }
}
