// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

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

// Output: straight to the kernel, and what it does not take through a queue.
extension Channel {
    /// Sends the segments in order; what the kernel does not take is copied and queued.
    /// - Cost: one system call when nothing is queued; with TLS one record per 16 KiB.
    public func send(_ segments: UnsafeMutablePointer<Segment>, count: Int) -> Sent {
        if pending.count > 0 {
            for i in 0..<count { enqueue(segments[i], skipping: 0) }
            return .queued
        }
        return tls == nil ? sendPlain(segments, count) : sendSecure(segments, count)
    }

    public func send(_ bytes: UnsafeRawBufferPointer) -> Sent {
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
        isobar_send(descriptor, segment.base, segment.count)
    }

    private func sendMany(_ segments: UnsafeMutablePointer<Segment>, _ count: Int) -> Int {
        var message = msghdr()
        message.msg_iov = UnsafeMutableRawPointer(segments).assumingMemoryBound(to: iovec.self)
        message.msg_iovlen = count
        return isobar_send_message(descriptor, &message)
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

    /// The kernel takes more: sends what waits, and tells whoever waited for that.
    func flush() {
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
                n = isobar_send(descriptor, rest.baseAddress, rest.count)
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
}
