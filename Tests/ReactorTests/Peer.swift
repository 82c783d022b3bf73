// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Reactor

/// One end of a connection that keeps what happened to it.
final class Peer: Channel {
    private(set) var input: [UInt8] = []
    var isPaused = false
    private(set) var opens = 0
    private(set) var drains = 0
    private(set) var hangUps = 0
    private(set) var sawEnd = false
    private(set) var receiveFailure: Int32?
    private(set) var connectFailure: ConnectFailure?
    /// What is done with received bytes besides keeping them.
    var received: ((UnsafeRawBufferPointer) -> Void)?

    override func opened() { opens += 1 }
    override func connectFailed(_ failure: ConnectFailure) { connectFailure = failure }
    override func drained() { drains += 1 }
    override func hungUp() { hangUps += 1 }
    override func sendFailed(_ number: Int32) { close() }

    override func readable() {
        while !isPaused, isOpen, let memory = loop.scratch.baseAddress {
            switch receive(into: memory, capacity: loop.scratch.count) {
            case .bytes(let count):
                let bytes = UnsafeRawBufferPointer(start: memory, count: count)
                input += bytes
                received?(bytes)
            case .wouldBlock: return
            case .endOfFile:
                sawEnd = true
                return
            case .failed(let number):
                receiveFailure = number
                return
            }
        }
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Sent { bytes.withUnsafeBytes { send($0) } }

    /// Sends; whether the kernel left some of it to be queued.
    func queues(_ bytes: [UInt8]) -> Bool {
        if case .queued = send(bytes) { true } else { false }
    }
}

/// A listener on a port of the kernel's choice, and who came in through it.
final class Door {
    private(set) var peers: [Peer] = []
    let listener: Listener
    let address: SocketAddress

    /// Who came in last.
    var peer: Peer? { peers.last }

    init(_ loop: EventLoop, at address: SocketAddress? = nil, tls: TLSContext? = nil, startsPaused: Bool = false) throws
    {
        final class Guests { var enter: (Int32) -> Void = { _ in } }
        let guests = Guests()
        let wanted = try address ?? #require(SocketAddress(literal: "127.0.0.1", port: 0))
        listener = try Listener(loop: loop, address: wanted) { guests.enter($0) }
        self.address = wanted.with(port: listener.port)
        guests.enter = { [unowned self] descriptor in
            guard let peer = try? Peer(loop: loop, accepted: descriptor, tls: tls) else { return }
            peer.isPaused = startsPaused
            peers.append(peer)
        }
    }

    func knock(tls: TLSContext? = nil, serverName: String? = nil) throws -> Peer {
        let peer = Peer(loop: listener.loop)
        try peer.connect(to: address, tls: tls, serverName: serverName)
        return peer
    }
}
