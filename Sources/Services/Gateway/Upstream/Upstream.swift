// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import Routing

/// One address of an endpoint as one loop uses it: resolved addresses and keep-alive connections.
///
/// Idle connections are used most recently used first, so that surplus ones age out. An idle connection that the peer
/// closes, or that says something unasked, is dropped the moment the kernel tells.
/// - Limits: `idleUpstreamsMax` idle connections; busy ones are bounded by the requests in flight.
final class Upstream {
    let name: String
    let authority: String
    let credentials: CredentialSet
    private let address: UpstreamAddress
    private var addresses: [SocketAddress]
    private let tls: TLSContext?
    private let worker: Worker
    private var idle: [UpstreamConnection] = []
    private var preferredAddress = 0
    private var isRetired = false

    /// - Parameter previous: the same endpoint and address in the configuration before; gives its idle connections away.
    init(
        _ record: EndpointRecord, addresses: [SocketAddress], tls: TLSContext?, worker: Worker,
        inheriting previous: Upstream?
    ) {
        name = record.name
        authority = record.address.authority
        credentials = CredentialSet(
            record.address.credentials, store: worker.credentials, inheriting: previous?.credentials)
        address = record.address
        self.addresses = addresses
        self.tls = tls
        self.worker = worker
        if let previous { adoptIdleConnections(of: previous) }
    }

    /// A connection that is ready or on its way.
    /// - Parameter fresh: never an idle one, because one of those just failed.
    /// - Returns: `nil` when the name does not resolve or the system refuses a socket.
    func connection(fresh: Bool) -> UpstreamConnection? {
        if !fresh, let reused = idle.popLast() {
            reused.leaveIdle()
            return reused
        }
        return connect()
    }

    private func connect() -> UpstreamConnection? {
        guard !address.isTLS || tls != nil else { return nil }
        let walk = AddressWalk(addresses, preferring: preferredAddress)
        let connection = UpstreamConnection(upstream: self, worker: worker, addresses: walk)
        return connect(connection) ? connection : nil
    }

    /// Starts to connect to the first of the remaining addresses that the system knows a way to.
    /// - Returns: false when there is none.
    func connect(_ connection: UpstreamConnection) -> Bool {
        while let next = connection.addresses.next() {
            do {
                try connection.connect(to: next, tls: tls, serverName: address.isTLS ? address.host : nil)
                return true
            } catch {
                addressFailed(connection.addresses)
            }
        }
        return false
    }

    /// The address last tried does not answer: new connections begin with the next one. Several connections may find
    /// out about the same address; only the first of them moves on.
    func addressFailed(_ walk: AddressWalk) {
        if preferredAddress == walk.position { preferredAddress = walk.nextPosition }
    }

    /// New connections begin where this one found somebody. Before anything is known the resolver's order holds, IPv6
    /// before IPv4.
    func addressAnswered(_ walk: AddressWalk) { preferredAddress = walk.position }

    func update(addresses fresh: [SocketAddress]) {
        guard !fresh.isEmpty else { return }
        addresses = fresh
        preferredAddress %= fresh.count
    }

    /// Takes back a connection whose answer ended cleanly.
    func keep(_ connection: UpstreamConnection) {
        guard !isRetired, !worker.isDraining, idle.count < worker.limits.idleUpstreamsMax else {
            return connection.close()
        }
        connection.enterIdle()
        idle.append(connection)
    }

    func drop(idle connection: UpstreamConnection) {
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
    }

    var idleCount: Int { idle.count }

    private func adoptIdleConnections(of other: Upstream) {
        for connection in other.idle {
            connection.move(to: self)
            idle.append(connection)
        }
        other.idle = []
    }

    func retire() {
        isRetired = true
        for connection in idle { connection.close() }
        idle = []
    }
}
