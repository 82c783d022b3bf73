// SPDX-License-Identifier: Apache-2.0
// Isobar

// TCP on 127.0.0.1 and nothing else: these programs must not be reachable from outside nor reach out.

internal import CEpoll
internal import Glibc

/// A kernel call that failed, with the text for its error number.
public struct SystemError: Error, CustomStringConvertible {
    public let call: String
    public let number: Int32

    init(_ call: String, _ number: Int32) {
        self.call = call
        self.number = number
    }

    public var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// What one read or write on a non-blocking socket did.
public enum Transfer {
    case moved(Int)
    /// The kernel has nothing (read) or no room (write) now.
    case blocked
    /// The peer closed or reset the connection.
    case ended
}

public enum Sockets {
    /// A non-blocking listener. The backlog is deep because a whole load run connects at once.
    public static func listen(port: UInt16) throws(SystemError) -> Int32 {
        let fd = try streamSocket(flags: SOCK_NONBLOCK.rawValue)
        setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        guard withLoopback(port: port, { bind(fd, $0, $1) }) == 0 else { throw failure("bind 127.0.0.1:\(port)", fd) }
        guard Glibc.listen(fd, 4096) == 0 else { throw failure("listen", fd) }
        return fd
    }

    /// Connects, then makes the socket non-blocking. On loopback the kernel finishes the handshake by itself; only a
    /// full backlog makes this wait, at most five seconds.
    public static func connect(port: UInt16) throws(SystemError) -> Int32 {
        let fd = try streamSocket(flags: 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard withLoopback(port: port, { Glibc.connect(fd, $0, $1) }) == 0 else {
            throw failure("connect 127.0.0.1:\(port)", fd)
        }
        guard fcntl(fd, F_SETFL, O_NONBLOCK) == 0 else { throw failure("fcntl", fd) }
        sendAtOnce(fd)
        return fd
    }

    /// The next waiting connection, or `nil` when there is none.
    public static func accept(_ listener: Int32) -> Int32? {
        let fd = cepoll_accept(listener)
        guard fd >= 0 else { return nil }
        sendAtOnce(fd)
        return fd
    }

    public static func receive(_ fd: Int32, into bytes: UnsafeMutableRawBufferPointer) -> Transfer {
        let count = cepoll_receive(fd, bytes.baseAddress, bytes.count)
        if count > 0 { return .moved(Int(count)) }
        return count == -Int64(EAGAIN) || count == -Int64(EINTR) ? .blocked : .ended
    }

    public static func send(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) -> Transfer {
        let count = cepoll_send(fd, bytes.baseAddress, bytes.count)
        if count >= 0 { return .moved(Int(count)) }
        return count == -Int64(EAGAIN) || count == -Int64(EINTR) ? .blocked : .ended
    }

    /// - Parameter abruptly: reset the connection (RST) instead of closing it in order (FIN).
    public static func close(_ fd: Int32, abruptly: Bool = false) {
        if abruptly {
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
        Glibc.close(fd)
    }

    private static func streamSocket(flags: __socket_type.RawValue) throws(SystemError) -> Int32 {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | flags
        let fd = socket(AF_INET, Int32(kind), 0)
        guard fd >= 0 else { throw SystemError("socket", errno) }
        return fd
    }

    private static func failure(_ call: String, _ fd: Int32) -> SystemError {
        let number = errno
        Glibc.close(fd)
        return SystemError(call, number)
    }

    /// Nagle's algorithm would hold back small chunks and be measured as the proxy's delay.
    private static func sendAtOnce(_ fd: Int32) { setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    private static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
