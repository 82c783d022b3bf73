// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing

@testable import AuditTrail

@Suite struct BatchWriterTests {
    private let files = FakeFiles()
    private let folder = try? TemporaryFolder()
    private let names = AuditNames(
        keys: [.init(name: "app", tenant: "eu")],
        endpoints: [.init(name: "e", provider: "p", region: "r", model: "m")], routes: ["chat"])

    private func writer() throws -> BatchWriter<FakeFiles> {
        BatchWriter(
            writer: try LogFixture.open(files),
            keys: try SubjectKeys(path: try #require(folder).path + "/" + SubjectKeys.fileName))
    }

    private func batch(_ request: UInt64, _ phases: [RequestEvent.Phase], subject: String = "") -> AuditBatch {
        var batch = AuditBatch(names: names)
        batch.text = Array(subject.utf8)
        for phase in phases {
            var event = RequestEvent(phase, requestID: request, unixMilliseconds: 86_400_000)
            event.attempt = 1
            event.isFinal = phase == .outcome
            event.key = 0
            event.endpoint = 0
            event.promptDigest = OpenSSLHash.emptyRoot
            event.client = ClientAddress(high: 0, low: 0xffff_7f00_0001)
            event.subject = 0..<batch.text.count
            batch.events.append(event)
        }
        return batch
    }

    @Test func `entries carry marks of their subject, and neither names nor prompts`() throws {
        let writer = try writer()
        let batches = [
            batch(1, [.intent, .outcome], subject: "anna@example.com"), batch(2, [.intent, .outcome]),
            batch(3, [.intent, .outcome], subject: "anna@example.com"),
        ]
        #expect(try writer.write(batches, and: [.logClosed], unixMilliseconds: 5) == 0)
        try writer.writer.integrate()
        let entries = try LogFixture.verify(files).map { String(decoding: $0, as: UTF8.self) }
        #expect(entries.count == 7)
        #expect(entries.allSatisfy { !$0.contains("anna") && !$0.contains("7f000001") && !$0.contains("127.0") })
        #expect(!entries.contains { $0.contains(OpenSSLHash.emptyRoot.hexadecimal) })
        let uids = entries.map { $0.split(separator: #""user":{"uid":""#).dropFirst().first?.prefix(32) }
        #expect(uids[0] != nil && uids[0] == uids[1] && uids[0] == uids[4] && uids[2] == nil && uids[6] == nil)
    }

    @Test func `after a full disk nothing of the group is there, and the next one is whole`() throws {
        let writer = try writer()
        files.bytesFree = 100
        #expect(throws: BatchWriter<FakeFiles>.Failure.self) {
            try writer.write([batch(1, [.intent], subject: "anna")], and: [], unixMilliseconds: 5)
        }
        files.bytesFree = .max
        #expect(try writer.write([batch(1, [.intent], subject: "anna")], and: [], unixMilliseconds: 5) == 0)
        try writer.writer.integrate()
        #expect(try LogFixture.verify(files).count == 1)
    }

    @Test func `an end without a beginning is left out, and what came with it is not`() throws {
        let writer = try writer()
        let batches = [batch(1, [.outcome]), batch(2, [.intent, .outcome])]
        #expect(try writer.write(batches, and: [], unixMilliseconds: 5) == 1)
        try writer.writer.integrate()
        #expect(try LogFixture.verify(files).count == 2)
    }

    @Test func `an erasure by another process comes into the log once`() throws {
        let writer = try writer()
        _ = try writer.write([batch(1, [.intent, .outcome], subject: "anna")], and: [], unixMilliseconds: 5)
        let other = try SubjectKeys(path: try #require(folder).path + "/" + SubjectKeys.fileName)
        let handle = try #require(try other.erase("anna", tenant: "eu"))
        for _ in 0..<2 { try writer.writeErasures(unixMilliseconds: 6) }
        try writer.writer.integrate()
        let entries = try LogFixture.verify(files).map { String(decoding: $0, as: UTF8.self) }
        #expect(entries.count == 3)
        #expect(entries[2].contains("subject.erased") && entries[2].contains(handle))
    }
}
