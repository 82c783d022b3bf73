// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Reactor
public import Routing

/// Resolved addresses of everything a snapshot talks to. Resolution blocks, so it has a thread of its own; loops only
/// ever see results.
///
/// A name that stops resolving keeps its last addresses: a broken resolver must not take a working endpoint away.
public final class NameBook: @unchecked Sendable {
    // Proof of @unchecked: `names` and `timer` are touched on `loop`'s thread only.
    private let loop: EventLoop
    private let thread: LoopThread
    private var names: [(host: String, port: UInt16)] = []
    private var timer: LoopTimer?
    private let deliver: @Sendable ([String: [SocketAddress]]) -> Void

    private static let refreshNanoseconds: Int64 = 30_000_000_000

    /// - Parameter deliver: called on the book's thread after each refresh.
    public init(deliver: @escaping @Sendable ([String: [SocketAddress]]) -> Void) throws(ReactorError) {
        self.deliver = deliver
        loop = try EventLoop()
        thread = try LoopThread(name: "resolver", loop: loop)
    }

    /// Names to refresh from now on. Literal addresses need none.
    public func follow(_ snapshot: RoutingSnapshot) {
        let names = Self.names(of: snapshot)
        loop.submit { [self] in
            self.names = names
            schedule()
        }
    }

    private func schedule() {
        guard !names.isEmpty else {
            timer?.cancel()
            timer = nil
            return
        }
        let due = loop.now + Self.refreshNanoseconds
        if let timer { return timer.reschedule(at: due) }
        timer = try? LoopTimer(loop: loop, at: due) { [unowned self] in refresh() }
    }

    private func refresh() {
        deliver(Self.resolve(names))
        schedule()
    }

    public func close() {
        loop.stop()
        thread.join()
    }

    /// Resolves everything once. Blocks for as long as the system's resolver does.
    public static func resolve(_ snapshot: RoutingSnapshot) -> [String: [SocketAddress]] {
        var addresses = resolve(names(of: snapshot))
        for endpoint in snapshot.endpoints {
            if let literal = SocketAddress(literal: endpoint.address.host, port: endpoint.address.port) {
                addresses[endpoint.address.authority] = [literal]
            }
        }
        return addresses
    }

    private static func resolve(_ names: [(host: String, port: UInt16)]) -> [String: [SocketAddress]] {
        var addresses: [String: [SocketAddress]] = [:]
        for name in names {
            if case .success(let found) = Resolver.addresses(of: name.host, port: name.port) {
                addresses["\(name.host):\(name.port)"] = found
            }
        }
        return addresses
    }

    private static func names(of snapshot: RoutingSnapshot) -> [(host: String, port: UInt16)] {
        var seen: Set<String> = []
        return snapshot.endpoints.compactMap { endpoint in
            let address = endpoint.address
            guard SocketAddress(literal: address.host, port: address.port) == nil,
                seen.insert(address.authority).inserted
            else { return nil }
            return (address.host, address.port)
        }
    }
}
