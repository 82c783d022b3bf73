// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import TestSupport
import Testing

@testable import Reactor

/// Over real loopback sockets, both ends on one loop.
@Suite struct ChannelTests {
    private let stage: Stage

    init() throws { stage = try Stage() }

    @Test func `what is sent comes back from an echo, in order`() throws {
        let door = try Door(stage.loop)
        let client = try door.knock()
        let words = ["one", "two", "three"].map { Array($0.utf8) }
        stage.when({ client.opens == 1 && door.peer != nil }) {
            door.peer?.received = { [unowned door] in _ = door.peer?.send($0) }
            for word in words { client.send(word) }
        }
        stage.when { client.input.count == 11 }
        try stage.run()
        #expect(String(decoding: client.input, as: UTF8.self) == "onetwothree")
        #expect(!client.isSecure)
    }

    @Test func `segments go out in their order, empty ones too`() throws {
        let door = try Door(stage.loop)
        let client = try door.knock()
        let bytes = pattern(30_000)
        stage.when({ client.isOpen }) {
            bytes.withUnsafeBytes { all in
                var segments = [0..<10, 10..<10, 10..<20_000, 20_000..<30_000].map {
                    Segment(UnsafeRawBufferPointer(rebasing: all[$0]))
                }
                _ = client.send(&segments, count: segments.count)
            }
        }
        stage.when { door.peer?.input.count == bytes.count }
        try stage.run()
        expectSame(door.peer?.input, bytes)
    }

    @Test func `output a peer does not read waits, and drained comes when all of it has gone out`() throws {
        let door = try Door(stage.loop)
        let client = try door.knock()
        client.isPaused = true
        let bytes = pattern(9 << 20)
        var backlog = 0
        stage.when({ client.isOpen && door.peer != nil }) {
            #expect(door.peer?.queues(bytes) == true)
            backlog = door.peer?.pendingBytes ?? 0
            #expect(door.peer?.isBackedUp == true)
            #expect(door.peer?.drains == 0)
            client.isPaused = false
            client.resumeReading()
        }
        stage.when { client.input.count == bytes.count && door.peer?.drains == 1 }
        try stage.run()
        #expect(backlog > 0 && backlog < bytes.count)
        #expect(door.peer?.isBackedUp == false)
        expectSame(client.input, bytes)
        #expect(stage.loop.buffers.bytesInUse == 0)
    }

    @Test func `bytes sent while output waits go out behind it`() throws {
        let door = try Door(stage.loop)
        let client = try door.knock()
        client.isPaused = true
        let bytes = pattern(12 << 20)
        stage.when({ client.isOpen && door.peer != nil }) {
            for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
                door.peer?.send(Array(bytes[start..<(start + 1 << 20)]))
            }
            client.isPaused = false
            client.resumeReading()
        }
        stage.when { client.input.count == bytes.count }
        try stage.run()
        expectSame(client.input, bytes)
    }

    @Test func `input that came while reading was paused is found when it goes on`() throws {
        let door = try Door(stage.loop, startsPaused: true)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        socket.send(Array("early".utf8))
        stage.when({ door.peer != nil })
        let marker = try LoopTimer(loop: stage.loop, at: stage.loop.now + 5_000_000) {}
        stage.when({ marker.deadline == .max }) {
            #expect(door.peer?.input.isEmpty == true)
            door.peer?.isPaused = false
            door.peer?.resumeReading()
        }
        stage.when { door.peer?.input.count == 5 }
        try stage.run()
    }

    @Test func `a peer's reset is seen as a failed receive and a hang-up`() throws {
        let door = try Door(stage.loop)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        stage.when({ door.peer != nil }) { socket.reset() }
        stage.when { door.peer?.hangUps == 1 }
        try stage.run()
        #expect(door.peer?.receiveFailure == ECONNRESET)
        #expect(door.peer?.sawEnd == false)
    }

    @Test func `a hang-up is told also while reading is paused`() throws {
        let door = try Door(stage.loop, startsPaused: true)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        stage.when({ door.peer != nil }) { socket.close() }
        stage.when { door.peer?.hangUps == 1 }
        try stage.run()
        #expect(door.peer?.sawEnd == false)
    }

    @Test func `a half-closed peer is seen behind its last bytes and can still be answered`() throws {
        let door = try Door(stage.loop)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        socket.send(Array("question".utf8))
        socket.finishWriting()
        stage.when({ door.peer?.hangUps == 1 }) {
            #expect(door.peer?.sawEnd == true)
            #expect(door.peer?.isOpen == true)
            door.peer?.send(Array("answer".utf8))
            door.peer?.close()
        }
        try stage.run()
        #expect(door.peer.map { String(decoding: $0.input, as: UTF8.self) } == "question")
        let end = socket.receiveToEnd()
        #expect(String(decoding: end.bytes, as: UTF8.self) == "answer")
        #expect(end.failure == nil)
    }

    @Test func `a port nobody listens on refuses, after connect has returned`() throws {
        let any = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        let taken = try #require(PlainSocket(boundTo: any))
        let client = Peer(loop: stage.loop)
        try client.connect(to: any.with(port: taken.port), tls: nil, serverName: nil)
        #expect(client.connectFailure == nil)
        stage.when { client.connectFailure != nil }
        try stage.run()
        guard case .refused(ECONNREFUSED)? = client.connectFailure else {
            Issue.record("\(String(describing: client.connectFailure))")
            return
        }
        #expect(client.isClosed)
        #expect(client.opens == 0)
    }

    @Test func `a refused channel can connect again, to somebody who answers`() throws {
        let any = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        let taken = try #require(PlainSocket(boundTo: any))
        let door = try Door(stage.loop)
        let client = Peer(loop: stage.loop)
        try client.connect(to: any.with(port: taken.port), tls: nil, serverName: nil)
        stage.when({ client.connectFailure != nil }) {
            #expect(throws: Never.self) { try client.connect(to: door.address, tls: nil, serverName: nil) }
        }
        stage.when({ client.isOpen && door.peer != nil }) { door.peer?.send(Array("welcome".utf8)) }
        stage.when({ client.input.count == 7 }) { door.peer?.close() }
        stage.when { client.hangUps == 1 }
        try stage.run()
        #expect(client.opens == 1 && client.sawEnd)
    }

    @Test func `a closed channel hears nothing more`() throws {
        let door = try Door(stage.loop)
        let client = try door.knock()
        stage.when({ client.isOpen && door.peer != nil }) {
            door.peer?.send(Array("late".utf8))
            client.close()
        }
        stage.when { door.peer?.hangUps == 1 }
        try stage.run()
        #expect(client.input.isEmpty)
        #expect(client.hangUps == 0)
        #expect(!client.isRegistered)
    }
}
