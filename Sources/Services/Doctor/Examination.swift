// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc
internal import Reactor
public import ResourceTypes
public import Routing
internal import Synchronization

/// How long a check may take, and how many run at one time.
public struct ExaminationLimits: Sendable {
    /// Of one call, from connecting to the answer's last byte.
    public var timeout: TimeSpan
    /// TCP and TLS handshakes.
    public var connect: TimeSpan
    /// A first byte later than this is slow.
    public var slowSeconds: Double
    /// Endpoints checked at one time; each has a thread while it lasts.
    public var parallel: Int

    public init(
        timeout: TimeSpan = .seconds(30), connect: TimeSpan = .seconds(5), slowSeconds: Double = 10, parallel: Int = 8
    ) {
        self.timeout = timeout
        self.connect = connect
        self.slowSeconds = slowSeconds
        self.parallel = parallel
    }
}

/// Checks endpoints of a snapshot, several at a time.
public struct Examination: Sendable {
    private let records: [EndpointRecord]
    private let contexts: [String: Result<TLSContext, TLSError>]
    private let limits: ExaminationLimits
    private let authorize: Authorization

    /// Reads the certificate authorities that the records name.
    public init(_ records: [EndpointRecord], limits: ExaminationLimits, authorize: @escaping Authorization) {
        self.records = records
        self.limits = limits
        self.authorize = authorize
        var contexts: [String: Result<TLSContext, TLSError>] = [:]
        for address in records.map(\.address) where address.isTLS {
            let file = address.certificateAuthorityFile
            guard contexts[file ?? ""] == nil else { continue }
            contexts[file ?? ""] = Result { () throws(TLSError) in try TLSContext(trusting: file) }
        }
        self.contexts = contexts
    }

    /// Blocks until all are checked. Names resolve blockingly, so each check under way has a thread of its own.
    /// - Parameter progress: called after each check with how many are done; one call at a time.
    /// - Returns: in the order of the records.
    public func run(progress: @escaping @Sendable (Int) -> Void) -> [CheckResult] {
        let board = Board(count: records.count)
        let threads = (0..<min(limits.parallel, records.count)).compactMap { _ in
            CheckThread { [self] in
                while let index = board.next() { board.finish(index, check(index), progress) }
            }
        }
        // Without a single thread the work is done here.
        if threads.isEmpty { while let index = board.next() { board.finish(index, check(index), progress) } }
        for thread in threads { thread.join() }
        return board.results
    }

    private func check(_ index: Int) -> CheckResult {
        let record = records[index]
        let tls = record.address.isTLS ? contexts[record.address.certificateAuthorityFile ?? ""] : nil
        return EndpointCheck(record: record, tls: tls, limits: limits, authorize: authorize).run()
    }
}

/// Who checks what, and what was found.
private final class Board: Sendable {
    private struct State {
        var next = 0
        var done = 0
        var results: [CheckResult?]
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(results: Array(repeating: nil, count: count))) }

    func next() -> Int? {
        state.withLock { state in
            guard state.next < state.results.count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    func finish(_ index: Int, _ result: CheckResult, _ progress: (Int) -> Void) {
        state.withLock { state in
            state.results[index] = result
            state.done += 1
            progress(state.done)
        }
    }

    var results: [CheckResult] { state.withLock { $0.results.compactMap(\.self) } }
}

/// A thread of the operating system that does one thing and ends.
private struct CheckThread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    private var handle = pthread_t()

    /// `nil` when the system gives no thread.
    init?(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            work.release()
            return nil
        }
    }

    func join() { pthread_join(handle, nil) }
}
