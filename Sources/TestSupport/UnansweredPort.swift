// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// A port on 127.0.0.1 where nobody answers, taken for as long as this object lives.
public final class UnansweredPort {
    public enum Manner: Sendable {
        /// Connections are refused at once.
        case refuses
        /// Connections are neither taken nor refused, as behind a firewall that drops what it does not like.
        case ignores
    }

    public let port: UInt16
    private let descriptor: Int32
    /// Fills the accept queue: to a full one the kernel does not answer.
    private var waiting: [TestConnection] = []

    public init(_ manner: Manner) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        port = address.sin_port.bigEndian
        guard code == 0 else { throw TestConnection.Ended() }
        if manner == .ignores {
            // A queue of 0 holds one connection.
            guard listen(descriptor, 0) == 0 else { throw TestConnection.Ended() }
            waiting.append(try TestConnection(port: port))
        }
    }

    deinit { close(descriptor) }
}
