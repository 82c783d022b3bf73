// SPDX-License-Identifier: Apache-2.0
// Isobar

import TestSupport
import Testing

@testable import Reactor

/// `closeLingering`: an answer that is on its way must arrive, whatever else the peer does.
@Suite struct LingeringTests {
    private let stage: Stage
    private let answer = pattern(9 << 20)

    init() throws { stage = try Stage() }

    /// Sends the answer and closes the server's end at once; then the client begins to read.
    private func answerAndClose(_ door: Door, _ client: Peer) {
        #expect(door.peer?.queues(answer) == true)
        door.peer?.closeLingering()
        #expect(door.peer?.isClosed == true)
        client.isPaused = false
        client.resumeReading()
    }

    @Test func `the queued answer arrives although input is unread`() throws {
        let door = try Door(stage.loop, startsPaused: true)
        let client = try door.knock()
        client.isPaused = true
        stage.when({ client.isOpen && door.peer != nil }) { client.send(pattern(100_000)) }
        let marker = try LoopTimer(loop: stage.loop, at: stage.loop.now + 5_000_000) {}
        stage.when({ marker.deadline == .max }) { answerAndClose(door, client) }
        stage.when({ client.sawEnd }) { client.close() }
        stage.when { door.peer?.isRegistered == false }
        try stage.run()
        expectSame(client.input, answer)
        #expect(client.receiveFailure == nil)
    }

    @Test func `the queued answer arrives although the peer has finished sending`() throws {
        let door = try Door(stage.loop)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        socket.send(Array("question".utf8))
        socket.finishWriting()
        let reader = Reader(socket)
        stage.when({ door.peer?.sawEnd == true }) {
            #expect(door.peer?.queues(answer) == true)
            door.peer?.closeLingering()
            // Only now: one that reads meanwhile may leave nothing to queue.
            #expect(throws: Never.self) { try reader.start() }
        }
        stage.when { door.peer?.isRegistered == false }
        try stage.run()
        let end = reader.join()
        #expect(end?.failure == nil)
        expectSame(end?.bytes, answer)
    }

    @Test func `with nothing queued a peer that has finished is closed at once`() throws {
        let door = try Door(stage.loop)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        socket.finishWriting()
        stage.when({ door.peer?.sawEnd == true }) {
            door.peer?.send(Array("bye".utf8))
            door.peer?.closeLingering()
            #expect(door.peer?.isRegistered == false)
        }
        try stage.run()
        #expect(socket.receiveToEnd().bytes == Array("bye".utf8))
    }

    @Test func `a peer that goes on sending without end is cut off`() throws {
        let door = try Door(stage.loop, startsPaused: true)
        let client = try door.knock()
        stage.when({ client.isOpen && door.peer != nil }) {
            door.peer?.closeLingering()
            client.send(pattern(16 << 20))
        }
        stage.when { door.peer?.isRegistered == false }
        try stage.run()
        #expect(client.sawEnd || client.receiveFailure != nil || client.isClosed)
    }

    @Test func `a peer that never closes is given up after its second`() throws {
        let door = try Door(stage.loop)
        let socket = try #require(PlainSocket(connectedTo: door.address))
        var start: Int64 = 0
        stage.when({ door.peer != nil }) {
            start = stage.loop.now
            door.peer?.closeLingering()
        }
        stage.when { door.peer?.isRegistered == false }
        try stage.run()
        #expect(stage.loop.now - start >= 1_000_000_000)
        #expect(stage.loop.now - start < 10_000_000_000)
        socket.close()
    }
}
