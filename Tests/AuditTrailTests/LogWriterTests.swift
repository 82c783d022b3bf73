// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import Testing

@Suite struct LogWriterTests {
    @Test(arguments: [1, 255, 256, 257, 600])
    func `a log of any size verifies, and each entry has its proof`(count: Int) throws {
        let files = FakeFiles()
        let writer = try LogFixture.open(files)
        for number in 0..<count {
            #expect(try writer.append([LogEntry(LogFixture.entry(number))]) == UInt64(number))
            if number % 7 == 0 { try writer.integrate() }
        }
        try writer.integrate()
        #expect(try LogFixture.verify(files) == (0..<count).map(LogFixture.entry))
        let note = try SignedNote(parsing: try #require(files.names["checkpoint"]?.bytes))
        let policy = TrustPolicy(logs: [.init(key: writer.key)])
        let reader = LogReader(size: UInt64(count)) { try? files.read($0) }
        for index in stride(from: 0, to: UInt64(count), by: 13) {
            let proof = ProofFile(index: index, proof: try #require(reader.inclusion(of: index)), checkpoint: note)
            let entry = try #require(reader.entry(index))
            #expect(throws: Never.self) {
                try proof.verify(entry, policy: policy, by: OpenSSLHash.self, Ed25519.check)
            }
        }
    }

    @Test func `an attempt that was under way when the process died gets an outcome that says lost`() throws {
        let files = FakeFiles()
        var writer = try LogFixture.open(files)
        _ = try writer.append([Self.entry(.intent, of: 5)])
        writer = try LogFixture.open(files)
        #expect(writer.integratedSize == 2)
        let last = String(decoding: try LogFixture.verify(files)[1], as: UTF8.self)
        #expect(last.contains(#""outcome":"lost""#) && last.contains(#""final":true"#))
        // Nothing is left to say by the next one.
        #expect(try LogFixture.open(files).integratedSize == 2)
    }

    private static func entry(_ phase: RequestEvent.Phase, of request: UInt64, isFinal: Bool = false) -> LogEntry {
        var event = RequestEvent(phase, requestID: request, unixMilliseconds: 1)
        event.attempt = 1
        event.isFinal = isFinal
        let renderer = RequestEventWriter()
        let bytes = renderer.write(
            event, names: AuditNames(keys: [], endpoints: [], routes: []), marks: EventMarks())
        return LogEntry(Array(bytes), PhaseFacts(event))
    }

    @Test func `a batch that breaks the two-phase rule is refused whole, and the log goes on`() throws {
        let files = FakeFiles()
        let writer = try LogFixture.open(files)
        let intent = Self.entry(.intent, of: 1)
        let outcome = Self.entry(.outcome, of: 1, isFinal: true)
        #expect(throws: LogWriterError.phase(.outcomeWithoutIntent, requestID: 1)) { try writer.append([outcome]) }
        #expect(throws: LogWriterError.phase(.secondIntent, requestID: 1)) { try writer.append([intent, intent]) }
        #expect(try writer.append([intent, outcome]) == 0)
        #expect(throws: LogWriterError.phase(.outcomeWithoutIntent, requestID: 1)) { try writer.append([outcome]) }
        try writer.integrate()
        #expect(try LogFixture.verify(files) == [intent.bytes, outcome.bytes])
    }

    @Test func `replaced partial tiles do not pile up, within a process or over its end`() throws {
        let files = FakeFiles()
        for round in 0..<6 {
            let writer = try LogFixture.open(files)
            for number in 0..<100 {
                _ = try writer.append(LogFixture.entries(number..<(number + 1)))
                try writer.integrate()
            }
            // Two kinds of tile change with every entry, a third with every 256th.
            #expect(files.names.keys.count { $0.contains(".p/") } <= 2 * 17 + 3, "round \(round)")
        }
        #expect(try LogFixture.verify(files).count == 600)
        _ = try LogFixture.open(files)
        #expect(files.names.keys.count { $0.contains(".p/") } == 3)
    }

    @Test func `a promise without its entries stops the start`() throws {
        let files = FakeFiles()
        let writer = try LogFixture.open(files)
        _ = try writer.append([LogEntry(LogFixture.entry(1))])
        try writer.integrate()
        let tile = files.names.removeValue(forKey: "tile/0/000.p/1")
        #expect(throws: LogWriterError.self) { try LogFixture.open(files) }
        files.names["tile/0/000.p/1"] = tile
        files.names["state"] = nil
        #expect(throws: LogWriterError.self) { try LogFixture.open(files) }
    }

    @Test func `on a real disk a log is continued, and has one writer at a time`() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        for round in 0..<3 {
            let writer = try LogWriter(
                files: try DiskFiles(writing: folder), signer: try LogFixture.signer(), unixMilliseconds: 1)
            #expect(throws: LogFileError.self) { try DiskFiles(writing: folder) }
            #expect(writer.integratedSize == UInt64(round * 300))
            _ = try writer.append(LogFixture.entries(round * 300..<(round + 1) * 300))
            if round != 1 { try writer.integrate() }
        }
        let files = DiskFiles(reading: folder)
        let policy = TrustPolicy(logs: [.init(key: try LogFixture.signer().key)])
        let verifier = LogVerifier<OpenSSLHash>(policy: policy, check: Ed25519.check) { try? files.read($0) }
        #expect(try verifier.verify().checkpoint.size == 900)
    }
}
