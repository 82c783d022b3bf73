// SPDX-License-Identifier: Apache-2.0
// Isobar

import Reactor
import Testing

@testable import Gateway

struct AddressWalkTests {
    private func addresses(_ count: Int) -> [SocketAddress] { (0..<count).map { .loopback(UInt16(1_000 + $0)) } }

    @Test(arguments: [1, 2, 3, 16], [0, 1, 5, 15])
    func `each address is tried once, beginning with the preferred one`(count: Int, preferred: Int) {
        var walk = AddressWalk(addresses(count), preferring: preferred)
        var ports: [Int] = []
        while let next = walk.next() {
            ports.append(Int(next.port) - 1_000)
            #expect(walk.position == ports.last)
            #expect(walk.nextPosition == (walk.position + 1) % count)
            #expect(walk.left == count - ports.count)
        }
        #expect(ports == (0..<count).map { ($0 + preferred) % count })
        #expect(walk.position == ports.last)
    }

    @Test func `a name without addresses has none to try`() {
        var walk = AddressWalk([], preferring: 7)
        #expect(walk.next() == nil)
        #expect((walk.left, walk.position, walk.nextPosition) == (0, 0, 0))
    }
}
