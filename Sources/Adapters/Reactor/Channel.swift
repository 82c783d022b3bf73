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

/// What one send did.
@frozen public enum Sent: Sendable {
    case all
    /// The kernel took a part; the rest is queued in the channel and goes out by itself. Stop producing until
    /// `drained`.
    case queued
    case failed(Int32)
}

/// A stretch of memory to send; laid out like the kernel's `iovec`.
public struct Segment {
    public var base: UnsafeRawPointer?
    public var count: Int
    @inlinable public init(base: UnsafeRawPointer?, count: Int) {
        self.base = base
        self.count = count
    }
    @inlinable public init(_ bytes: UnsafeRawBufferPointer) { self.init(base: bytes.baseAddress, count: bytes.count) }
}

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

/// One stream socket of a loop, with or without TLS; subclasses say what its bytes mean.
///
/// Registered edge-triggered once: `isReadable` remembers that the kernel may have more, so a subclass that paused
/// reading continues with `resumeReading` and no system call. Output that the kernel does not take at once waits in
/// `pending`; the subclass bounds it by not producing more while `isBackedUp`.
/// - Threading: confined to its loop.
open class Channel: EventSource {
    private enum Phase { case connecting, handshaking, open, lingering, closed }

    private var descriptor: Int32
    private var phase: Phase
    private var tls: TLSSession?
    private var pending = Buffer.none
    private var pendingStart = 0
    private var isReadable = false
    /// The kernel announced the end of input together with its last bytes: no further event will come for it.
    private var isEndAnnounced = false
    private var lingerBudget = 0
    /// The peer finished sending while we linger: with the last byte of output nothing is left to wait for.
    private var isInputOver = false

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

    /// Starts to connect; the answer is `opened` or `connectFailed`, never before this call returns. A channel whose
    /// connection could not be made, or that was closed, may connect again: a name has more than one address.
    /// - Parameter serverName: name to check the certificate against and to send as SNI; needed with `context`.
    public final func connect(to address: SocketAddress, tls context: TLSContext?, serverName: String?)
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

    /// Closes at once; output still queued is lost.
    public final func close() {
        guard phase != .closed else { return }
        if phase == .open || phase == .lingering { tls?.shutdown() }
        loop.remove(self)
        abandon()
    }

    /// Sends what is queued and the end of our side, then waits a little for the peer to read it before closing.
    ///
    /// Because: closing a socket that still has unread input makes the kernel send a reset, which can destroy an answer
    /// on its way (RFC 9112 §9.6). Bounded by `outputNanoseconds`, `lingerNanoseconds` and `lingerBytesMax`.
    public final func closeLingering() {
        guard phase == .open else { return close() }
        phase = .lingering
        lingerBudget = Self.lingerBytesMax
        setDeadline(loop.now + Self.outputNanoseconds)
        if pending.isEmpty { finishOutput() }
        if phase == .lingering, isReadable { discardInput() }
    }

    /// For the peer to close after our last byte.
    private static let lingerNanoseconds: Int64 = 1_000_000_000
    /// For queued output to go out before that.
    private static let outputNanoseconds: Int64 = 60_000_000_000
    private static let lingerBytesMax = 1 << 20

    private func abandon() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        phase = .closed
        tls = nil
        loop.buffers.give(&pending)
        pendingStart = 0
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

    private func finishConnecting() {
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

    private func continueHandshake() {
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
            let n = recv(descriptor, memory, capacity, 0)
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

    private func discardInput() {
        isReadable = true
        while true {
            guard let memory = loop.scratch.baseAddress else { return }
            switch receive(into: memory, capacity: loop.scratch.count) {
            case .bytes(let n):
                lingerBudget -= n
                if lingerBudget < 0 { return close() }
                if !isReadable { return }
            case .wouldBlock: return
            case .endOfFile: return endInput()
            case .failed: return close()
            }
        }
    }

    /// A peer that has only finished sending still reads: what is queued goes out first.
    private func endInput() {
        isInputOver = true
        isReadable = false
        if pending.isEmpty { close() }
    }

    // MARK: Output

    /// Sends the segments in order; what the kernel does not take is copied and queued.
    /// - Cost: one system call when nothing is queued; with TLS one record per 16 KiB.
    public final func send(_ segments: UnsafeMutablePointer<Segment>, count: Int) -> Sent {
        if pending.count > 0 {
            for i in 0..<count { enqueue(segments[i], skipping: 0) }
            return .queued
        }
        return tls == nil ? sendPlain(segments, count) : sendSecure(segments, count)
    }

    public final func send(_ bytes: UnsafeRawBufferPointer) -> Sent {
        var segment = Segment(bytes)
        return send(&segment, count: 1)
    }

    private func sendPlain(_ segments: UnsafeMutablePointer<Segment>, _ count: Int) -> Sent {
        var gathered = Segment(base: nil, count: 0)
        if count > 1, loop.gather(segments, count, into: &gathered) { return sendPlain(&gathered, 1) }
        var sent = 0
        while true {
            sent = count == 1 ? sendOne(segments[0]) : sendMany(segments, count)
            if sent >= 0 { break }
            let number = errno
            if number == EINTR { continue }
            guard number == EAGAIN else { return .failed(number) }
            sent = 0
            break
        }
        for i in 0..<count {
            if sent >= segments[i].count {
                sent -= segments[i].count
            } else {
                enqueue(segments[i], skipping: sent)
                sent = 0
            }
        }
        return pending.count > 0 ? .queued : .all
    }

    private func sendOne(_ segment: Segment) -> Int {
        Glibc.send(descriptor, segment.base, segment.count, Int32(MSG_NOSIGNAL))
    }

    private func sendMany(_ segments: UnsafeMutablePointer<Segment>, _ count: Int) -> Int {
        var message = msghdr()
        message.msg_iov = UnsafeMutableRawPointer(segments).assumingMemoryBound(to: iovec.self)
        message.msg_iovlen = count
        return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
    }

    /// Gathers into one buffer, because one record per message is cheaper than one per segment.
    private func sendSecure(_ segments: UnsafeMutablePointer<Segment>, _ count: Int) -> Sent {
        for i in 0..<count { enqueue(segments[i], skipping: 0) }
        let number = flushPending()
        if number != 0 { return .failed(number) }
        return pending.count > 0 ? .queued : .all
    }

    private func enqueue(_ segment: Segment, skipping skipped: Int) {
        guard let base = segment.base else { return }
        loop.buffers.append(UnsafeRawBufferPointer(start: base + skipped, count: segment.count - skipped), to: &pending)
    }

    private func flush() {
        let number = flushPending()
        if number != 0 { return phase == .lingering ? close() : sendFailed(number) }
        guard pending.count == 0 else { return }
        if phase == .lingering { finishOutput() } else { drained() }
    }

    /// - Returns: 0, or the error that broke the connection.
    private func flushPending() -> Int32 {
        while pendingStart < pending.count, let base = pending.base {
            let rest = UnsafeRawBufferPointer(start: base + pendingStart, count: pending.count - pendingStart)
            let n: Int
            if let tls {
                switch tls.send(rest) {
                case .bytes(let sent): n = sent
                case .wouldBlock: return 0
                case .endOfFile: return EPIPE
                case .failed(let number): return number
                }
            } else {
                n = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if n < 0 {
                    let number = errno
                    if number == EINTR { continue }
                    return number == EAGAIN ? 0 : number
                }
            }
            pendingStart += n
        }
        loop.buffers.give(&pending)
        pendingStart = 0
        return 0
    }

    private func finishOutput() {
        if isInputOver { return close() }
        setDeadline(loop.now + Self.lingerNanoseconds)
        tls?.shutdown()
        shutdown(descriptor, Int32(SHUT_WR))
    }
}

enum SocketOption {
    static func noDelay(_ fd: Int32) { set(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    @discardableResult
    static func set(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}
