// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

/// A listening TCP socket of one loop. Several loops, and several processes, share a port through `SO_REUSEPORT`: the
/// kernel spreads connections.
///
/// Closing one of them resets connections that wait in its own accept queue. `retire` avoids that: it first steers new
/// connections to the other sockets of the port, then takes what is left, then closes.
public final class Listener: EventSource {
    private var descriptor: Int32
    private let accept: (Int32) -> Void
    /// Connections dropped because the process ran out of descriptors.
    public private(set) var shedTotal = 0

    private static let acceptsPerTurn = 64

    /// - Parameter accept: takes ownership of each accepted, non-blocking descriptor.
    public init(loop: EventLoop, address: SocketAddress, backlog: Int32 = 4096, accept: @escaping (Int32) -> Void)
        throws(ReactorError)
    {
        let fd = socket(
            address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0)
        guard fd >= 0 else { throw ReactorError(operation: "socket", number: errno) }
        descriptor = fd
        self.accept = accept
        super.init(loop: loop)
        SocketOption.set(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        SocketOption.set(fd, SOL_SOCKET, SO_REUSEPORT, 1)
        guard address.withPointer({ bind(fd, $0, $1) }) == 0 else { throw failure("bind") }
        guard listen(fd, backlog) == 0 else { throw failure("listen") }
        try loop.add(self, descriptor: fd, isListener: true)
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    private func failure(_ operation: String) -> ReactorError { ReactorError(operation: operation, number: errno) }

    /// The port bound, also when 0 was asked for.
    public var port: UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return SocketAddress(storage: storage, length: length).port
    }

    public override func ready(_ events: UInt32) { acceptWaiting(Self.acceptsPerTurn) }

    private func acceptWaiting(_ limit: Int) {
        for _ in 0..<limit where descriptor >= 0 {
            let fd = isobar_accept(descriptor)
            switch -fd {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE:
                guard loop.shedConnection(descriptor) else { return }
                shedTotal += 1
            case _ where fd < 0: return
            default: accept(fd)
            }
        }
    }

    /// Sends new connections to another socket of the port, if there is one; keeps accepting what still arrives here.
    /// - Parameter index: position of the taker among the port's sockets in order of opening; out of range changes
    ///   nothing.
    public func steerAway(to index: UInt32) { isobar_reuseport_steer(descriptor, index) }

    /// Takes what waits in the queue and closes.
    public func retire() {
        guard descriptor >= 0 else { return }
        isobar_reuseport_unsteer(descriptor)
        acceptWaiting(4096)
        loop.remove(self)
        Glibc.close(descriptor)
        descriptor = -1
    }
}
