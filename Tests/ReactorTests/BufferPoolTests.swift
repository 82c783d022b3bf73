// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import Reactor

@Suite final class BufferPoolTests {
    private let pool = BufferPool()

    deinit { pool.deallocate() }

    @Test(arguments: [(0, 4_096), (1, 4_096), (4_096, 4_096), (4_097, 8_192), (65_536, 65_536), (5 << 20, 8 << 20)])
    func `a buffer is the next power of two, at least a page`(bytes: Int, capacity: Int) {
        var buffer = pool.take(bytes)
        #expect(buffer.capacity == capacity)
        #expect(buffer.isEmpty)
        #expect(buffer.room == capacity)
        #expect(pool.bytesInUse == capacity)
        pool.give(&buffer)
        #expect(buffer.base == nil)
        #expect(buffer.capacity == 0)
        #expect(pool.bytesInUse == 0)
    }

    @Test func `giving back nothing changes nothing`() {
        var buffer = Buffer.none
        pool.give(&buffer)
        #expect(pool.bytesInUse == 0)
    }

    @Test func `the buffer returned last is handed out first, empty`() {
        var first = pool.take(100)
        var second = pool.take(100)
        let memory = second.base
        second.count = 50
        pool.give(&first)
        pool.give(&second)
        var again = pool.take(4_096)
        #expect(again.base == memory)
        #expect(again.isEmpty)
        pool.give(&again)
    }

    @Test func `more buffers than the pool keeps can be out and come back`() {
        for _ in 0..<2 {
            var buffers = (0..<600).map { _ in pool.take(4_096) }
            #expect(Set(buffers.map(\.base)).count == 600)
            for i in buffers.indices { pool.give(&buffers[i]) }
            #expect(pool.bytesInUse == 0)
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `appending and dropping keep the bytes between`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var buffer = Buffer.none
        var model: [UInt8] = []
        for step in 0..<100 {
            if Bool.random(using: &random) {
                let bytes = pattern(Int.random(in: 0...5_000, using: &random)).map { $0 &+ UInt8(step) }
                bytes.withUnsafeBytes { pool.append($0, to: &buffer) }
                model += bytes
            } else {
                let dropped = Int.random(in: 0...model.count, using: &random)
                pool.dropFirst(dropped, of: &buffer)
                model.removeFirst(dropped)
            }
            #expect(Array(buffer.bytes) == model, "seed \(seed), step \(step)")
            #expect(pool.bytesInUse == buffer.capacity, "seed \(seed), step \(step)")
        }
        pool.give(&buffer)
        #expect(pool.bytesInUse == 0)
    }

    @Test func `reserving keeps the memory as long as it is enough`() {
        var buffer = pool.take(10_000)
        let memory = buffer.base
        pool.reserve(16_384, in: &buffer)
        #expect(buffer.base == memory)
        pool.reserve(16_385, in: &buffer)
        #expect(buffer.capacity == 32_768)
        pool.give(&buffer)
    }
}
