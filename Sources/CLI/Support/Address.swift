// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Reactor

/// `HOST:PORT` on the command line; a literal address, because a listener binds to one. IPv6 in brackets.
struct Address: ExpressibleByArgument, CustomStringConvertible {
    let host: String
    let port: UInt16
    let socket: SocketAddress

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard let socket = SocketAddress(literal: host, port: port) else { return nil }
        self.host = host
        self.port = port
        self.socket = socket
    }

    /// For addresses of our own; a bug when it is not a literal one.
    init(literal host: String, port: UInt16) {
        guard let socket = SocketAddress(literal: host, port: port) else {
            preconditionFailure("\(host) is not a literal address")
        }
        self.host = host
        self.port = port
        self.socket = socket
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }
}
