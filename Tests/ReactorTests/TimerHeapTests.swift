// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import Reactor

@Suite struct TimerHeapTests {
    @Test func `an empty heap has no next time`() {
        var heap = TimerHeap()
        #expect(heap.earliest == .max)
        #expect(heap.pop()?.time == nil)
        #expect(heap.count == 0)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `entries leave in order of time, however pushes and pops mix`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var heap = TimerHeap()
        var model: [Int64] = []
        for step in 0..<500 {
            if model.isEmpty || Int.random(in: 0..<5, using: &random) < 3 {
                let time = Int64.random(in: 0..<200, using: &random)
                heap.push(TimerEntry(time: time, slot: UInt32(step), generation: 0))
                model.append(time)
                model.sort()
            } else {
                #expect(heap.pop()?.time == model.removeFirst(), "seed \(seed), step \(step)")
            }
            #expect(heap.earliest == model.first ?? .max, "seed \(seed), step \(step)")
            #expect(heap.count == model.count, "seed \(seed), step \(step)")
        }
    }

    @Test func `an entry keeps its owner on the way through the heap`() {
        var heap = TimerHeap()
        for time in [5, 3, 9, 1, 7] {
            heap.push(TimerEntry(time: Int64(time), slot: UInt32(time * 10), generation: UInt32(time)))
        }
        while let entry = heap.pop() {
            #expect(Int64(entry.slot) == entry.time * 10)
            #expect(Int64(entry.generation) == entry.time)
        }
    }
}
