// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import Testing

/// The machine stops at every single step of the writer, again while it recovers, and keeps of what was not durable
/// whatever the draw says. What was acknowledged is always there, and no promise is taken back.
@Suite struct CrashTests {
    /// What callers and auditors were told.
    private struct Told {
        var acknowledged: [UInt64: [UInt8]] = [:]
        var seen: Checkpoint?
    }

    /// Batches of one to a few entries, across the end of a tile, with an integration now and then.
    private func work(_ files: FakeFiles, from start: Int, _ told: inout Told) {
        var number = start
        do {
            let writer = try LogFixture.open(files)
            told.seen = LogFixture.checkpoint(files)
            for batch in [1, 3, 254, 2, 5] {
                let entries = (number..<(number + batch)).map(LogFixture.entry)
                number += batch
                let first = try writer.append(entries.map { LogEntry($0) })
                for (offset, entry) in entries.enumerated() { told.acknowledged[first + UInt64(offset)] = entry }
                if batch != 3 { try writer.integrate() }
                told.seen = LogFixture.checkpoint(files)
            }
        } catch {
            // A checkpoint may be public as soon as its file has its name.
            if let shown = LogFixture.checkpoint(files), shown.size >= told.seen?.size ?? 0 { told.seen = shown }
        }
    }

    private func stepsOfWork() -> Int {
        let files = FakeFiles()
        var told = Told()
        work(files, from: 0, &told)
        return files.steps
    }

    private func check(_ files: FakeFiles, _ told: Told, _ what: Comment) throws {
        let writer = try LogFixture.open(files)
        let entries = try LogFixture.verify(files, seen: told.seen)
        #expect(writer.integratedSize == UInt64(entries.count), what)
        for (index, entry) in told.acknowledged {
            guard index < UInt64(entries.count), entries[Int(index)] == entry else {
                Issue.record("entry \(index) was acknowledged and is gone: \(what)")
                return
            }
        }
    }

    @Test func `a stop at any step loses nothing that was acknowledged`() throws {
        let steps = stepsOfWork()
        #expect(steps > 60)
        for stop in 1...steps {
            for seed in 0..<4 {
                var draw = Draw(state: UInt64(stop * 1_000 + seed))
                let files = FakeFiles()
                files.stopsAt = stop
                files.tornBytes = Int.random(in: 0...600, using: &draw)
                var told = Told()
                work(files, from: 0, &told)
                try check(files.afterCrash(&draw), told, "stopped at \(stop), seed \(seed)")
            }
        }
    }

    @Test func `a second stop during recovery loses nothing either`() throws {
        let steps = stepsOfWork()
        for seed in 0..<400 {
            var draw = Draw(state: UInt64(seed))
            var files = FakeFiles()
            var told = Told()
            for round in 0..<3 {
                files.stopsAt = Int.random(in: 1...(round == 0 ? steps : 40), using: &draw)
                files.tornBytes = Int.random(in: 0...600, using: &draw)
                work(files, from: round * 1_000, &told)
                files = files.afterCrash(&draw)
            }
            try check(files, told, "seed \(seed)")
        }
    }

    @Test func `a write torn at any byte is cut, and the log goes on`() throws {
        let batch = (0..<2).map(LogFixture.entry)
        let before = LogFixture.entry(9)
        let length = batch.reduce(0) { $0 + $1.count + WriteAheadRecord.headBytes }
        for torn in 0...length {
            let files = FakeFiles()
            let writer = try LogFixture.open(files)
            _ = try writer.append([LogEntry(before)])
            files.stopsAt = files.steps + 1
            files.tornBytes = torn
            #expect(throws: LogWriterError.self) { try writer.append(batch.map { LogEntry($0) }) }
            files.stopsAt = .max
            let next = try LogFixture.open(files)
            let index = try next.append([LogEntry(LogFixture.entry(10))])
            try next.integrate()
            let entries = try LogFixture.verify(files)
            #expect(entries.first == before && entries[Int(index)] == LogFixture.entry(10), "torn at \(torn)")
            #expect(Array(entries[1..<Int(index)]) == Array(batch.prefix(Int(index) - 1)), "torn at \(torn)")
        }
    }

    @Test func `a full disk refuses, keeps what was acknowledged, and goes on when there is room`() throws {
        for room in stride(from: 0, through: 4_000, by: 37) {
            let files = FakeFiles()
            let writer = try LogFixture.open(files)
            files.bytesFree = room
            var acknowledged: [[UInt8]] = []
            var refusals = 0
            for number in 0..<20 {
                do {
                    _ = try writer.append([LogEntry(LogFixture.entry(number))])
                    acknowledged.append(LogFixture.entry(number))
                    try writer.integrate()
                } catch { refusals += 1 }
            }
            #expect(refusals > 0)
            files.bytesFree = .max
            _ = try writer.append([LogEntry(LogFixture.entry(99))])
            try writer.integrate()
            #expect(try LogFixture.verify(files) == acknowledged + [LogFixture.entry(99)], "room \(room)")
        }
    }

    @Test func `after a failed synchronization nothing more is acknowledged`() throws {
        let files = FakeFiles()
        let writer = try LogFixture.open(files)
        files.stopsAt = files.steps + 2
        #expect(throws: LogWriterError.self) { try writer.append([LogEntry(LogFixture.entry(1))]) }
        files.stopsAt = .max
        #expect(throws: LogWriterError.self) { try writer.append([LogEntry(LogFixture.entry(2))]) }
        #expect(throws: LogWriterError.self) { try writer.integrate() }
    }
}
