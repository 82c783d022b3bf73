// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc

@testable import Reactor

/// A client socket without a loop, for what a `Channel` never does: resets, half-closes, leaving bytes unread.
final class PlainSocket {
    private var descriptor: Int32

    /// Returns as soon as the kernel has the connection; nobody needs to have accepted it.
    init?(connectedTo address: SocketAddress) {
        let number = Self.make(address)
        descriptor = number
        guard number >= 0, address.withPointer({ connect(number, $0, $1) }) == 0 else { return nil }
    }

    /// A port that is taken but that nobody listens on: connecting to it is refused.
    init?(boundTo address: SocketAddress) {
        let number = Self.make(address)
        descriptor = number
        guard number >= 0, address.withPointer({ bind(number, $0, $1) }) == 0 else { return nil }
    }

    private static func make(_ address: SocketAddress) -> Int32 {
        socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    deinit { close() }

    var port: UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return SocketAddress(storage: storage, length: length).port
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    func send(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Everything until the peer closes.
    /// - Returns: the bytes, and `errno` when the end was not an orderly one.
    func receiveToEnd() -> (bytes: [UInt8], failure: Int32?) {
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var memory = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &memory, memory.count, 0)
            if count <= 0 { return (bytes, count == 0 ? nil : errno) }
            bytes += memory[..<count]
        }
    }
}

/// Reads a socket to its end on a thread of its own, while the loop under test sends.
final class Reader: @unchecked Sendable {
    // Proof of @unchecked: the other thread writes `end` before it ends, and `join` reads it after that.
    private let socket: PlainSocket
    private var end: (bytes: [UInt8], failure: Int32?)?
    private var thread: LoopThread?

    init(_ socket: PlainSocket) { self.socket = socket }

    func start() throws {
        let loop = try EventLoop()
        loop.stop()
        thread = try LoopThread(name: "reader", loop: loop) { self.end = self.socket.receiveToEnd() }
    }

    func join() -> (bytes: [UInt8], failure: Int32?)? {
        thread?.join()
        return end
    }
}
