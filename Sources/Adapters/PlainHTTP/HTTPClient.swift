// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Reactor
public import WireFormats

/// Why a request got no answer.
public enum HTTPClientFailure: Error, CustomStringConvertible {
    case connect(ConnectFailure)
    case system(ReactorError)
    case timedOut
    /// The server closed before the end of its answer.
    case truncated
    case malformed(HTTPFault)
    case tooLarge(bytesMax: Int)

    public var description: String {
        switch self {
        case .connect(let failure): "cannot connect: \(failure)"
        case .system(let error): "cannot connect: \(error)"
        case .timedOut: "no complete answer in time"
        case .truncated: "the server closed before the end of its answer"
        case .malformed(let fault): "malformed answer: \(fault.explanation)"
        case .tooLarge(let bytesMax): "the answer exceeds the limit of \(bytesMax) bytes"
        }
    }
}

/// One request, one connection, one answer: for probes, tests and client verbs.
///
/// - Threading: confined to its loop. The completion is called exactly once, unless `cancel` came first.
public final class HTTPClient {
    public typealias Completion = (Result<HTTPClientResponse, HTTPClientFailure>) -> Void

    /// Where to connect and whom to expect there.
    public struct Server: Sendable {
        public var address: SocketAddress
        public var tls: TLSContext?
        /// Name in the certificate; needed with `tls`.
        public var name: String?
        public init(address: SocketAddress, tls: TLSContext? = nil, name: String? = nil) {
            self.address = address
            self.tls = tls
            self.name = name
        }
    }

    private let exchange: HTTPClientExchange

    private init(_ exchange: HTTPClientExchange) { self.exchange = exchange }

    /// - Parameters:
    ///   - timeoutNanoseconds: from this call to the last byte.
    ///   - connectNanoseconds: from this call until connected and secured, where that should be sooner.
    ///   - timeline: told how far the exchange came.
    ///   - bodyBytesMax: longer answers fail with `tooLarge`.
    ///   - piece: called with each piece of the body as it arrives; the answer's `body` then stays empty.
    /// - Returns: a handle to `cancel` with; letting go of it changes nothing.
    @discardableResult public static func fetch(
        _ request: HTTPClientRequest, from server: Server, loop: EventLoop, timeoutNanoseconds: Int64,
        connectNanoseconds: Int64? = nil, bodyBytesMax: Int = 16 << 20, timeline: HTTPClientTimeline? = nil,
        piece: ((UnsafeRawBufferPointer) -> Void)? = nil, completion: @escaping Completion
    ) -> HTTPClient {
        let exchange = HTTPClientExchange(
            loop: loop, request: request, bodyBytesMax: bodyBytesMax, timeline: timeline, piece: piece,
            completion: completion)
        exchange.deadlineWhenOpen = loop.now + timeoutNanoseconds
        timeline?.startedAt = loop.now
        do {
            try exchange.connect(to: server.address, tls: server.tls, serverName: server.name)
            exchange.setDeadline(loop.now + min(connectNanoseconds ?? .max, timeoutNanoseconds))
        } catch {
            exchange.finish(.failure(.system(error)))
        }
        return HTTPClient(exchange)
    }

    /// Closes the connection; the completion is not called any more.
    public func cancel() { exchange.cancel() }
}
