// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor

/// Resolves names on a thread of its own, because the system's resolver blocks for as long as it likes.
final class NameLookup: Sendable {
    private let loop: EventLoop
    private let thread: LoopThread

    init() throws(ReactorError) {
        loop = try EventLoop()
        thread = try LoopThread(name: "token-names", loop: loop)
    }

    /// - Parameter completion: called on `home`'s thread; at once for a literal address.
    func addresses(
        of host: String, port: UInt16, home: EventLoop,
        completion: @escaping @Sendable (Result<[SocketAddress], ResolveError>) -> Void
    ) {
        if let literal = SocketAddress(literal: host, port: port) { return completion(.success([literal])) }
        loop.submit {
            let found = Resolver.addresses(of: host, port: port)
            home.submit { completion(found) }
        }
    }

    /// Waits for a lookup under way.
    func close() {
        loop.stop()
        thread.join()
    }
}
