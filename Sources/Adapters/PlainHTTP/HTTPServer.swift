// SPDX-License-Identifier: Apache-2.0
// Isobar

// HTTP/1.1 for cold paths: the admin port, health probes, the reference model server, the client verbs. Requests arrive
// whole, answers go out whole or as a stream; convenience over speed. Inference traffic never passes here: the gateway
// has its own connection types.

public import Reactor
internal import WireFormats

/// Accepts connections on one loop and calls `handler` for each request, one at a time per connection.
///
/// - Threading: confined to its loop, the handler too.
/// - Limits: `HTTPServerLimits`.
public final class HTTPServer {
    /// Must see to it that the responder is answered or its stream ended, now or later.
    public typealias Handler = (HTTPServerRequest, HTTPResponder) -> Void

    let loop: EventLoop
    let limits: HTTPServerLimits
    let handler: Handler
    /// Parsed header fields of the message being looked at; one message at a time per loop.
    let fields: UnsafeMutableBufferPointer<HeaderField>
    private var listener: Listener?
    private var connections: [ObjectIdentifier: HTTPServerConnection] = [:]

    public private(set) var isDraining = false
    /// Connections closed at once because `connectionsMax` were open.
    public private(set) var refusedTotal = 0

    public init(loop: EventLoop, limits: HTTPServerLimits = HTTPServerLimits(), handler: @escaping Handler) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        fields = .allocate(capacity: limits.head.fieldsMax)
    }

    deinit { fields.deallocate() }

    public var connectionCount: Int { connections.count }

    /// - Returns: the port bound, also when 0 was asked for.
    @discardableResult public func listen(on address: SocketAddress, tls: TLSContext? = nil) throws(ReactorError)
        -> UInt16
    {
        precondition(listener == nil, "a server listens once")
        let listener = try Listener(loop: loop, address: address) { [weak self] descriptor in
            self?.accept(descriptor, tls)
        }
        self.listener = listener
        return listener.port
    }

    private func accept(_ descriptor: Int32, _ tls: TLSContext?) {
        // Failing to register (out of epoll memory) closes the descriptor: the client sees a reset and may retry.
        guard let connection = try? HTTPServerConnection(server: self, accepted: descriptor, tls: tls) else { return }
        guard connections.count < limits.connectionsMax else {
            refusedTotal += 1
            return connection.close()
        }
        connections[ObjectIdentifier(connection)] = connection
        connection.begin()
    }

    func closed(_ connection: HTTPServerConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Stops accepting and closes idle connections; the others close after their current answer.
    public func drain() {
        isDraining = true
        listener?.retire()
        listener = nil
        for connection in Array(connections.values) { connection.closeIfIdle() }
    }

    /// Closes everything at once.
    public func close() {
        drain()
        for connection in Array(connections.values) { connection.abort() }
    }
}
