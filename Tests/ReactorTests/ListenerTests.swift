// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite struct ListenerTests {
    @Test func `port 0 becomes a port of the kernel's choice`() throws {
        let stage = try Stage()
        #expect(try Door(stage.loop).listener.port != 0)
    }

    @Test func `an address that is not this machine's is refused`() throws {
        let loop = try EventLoop()
        let foreign = try #require(SocketAddress(literal: "192.0.2.1", port: 0))
        #expect {
            try Listener(loop: loop, address: foreign) { _ in }
        } throws: { error in
            (error as? ReactorError)?.operation == "bind" && (error as? ReactorError)?.number == EADDRNOTAVAIL
        }
    }

    @Test func `steering sends every new connection to the other socket of the port`() throws {
        let stage = try Stage()
        let first = try Door(stage.loop)
        let second = try Door(stage.loop, at: first.address)
        first.listener.steerAway(to: 1)
        let sockets = (0..<32).map { _ in PlainSocket(connectedTo: first.address) }
        #expect(sockets.allSatisfy { $0 != nil })
        stage.when { second.peers.count == sockets.count }
        try stage.run()
        #expect(first.peers.isEmpty)
    }

    @Test func `steering to a place that does not exist loses no connection`() throws {
        let stage = try Stage()
        let door = try Door(stage.loop)
        door.listener.steerAway(to: 7)
        let sockets = (0..<8).map { _ in PlainSocket(connectedTo: door.address) }
        stage.when { door.peers.count == sockets.count }
        try stage.run()
        #expect(sockets.allSatisfy { $0 != nil })
    }

    /// That the port is free cannot be asked here: a process that another test is just starting may hold a copy of the
    /// socket.
    @Test func `retiring takes what waits in the queue, and leaves the loop`() throws {
        let stage = try Stage()
        let door = try Door(stage.loop)
        let sockets = (0..<100).map { _ in PlainSocket(connectedTo: door.address) }
        #expect(sockets.allSatisfy { $0 != nil })
        door.listener.retire()
        #expect(door.peers.count == sockets.count)
        #expect(!door.listener.isRegistered)
        door.listener.retire()
        #expect(door.peers.count == sockets.count)
    }

    /// In a process of its own, because the limit is the process's. Other threads of it may free a few descriptors
    /// meanwhile, which then serve a connection each: what counts is that each one is either served or dropped.
    @Test func `out of descriptors a waiting connection is dropped, counted once, and the next one served`() async {
        await #expect(processExitsWith: .success) {
            let stage = try Stage()
            let door = try Door(stage.loop)
            let sockets = (0..<16).compactMap { _ in PlainSocket(connectedTo: door.address) }
            let lowest = dup(0)
            close(lowest)
            var roomy = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &roomy)
            var tight = rlimit(rlim_cur: rlim_t(lowest), rlim_max: roomy.rlim_max)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &tight) == 0)
            var served = 0
            var late: PlainSocket?
            stage.when({ door.listener.shedTotal + door.peers.count >= sockets.count }) {
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &roomy)
                served = door.peers.count
                #expect(door.listener.shedTotal == sockets.count - served)
                #expect(door.listener.shedTotal > 0)
                late = PlainSocket(connectedTo: door.address)
            }
            stage.when { door.peers.count == served + 1 }
            try stage.run()
            #expect(late != nil)
            for peer in door.peers { peer.close() }
            for socket in sockets { #expect(socket.receiveToEnd().failure == nil, "nobody is left hanging") }
        }
    }
}
