// SPDX-License-Identifier: Apache-2.0
// Isobar

import CloudCredentials
import Gateway
import Logging
import Reactor
import ResourceTypes
import Routing
import Synchronization

/// The process's keeper of cloud credentials, and what it has published before there was a gateway to take it.
///
/// A gateway that listens before its first tokens are there would turn requests away, also while the process it replaces
/// still has its own; so would a configuration that is in force before the tokens of the identities it adds. So they are
/// waited for, within bounds: a token service that is down must not keep other endpoints from being served.
/// - Threading: made on the main thread; what says so belongs to the control loop.
final class CloudAccess: @unchecked Sendable {
    // Proof of @unchecked: `keeper` and `sources` are touched on the loop's thread only; the rest has a lock.
    private struct State {
        var credentials: [CredentialID: CloudCredential] = [:]
        var gateway: Gateway?
    }

    private final class Target: Sendable {
        let state = Mutex(State())

        func publish(_ id: CredentialID, _ credential: CloudCredential?) {
            state.withLock { state in
                state.credentials[id] = state.gateway == nil ? credential : nil
                state.gateway?.publish(id, credential)
            }
        }
    }

    private let loop: EventLoop
    private let keeper: CredentialKeeper
    private let target = Target()
    /// Of the configuration in force.
    private var sources: [CredentialID: CredentialSource] = [:]

    /// How long the first credentials of a configuration are waited for.
    static let firstSecondsMax: Int64 = 3

    init(loop: EventLoop, log: Logger) throws {
        self.loop = loop
        keeper = try CredentialKeeper(
            loop: loop, tls: try TLSContext(trusting: nil), variables: Environment.all, log: log
        ) { [target] id, credential in target.publish(id, credential) }
    }

    /// Begins with a configuration's credentials; returns when each has come or has failed, or the time is over.
    /// - Returns: those that have come.
    func begin(_ sources: [CredentialID: CredentialSource]) -> [CredentialID: CloudCredential] {
        let settled = OneShot<Void>()
        loop.submit { [self] in turn(to: sources) { settled.fulfil(()) } }
        settled.wait()
        return target.state.withLock(\.credentials)
    }

    /// From now on `gateway` gets what is published, at first everything that has come so far.
    func attach(_ gateway: Gateway) {
        gateway.onCredentialRefused { [keeper] id in keeper.refused(id) }
        target.state.withLock { state in
            for (id, credential) in state.credentials { gateway.publish(id, credential) }
            state = State(gateway: gateway)
        }
    }

    // MARK: On the control loop

    /// Turns to the credentials of a new configuration. When those that it adds have come or have failed, or the time is
    /// over, it is put in force, and what it no longer names is let go. Another turn before that takes this one's place.
    func turn(to fresh: [CredentialID: CredentialSource], then putInForce: @escaping () -> Void) {
        // Because: an identity's number is never another's, so that both sets can be kept side by side.
        keeper.follow(sources.merging(fresh) { _, fresh in fresh })
        keeper.whenSettled(within: Self.firstSecondsMax) { [self] in
            putInForce()
            sources = fresh
            keeper.follow(fresh)
        }
    }

    var statuses: [CredentialStatus] { keeper.statuses }
    func stop() { keeper.stop() }
}
