// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CSystem
internal import Glibc

// Closing, at once or after the peer has read what is queued.
extension Channel {
    /// Closes at once; output still queued is lost.
    public func close() {
        guard phase != .closed else { return }
        if phase == .open || phase == .lingering { tls?.shutdown() }
        loop.remove(self)
        abandon()
    }

    /// Sends what is queued and the end of our side, then waits a little for the peer to read it before closing.
    ///
    /// Because: closing a socket that still has unread input makes the kernel send a reset, which can destroy an answer
    /// on its way (RFC 9112 §9.6). Bounded by `outputNanoseconds`, `lingerNanoseconds` and `lingerBytesMax`.
    public func closeLingering() {
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

    /// All of our output is with the kernel: ends our side, and gives the peer a moment to end its own.
    func finishOutput() {
        if isInputOver { return close() }
        setDeadline(loop.now + Self.lingerNanoseconds)
        tls?.shutdown()
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads what the peer still sends and forgets it, within bounds.
    func discardInput() {
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
}
