// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import Testing

/// An auditor with the log's key and one checkpoint it has seen notices every change to what it reads.
@Suite struct TamperTests {
    /// One full tile and a little; most changes are made to a small log, which is read faster.
    private static let size = 260

    private func log(_ count: Int = size, seed: UInt8 = 7, from first: Int = 0) throws -> FakeFiles {
        let files = FakeFiles()
        let writer = try LogWriter(files: files, signer: try LogFixture.signer(seed), unixMilliseconds: 1)
        _ = try writer.append(LogFixture.entries(first..<(first + count)))
        try writer.integrate()
        return files
    }

    private func isAccepted(_ files: FakeFiles, _ seen: Checkpoint?) -> Bool {
        (try? LogFixture.verify(files, seen: seen)) != nil
    }

    @Test(arguments: [(20, 9_000), (size, 1_000)])
    func `ten thousand changes to the files are all noticed`(size: Int, count: Int) throws {
        let files = try log(size)
        let seen = LogFixture.checkpoint(files)
        let before = files.pathsRead
        try LogFixture.verify(files, seen: seen)
        let paths = files.pathsRead.subtracting(before).union(["checkpoint"]).filter { files.names[$0] != nil }.sorted()
        #expect(paths.count >= 3)
        var draw = Draw(state: 4)
        var changes = 0
        while changes < count {
            let path = paths[Int.random(in: 0..<paths.count, using: &draw)]
            let other = paths[Int.random(in: 0..<paths.count, using: &draw)]
            guard let content = files.names[path], let bytes = changed(content.bytes, files.names[other]?.bytes, &draw)
            else { continue }
            let original = content.bytes
            content.bytes = bytes
            defer { content.bytes = original }
            changes += 1
            guard !isAccepted(files, seen) else {
                Issue.record("change \(changes) of \(path) was not noticed")
                return
            }
        }
    }

    /// `nil` when the draw changes nothing.
    private func changed(_ bytes: [UInt8], _ other: [UInt8]?, _ draw: inout Draw) -> [UInt8]? {
        var result = bytes
        let at = Int.random(in: 0..<bytes.count, using: &draw)
        switch Int.random(in: 0..<6, using: &draw) {
        case 0, 1: result[at] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &draw)
        case 2: result = Array(bytes.prefix(at))
        case 3: result.remove(at: at)
        case 4: result.insert(bytes[at], at: at)
        default: result = other ?? bytes
        }
        return result == bytes ? nil : result
    }

    @Test func `a file that is missing is noticed`() throws {
        let files = try log()
        try LogFixture.verify(files)
        for path in files.names.keys where path.hasPrefix("tile/") || path == "checkpoint" {
            let content = files.names.removeValue(forKey: path)
            #expect(!isAccepted(files, nil), "\(path)")
            files.names[path] = content
        }
    }

    @Test func `a shorter log, another past and another signer are refused by who has seen a checkpoint`() throws {
        let seen = LogFixture.checkpoint(try log())
        #expect(isAccepted(try log(), seen))
        #expect(isAccepted(try log(300), seen))
        #expect(!isAccepted(try log(259), seen))
        #expect(!isAccepted(try log(300, from: 1), seen))
        #expect(!isAccepted(try log(seed: 8), seen))
    }
}
