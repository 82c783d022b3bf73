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

/// Where a call of `isobar doctor` gets its credential from: the configuration, or the same keeper that a gateway runs.
///
/// - Threading: `lines` may be called from any thread; it waits for a token that is on its way.
final class EndpointAuthorization: Sendable {
    private typealias Outcome = Result<CloudCredential, AuthorizationFailure>

    /// What became of each credential that is used.
    private let outcomes: [CredentialID: OneShot<Outcome>]
    private let loop: EventLoop
    private let thread: LoopThread
    private let keeper: CredentialKeeper
    private let seconds: Int

    /// - Parameter seconds: how long a token is waited for.
    init(_ records: [EndpointRecord], _ sources: [CredentialID: CredentialSource], seconds: Int) throws {
        let used = Set(records.compactMap { Self.identity($0.address.credentials.first) })
        let wanted = sources.filter { used.contains($0.key) }
        let outcomes = wanted.mapValues { _ in OneShot<Outcome>() }
        let loop = try EventLoop()
        self.outcomes = outcomes
        self.loop = loop
        self.seconds = seconds
        thread = try LoopThread(name: "credentials", loop: loop)
        // Failures are told per endpoint, in the table; the keeper's own log would say them twice.
        let log = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
        keeper = try CredentialKeeper(
            loop: loop, tls: try TLSContext(trusting: nil), variables: Environment.all, log: log,
            publish: { id, credential in
                let expired = AuthorizationFailure(reason: "the token has expired")
                outcomes[id]?.fulfil(credential.map { .success($0) } ?? .failure(expired))
            })
        loop.submit { [keeper] in
            // The keeper tells of what it got. What it did not get it has to be asked for, and that changes only while
            // its loop does something.
            loop.endOfIteration = {
                for status in keeper.statuses where !status.isHeld {
                    guard let error = status.lastError else { continue }
                    outcomes[status.id]?.fulfil(.failure(AuthorizationFailure(reason: error)))
                }
            }
            keeper.follow(wanted)
        }
    }

    private static func identity(_ record: CredentialRecord?) -> CredentialID? {
        if case .dynamic(let id, _) = record { id } else { nil }
    }

    func stop() {
        loop.submit { [keeper, loop] in
            loop.endOfIteration = nil
            keeper.stop()
        }
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

    private func wait(for id: CredentialID) -> Outcome {
        outcomes[id]?.wait(seconds: seconds)
            ?? .failure(AuthorizationFailure(reason: "no token came within \(seconds) s"))
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
