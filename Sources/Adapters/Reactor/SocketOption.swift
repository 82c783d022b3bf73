// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

/// Options of sockets that are set and never asked for.
enum SocketOption {
    static func noDelay(_ fd: Int32) { set(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    @discardableResult
    static func set(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}
