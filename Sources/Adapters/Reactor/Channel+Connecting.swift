// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

/// Why a connection attempt failed.
public enum ConnectFailure: Error, Sendable, CustomStringConvertible {
    case refused(Int32)
    case tls(String)
    public var description: String {
        switch self {
        case .refused(let number): String(cString: strerror(number))
        case .tls(let reason): "TLS: \(reason)"
        }
    }
}

// Making a connection: the socket, and the TLS handshake over it.
extension Channel {
    /// Starts to connect; the answer is `opened` or `connectFailed`, never before this call returns. A channel whose
    /// connection could not be made, or that was closed, may connect again: a name has more than one address.
    /// - Parameter serverName: name to check the certificate against and to send as SNI; needed with `context`.
    public func connect(to address: SocketAddress, tls context: TLSContext?, serverName: String?)
        throws(ReactorError)
    {
        precondition(phase == .closed, "a channel has one connection at a time")
        let fd = socket(
            address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0)
        guard fd >= 0 else { throw ReactorError(operation: "socket", number: errno) }
        descriptor = fd
        phase = .connecting
        (isReadable, isEndAnnounced, isInputOver) = (false, false, false)
        do {
            if let context { tls = try TLSSession(context: context, descriptor: fd, serverName: serverName) }
            try beginConnecting(to: address)
        } catch {
            abandon()
            throw error
        }
    }

    private func beginConnecting(to address: SocketAddress) throws(ReactorError) {
        SocketOption.noDelay(descriptor)
        let code = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        let number = errno
        guard code == 0 || number == EINPROGRESS || number == EINTR else {
            throw ReactorError(operation: "connect", number: number)
        }
        try loop.add(self, descriptor: descriptor)
    }

    func finishConnecting() {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        if number != 0 { return failConnecting(.refused(number)) }
        if tls != nil {
            phase = .handshaking
            continueHandshake()
        } else {
            phase = .open
            opened()
        }
    }

    func continueHandshake() {
        guard let tls else { return }
        switch tls.handshake() {
        case .done:
            phase = .open
            isReadable = true
            opened()
            if phase == .open, isReadable { readable() }
        case .wouldBlock: break
        case .failed(let reason): failConnecting(.tls(reason))
        }
    }

    private func failConnecting(_ failure: ConnectFailure) {
        loop.remove(self)
        abandon()
        connectFailed(failure)
    }
}
