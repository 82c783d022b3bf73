// SPDX-License-Identifier: Apache-2.0
// Isobar

import Reactor
import Synchronization
import Testing

/// Numbers noted by jobs of a loop, in the order they ran.
private final class Notes: Sendable {
    private let numbers = Mutex<[Int]>([])
    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
    var all: [Int] { numbers.withLock { $0 } }
}

@Suite struct EventLoopTests {
    private let loop: EventLoop
    private let notes = Notes()

    init() throws { loop = try EventLoop() }

    @Test func `jobs of one thread run in the order they were submitted, before a later stop`() throws {
        let thread = try LoopThread(name: "order", loop: loop)
        for number in 0..<10_000 { loop.submit { [notes] in notes.append(number) } }
        loop.stop()
        thread.join()
        #expect(notes.all == Array(0..<10_000))
    }

    @Test func `every job of several threads runs, each thread's in its order`() throws {
        let thread = try LoopThread(name: "target", loop: loop)
        let senders = try (0..<4).map { source in
            let sender = try EventLoop()
            return try LoopThread(name: "source", loop: sender) { [loop, notes] in
                for number in 0..<1_000 { loop.submit { notes.append(source * 1_000 + number) } }
                sender.stop()
            }
        }
        for sender in senders { sender.join() }
        loop.stop()
        thread.join()
        #expect(notes.all.count == 4_000)
        for source in 0..<4 {
            #expect(notes.all.filter { $0 / 1_000 == source } == Array((source * 1_000)..<(source * 1_000 + 1_000)))
        }
    }

    @Test func `a job submitted by a job runs after the jobs before it`() {
        loop.submit { [loop, notes] in
            notes.append(1)
            loop.submit {
                notes.append(3)
                loop.stop()
            }
            notes.append(2)
        }
        loop.run()
        #expect(notes.all == [1, 2, 3])
    }

    @Test func `set-up runs before the first job`() throws {
        loop.submit { [notes] in notes.append(2) }
        let thread = try LoopThread(name: "a name of more than 15 bytes", loop: loop) { [notes] in notes.append(1) }
        loop.stop()
        thread.join()
        #expect(notes.all == [1, 2])
    }

    @Test func `a loop turns only when there is something to do`() {
        loop.submit { [loop] in loop.stop() }
        loop.run()
        #expect(loop.iterations == 2)
    }

    @Test func `more sources than the loop first made room for keep their identity`() throws {
        var fired = Set<Int>()
        let timers = try (0..<1_000).map { [loop] number in
            try LoopTimer(loop: loop, at: loop.now) {
                fired.insert(number)
                if fired.count == 1_000 { loop.stop() }
            }
        }
        loop.run()
        #expect(fired.count == timers.count)
    }
}
