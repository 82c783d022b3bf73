// SPDX-License-Identifier: Apache-2.0
// Isobar

import CloudCredentials
import Doctor
import Gateway
import Glibc
import Logging
import Reactor
import ResourceTypes
import Routing
import Synchronization

/// Where a call of `isobar doctor` gets its credential from: the configuration, or the same keeper that a gateway runs.
///
/// - Threading: `lines` may be called from any thread; it waits for a token that is on its way.
final class EndpointAuthorization: Sendable {
    private let published = Mutex<[CredentialID: CloudCredential]>([:])
    private let failures = Mutex<[CredentialID: String]>([:])
    private let loop: EventLoop
    private let thread: LoopThread
    private let keeper: CredentialKeeper
    private let seconds: Int

    /// - Parameter seconds: how long a token is waited for.
    init(_ records: [EndpointRecord], _ sources: [CredentialID: CredentialSource], seconds: Int) throws {
        let used = Set(records.compactMap { Self.identity($0.address.credentials.first) })
        let loop = try EventLoop()
        self.loop = loop
        self.seconds = seconds
        thread = try LoopThread(name: "credentials", loop: loop)
        let publish = Publisher()
        // Failures are told per endpoint, in the table; the keeper's own log would say them twice.
        let log = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
        keeper = try CredentialKeeper(
            loop: loop, tls: try TLSContext(trusting: nil), variables: Environment.all, log: log,
            publish: { publish.give($0, $1) })
        publish.target = self
        let wanted = sources.filter { used.contains($0.key) }
        loop.submit { [keeper] in keeper.follow(wanted) }
    }

    /// Breaks the circle between the keeper's closure and its owner.
    private final class Publisher: @unchecked Sendable {
        // Proof of @unchecked: written once, before the keeper has anything to follow.
        weak var target: EndpointAuthorization?
        func give(_ id: CredentialID, _ credential: CloudCredential?) {
            target?.published.withLock { $0[id] = credential }
        }
    }

    private static func identity(_ record: CredentialRecord?) -> CredentialID? {
        if case .dynamic(let id, _) = record { id } else { nil }
    }

    func stop() {
        loop.submit { [keeper] in keeper.stop() }
        loop.stop()
        thread.join()
    }

    /// Complete header lines for a call, of the endpoint's first credential.
    func lines(for record: EndpointRecord, _ call: ProbeCall) -> Result<[Secret], AuthorizationFailure> {
        switch record.address.credentials.first {
        case nil: return .success([])
        case .header(let line): return .success([line])
        case .dynamic(let id, let use):
            switch wait(for: id) {
            case .failure(let failure): return .failure(failure)
            case .success(.headerLines(let lines)): return .success([lines])
            case .success(.aws(let key)): return .success([sign(call, record, key, use)])
            }
        }
    }

    /// Asks the keeper now and then: a token comes once, and this is a person's command.
    private func wait(for id: CredentialID) -> Result<CloudCredential, AuthorizationFailure> {
        for _ in 0..<(seconds * 20) {
            if let credential = published.withLock({ $0[id] }) { return .success(credential) }
            loop.submit { [self] in
                let status = keeper.statuses.first { $0.id == id }
                if let error = status?.lastError { failures.withLock { $0[id] = error } }
            }
            if let reason = failures.withLock({ $0[id] }) { return .failure(AuthorizationFailure(reason: reason)) }
            usleep(50_000)
        }
        return .failure(AuthorizationFailure(reason: "no token came within \(seconds) s"))
    }

    private func sign(
        _ call: ProbeCall, _ record: EndpointRecord, _ key: AWSCredential, _ use: CredentialRecord.Use
    ) -> Secret {
        guard case .awsSignature(let region, let service) = use else { return Secret([]) }
        let signer = AWSSigner(credential: key, region: region, service: service)
        let parts = call.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var lines: [UInt8] = []
        let hash = call.body.withUnsafeBytes { SHA256.hash($0) }
        Array(parts[0].utf8).withUnsafeBytes { path in
            Array((parts.count > 1 ? parts[1] : "").utf8).withUnsafeBytes { query in
                Array(call.contentType.utf8).withUnsafeBytes { type in
                    let request = AWSRequest(
                        method: "POST", host: record.address.hostField, path: path, query: query, contentType: type,
                        bodyHash: hash)
                    signer.sign(request, unixSeconds: CredentialKeeper.wallClock(), into: &lines)
                }
            }
        }
        // The lines come with their ends; what is added to a head has none behind the last.
        return Secret(Array(lines.dropLast(2)))
    }
}
