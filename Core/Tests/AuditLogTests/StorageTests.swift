// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing
import WireFormats

@Suite struct StorageTests {
    private let entries: [[UInt8]] = [[], [1], [2, 3], Array("a longer entry, of two words and more".utf8)]

    private func segment(from first: UInt64, _ entries: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (offset, entry) in entries.enumerated() {
            entry.withUnsafeBytes { WriteAheadRecord.append($0, sequence: first + UInt64(offset), to: &bytes) }
        }
        return bytes
    }

    private func records(_ bytes: [UInt8]) -> [WriteAheadRecord.Found] {
        bytes.withUnsafeBytes { WriteAheadRecord.records(in: $0) }
    }

    @Test func `Castagnoli's checksum has its published value`() {
        #expect(Array("123456789".utf8).withUnsafeBytes { CRC32C.checksum($0) } == 0xE306_9283)
    }

    @Test func `records are read back, and zeros behind them are the end`() {
        let bytes = segment(from: 7, entries) + [UInt8](repeating: 0, count: 100)
        let found = records(bytes)
        #expect(found.map(\.sequence) == [7, 8, 9, 10])
        #expect(found.map { Array(bytes[$0.entry]) } == entries)
    }

    @Test func `a file cut or damaged at any byte keeps the whole records before it`() {
        let bytes = segment(from: 0, entries)
        let ends = (0...entries.count).map { segment(from: 0, Array(entries.prefix($0))).count }
        for cut in 0...bytes.count {
            #expect(records(Array(bytes.prefix(cut))).count == ends.lastIndex { $0 <= cut })
        }
        for at in bytes.indices {
            var damaged = bytes
            damaged[at] ^= 0x10
            let whole = ends.lastIndex { $0 <= at } ?? 0
            #expect(records(damaged).count == whole, "byte \(at)")
        }
    }

    @Test func `recovery goes on where the tree ends, across files, and drops what was torn`() throws {
        let old = segment(from: 0, Array(entries.prefix(3)))
        let torn = Array(segment(from: 3, [[9], [10]]).dropLast(1))
        #expect(try Recovery.entries(beyond: 0, in: [old, torn]) == Array(entries.prefix(3)) + [[9]])
        #expect(try Recovery.entries(beyond: 2, in: [old, torn]) == [[2, 3], [9]])
        #expect(try Recovery.entries(beyond: 4, in: [old, torn]) == [])
        #expect(try Recovery.entries(beyond: 0, in: []) == [])
    }

    @Test func `an entry that should be there and is not stops recovery`() {
        let late = segment(from: 5, [[1]])
        #expect(throws: Recovery.Fault.entryMissing(4)) { try Recovery.entries(beyond: 4, in: [late]) }
    }

    @Test func `files of a later epoch come after those of an earlier one`() throws {
        let names = [WriteAheadSegment(epoch: 2, firstSequence: 5), WriteAheadSegment(epoch: 10, firstSequence: 3)]
        #expect(names.map(\.name).sorted() == names.map(\.name))
        #expect(WriteAheadSegment(name: names[1].name) == names[1])
        for wrong in ["wal-1-2", "wal", names[0].name + "x", names[0].name.uppercased()] {
            #expect(WriteAheadSegment(name: wrong) == nil)
        }
    }

    @Test func `a tree state is read whole or not at all`() {
        let state = TreeState(size: 70_000, root: PlainSHA256.hash([1]), epoch: 3, sweepFrom: 69_998)
        #expect(TreeState(parsing: state.bytes) == state)
        for at in state.bytes.indices {
            var bytes = state.bytes
            bytes[at] ^= 1
            #expect(TreeState(parsing: bytes) == nil, "byte \(at)")
            #expect(TreeState(parsing: Array(state.bytes.prefix(at))) == nil, "cut at \(at)")
        }
    }
}
