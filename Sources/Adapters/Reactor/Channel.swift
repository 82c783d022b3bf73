// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

/// What one receive found.
@frozen public enum Received: Sendable {
    case bytes(Int)
    case wouldBlock
    /// The peer finished sending.
    case endOfFile
    /// The connection is broken; `errno`, or `EPROTO` for TLS.
    case failed(Int32)
}

/// One stream socket of a loop, with or without TLS; subclasses say what its bytes mean.
///
/// Registered edge-triggered once: `isReadable` remembers that the kernel may have more, so a subclass that paused
/// reading continues with `resumeReading` and no system call. Output that the kernel does not take at once waits in
/// `pending`; the subclass bounds it by not producing more while `isBackedUp`.
/// - Threading: confined to its loop.
open class Channel: EventSource {
    enum Phase { case connecting, handshaking, open, lingering, closed }

    // State is this class's own: it is not private because connecting, output and closing have a file each.

    final var descriptor: Int32
    final var phase: Phase
    final var tls: TLSSession?
    final var pending = Buffer.none
    final var pendingStart = 0
    final var isReadable = false
    /// The kernel announced the end of input together with its last bytes: no further event will come for it.
    final var isEndAnnounced = false
    final var lingerBudget = 0
    /// The peer finished sending while we linger: with the last byte of output nothing is left to wait for.
    final var isInputOver = false

    /// Whether output is waiting for the peer to read.
    @inline(__always) public final var isBackedUp: Bool { pending.count > 0 }
    public final var pendingBytes: Int { pending.count - pendingStart }
    public final var isClosed: Bool { phase == .closed || phase == .lingering }
    public final var isOpen: Bool { phase == .open }
    public final var isSecure: Bool { tls != nil }
    /// Connected, the TLS handshake under way.
    public final var isSecuring: Bool { phase == .handshaking }

    // MARK: What subclasses override

    /// Connected, and the TLS handshake is done.
    open func opened() {}
    /// The connection could not be made. The channel is already closed.
    open func connectFailed(_ failure: ConnectFailure) {}
    /// Bytes, end of file or an error wait for `receive`.
    open func readable() {}
    /// Everything queued has been handed to the kernel.
    open func drained() {}
    /// The peer closed its side, or the connection broke. Called after `readable`, also while reading is paused.
    open func hungUp() {}
    /// Queued output could not be sent: the connection is broken. The channel is still open; close it.
    open func sendFailed(_ number: Int32) {}

    // MARK: Life

    /// An accepted socket. Takes ownership of the descriptor.
    public init(loop: EventLoop, accepted: Int32, tls context: TLSContext?) throws(ReactorError) {
        descriptor = accepted
        phase = .open
        super.init(loop: loop)
        SocketOption.noDelay(accepted)
        do {
            if let context {
                tls = try TLSSession(context: context, descriptor: accepted, serverName: nil)
                phase = .handshaking
            }
            try loop.add(self, descriptor: accepted)
        } catch {
            phase = .closed
            Glibc.close(accepted)
            descriptor = -1
            throw error
        }
    }

    /// A socket not yet connected; call `connect`.
    public override init(loop: EventLoop) {
        descriptor = -1
        phase = .closed
        super.init(loop: loop)
    }

    deinit {
        loop.buffers.give(&pending)
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Lets go of the connection and what waited to be sent.
    final func abandon() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        phase = .closed
        tls = nil
        loop.buffers.give(&pending)
        pendingStart = 0
    }

    /// The peer's address, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2); `nil` for a socket without one.
    public final var peerAddressBits: (high: UInt64, low: UInt64)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        guard code == 0 else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            // IPv4's address lies 4 bytes into its structure, IPv6's 8.
            switch Int32(storage.ss_family) {
            case AF_INET:
                (0, 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: bytes.load(fromByteOffset: 4, as: UInt32.self))))
            case AF_INET6:
                (
                    UInt64(bigEndian: bytes.load(fromByteOffset: 8, as: UInt64.self)),
                    UInt64(bigEndian: bytes.load(fromByteOffset: 16, as: UInt64.self))
                )
            default: nil
            }
        }
    }

    // MARK: Events

    public final override func ready(_ events: UInt32) {
        if events & Self.endEvents != 0 { isEndAnnounced = true }
        switch phase {
        case .open:
            if events & EPOLLOUT.rawValue != 0, pending.count > 0 { flush() }
            if events & Self.inputEvents != 0, phase == .open {
                isReadable = true
                readable()
            }
            if events & Self.endEvents != 0, phase == .open { hungUp() }
        case .connecting: finishConnecting()
        case .handshaking: continueHandshake()
        case .lingering:
            if pending.count > 0 { flush() }
            if phase == .lingering, !isInputOver, events & Self.inputEvents != 0 { discardInput() }
        case .closed: break
        }
    }

    private static let endEvents = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
    private static let inputEvents = EPOLLIN.rawValue | endEvents

    /// Calls `readable` soon if input may be waiting that no new event will announce.
    public final func resumeReading() {
        if isReadable { loop.runSoon(self) }
    }

    public final override func resumed() {
        if phase == .open { readable() }
    }

    public final override func deadlineReached() {
        if phase == .lingering { close() } else { timedOut() }
    }

    /// The deadline set with `setDeadline` passed.
    open func timedOut() {}

    // MARK: Input

    /// Reads once. A read that fills less than `capacity` has emptied the socket, so the next call may skip the system
    /// call, unless the end of input is behind those bytes.
    public final func receive(into memory: UnsafeMutableRawPointer, capacity: Int) -> Received {
        guard isReadable else { return .wouldBlock }
        if let tls {
            let received = tls.receive(into: memory, capacity: capacity)
            if case .wouldBlock = received { isReadable = false }
            return received
        }
        while true {
            let n = isobar_receive(descriptor, memory, capacity)
            if n > 0 {
                if n < capacity, !isEndAnnounced { isReadable = false }
                return .bytes(n)
            }
            if n == 0 { return .endOfFile }
            let number = errno
            if number == EINTR { continue }
            guard number == EAGAIN else { return .failed(number) }
            isReadable = false
            return .wouldBlock
        }
    }
}
