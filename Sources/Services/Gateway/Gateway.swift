// SPDX-License-Identifier: Apache-2.0
// Isobar

public import CloudCredentials
internal import Glibc
public import Reactor
public import ResourceTypes
public import Routing

/// The data plane: loops that listen on one port and answer requests by the published configuration.
///
/// Nothing here blocks or asks a store: what changes comes in through `publish`, `update` and `report(probe:)`, what
/// happened goes out through `collect`. All methods may be called from any thread.
public final class Gateway: @unchecked Sendable {
    // Proof of @unchecked: `workers` is set in `init`; each worker is touched only on its own loop, through `submit`.
    private let workers: [Worker]
    private let threads: [LoopThread]
    private let configuration: GatewayConfiguration
    /// The port bound, also when 0 was asked for.
    public let port: UInt16

    /// Binds the port and starts the loops.
    /// - Parameter credentials: what there is so far; more comes by `publish`.
    /// - Throws: `ReactorError` when the port cannot be bound or the process is out of descriptors.
    public init(
        _ configuration: GatewayConfiguration, published: PublishedConfiguration, gauges: EndpointGauges,
        credentials: [CredentialID: CloudCredential] = [:]
    ) throws(ReactorError) {
        self.configuration = configuration
        // A peer that closes while we write to it must be an error code, not a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
        var workers: [Worker] = []
        let responseOwners = ResponseOwners()
        var address = configuration.address
        var bound: UInt16 = 0
        for index in 0..<configuration.loops {
            let loop = try EventLoop()
            let log = configuration.accessLog.map { AccessLog(sink: $0, loop: loop) }
            let worker = Worker(
                index: index, loop: loop, configuration: configuration, published: published, gauges: gauges,
                responseOwners: responseOwners, accessLog: log, credentials: credentials)
            bound = try worker.listen(on: address)
            address = address.with(port: bound)
            workers.append(worker)
        }
        port = bound
        self.workers = workers
        var threads: [LoopThread] = []
        for (index, worker) in workers.enumerated() {
            threads.append(try LoopThread(name: "gateway-\(index)", loop: worker.loop))
        }
        self.threads = threads
        shareNews()
    }

    /// What one loop learns the hard way, the others learn from it.
    private func shareNews() {
        guard workers.count > 1 else { return }
        for worker in workers {
            let others = workers.filter { $0 !== worker }
            worker.loop.submit {
                worker.shareNews = { news in
                    for other in others {
                        other.loop.submit { other.router.learn(news, now: Instant(nanoseconds: other.loop.now)) }
                    }
                }
            }
        }
    }

    // MARK: What comes in

    public func publish(_ published: PublishedConfiguration) {
        for worker in workers { worker.loop.submit { worker.publish(published) } }
    }

    /// A fresh cloud credential, or `nil` for one that has expired.
    public func publish(_ id: CredentialID, _ credential: CloudCredential?) {
        for worker in workers { worker.loop.submit { worker.publish(id, credential) } }
    }

    /// Called, on some loop's thread, when an endpoint refuses a cloud credential.
    public func onCredentialRefused(_ body: @escaping @Sendable (CredentialID) -> Void) {
        for worker in workers { worker.loop.submit { worker.credentialRefused = body } }
    }

    /// Fresh name resolution by `host:port`; names that are missing keep what they had.
    public func update(addresses: [String: [SocketAddress]]) {
        for worker in workers { worker.loop.submit { worker.update(addresses: addresses) } }
    }

    /// Result of an active probe of the endpoints that share a gauge slot.
    public func report(probe result: ProbeResult, gaugeSlot: Int) {
        for worker in workers {
            worker.loop.submit {
                for (index, record) in worker.generation.snapshot.endpoints.enumerated()
                where record.gaugeSlot == gaugeSlot {
                    worker.router.probed(EndpointID(index), result, now: Instant(nanoseconds: worker.loop.now))
                }
            }
        }
    }

    /// The ledger of budgets has answered: requests that wait for it are looked at again.
    public func budgetsAnswered() {
        for worker in workers { worker.loop.submit { worker.retryParked() } }
    }

    // MARK: What goes out

    /// State of every loop at a moment of its own choosing; `completion` runs on the last loop's thread.
    public func collect(_ completion: @escaping @Sendable ([LoopReport]) -> Void) {
        let gathering = Gathering(expected: workers.count, completion)
        for worker in workers { worker.loop.submit { gathering.add(LoopReport(worker)) } }
    }

    /// What came of the wish for an explanation.
    public enum Explained: Sendable {
        case explanation(Explanation)
        /// No route has this public model name.
        case unknownModel
        case unknownKey
        /// A policy restricts where bytes go, so the answer depends on whose they are.
        case needsKey
    }

    /// What would happen to a request now, as the first loop sees it.
    public func explain(_ question: ExplainQuestion, completion: @escaping @Sendable (Explained) -> Void) {
        let worker = workers[0]
        worker.loop.submit {
            guard let features = question.features(worker) else { return completion(.unknownModel) }
            if worker.isRestricted, question.key == nil { return completion(.needsKey) }
            let record = worker.generation.snapshot.keys.first { $0.name == question.key }
            if question.key != nil, record == nil { return completion(.unknownKey) }
            completion(.explanation(
                worker.explain(features, profile: record?.profile, mask: record?.scopes.endpoints)))
        }
    }

    // MARK: The end

    /// Stops in order: new connections go to the port's other owner if there is one, requests under way finish, idle
    /// connections close; what is left at the deadline is cut.
    /// - Parameter deadlineNanoseconds: for everything together.
    public func drain(deadlineNanoseconds: Int64, completion: @escaping @Sendable () -> Void) {
        let gathering = Countdown(workers.count) { [self] in
            for worker in workers { worker.loop.stop() }
            completion()
        }
        let steer = UInt32(workers.count)
        for worker in workers {
            worker.loop.submit {
                DrainSchedule(worker, deadlineNanoseconds).begin(steeringTo: steer) { gathering.arrive() }
            }
        }
    }

    /// Waits for the loops to end after `drain`.
    public func join() {
        for thread in threads { thread.join() }
    }
}
