// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import Dispatch
import Logging
import Synchronization
import Testing

@Suite struct AuditRecorderTests {
    private let folder = try? TemporaryFolder()

    private func recorder() throws -> AuditRecorder {
        try AuditRecorder(
            folder: try #require(folder).path, signer: try LogFixture.signer(), unixMilliseconds: { 1 },
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func verified() throws -> [String] {
        let files = DiskFiles(reading: try #require(folder).path)
        let policy = TrustPolicy(logs: [.init(key: try LogFixture.signer().key)])
        let verifier = LogVerifier<OpenSSLHash>(policy: policy, check: Ed25519.check) { try? files.read($0) }
        var entries: [String] = []
        _ = try verifier.verify { entries.append(String(decoding: $1, as: UTF8.self)) }
        return entries
    }

    private static let names = AuditNames(keys: [], endpoints: [], routes: [])

    private static func event(_ phase: RequestEvent.Phase, of request: UInt64) -> RequestEvent {
        var event = RequestEvent(phase, requestID: request, unixMilliseconds: 1)
        event.attempt = 1
        event.isFinal = phase == .outcome
        return event
    }

    @Test func `events of several threads are all there, each request's in its order`() async throws {
        let recorder = try recorder()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<200 {
                        let request = UInt64(thread * 1_000 + number)
                        // Its outcome may only come when its intent is on the disk.
                        let isDurable = await withCheckedContinuation { continuation in
                            var intent = AuditBatch(names: Self.names)
                            intent.events = [Self.event(.intent, of: request)]
                            intent.whenDurable = { continuation.resume(returning: $0) }
                            recorder.submit(intent)
                        }
                        #expect(isDurable)
                        var outcome = AuditBatch(names: Self.names)
                        outcome.events = [Self.event(.outcome, of: request)]
                        recorder.submit(outcome)
                    }
                }
            }
        }
        recorder.close()
        let entries = try verified()
        #expect(entries.count == 1_602)
        #expect(entries.first?.contains("log.opened") == true && entries.last?.contains("log.closed") == true)
        #expect(recorder.status.lostTotal == 0 && recorder.status.fault == nil)
    }

    @Test func `when events come faster than they are written it says so, loses none, and says when it is over`() throws {
        let recorder = try recorder()
        let gate = DispatchSemaphore(value: 0)
        let standing = DispatchSemaphore(value: 0)
        var first = AuditBatch(names: Self.names)
        first.events = [Self.event(.intent, of: 1)]
        // The log's thread stands still here.
        first.whenDurable = { _ in
            standing.signal()
            gate.wait()
        }
        recorder.submit(first)
        standing.wait()
        #expect(!recorder.isBehind)
        for request in 2..<UInt64(AuditRecorder.waitingMax / 2 + 10) {
            var batch = AuditBatch(names: Self.names)
            batch.events = [Self.event(.denial, of: request)]
            recorder.submit(batch)
        }
        #expect(recorder.isBehind)
        gate.signal()
        recorder.close()
        #expect(!recorder.isBehind && recorder.status.lostTotal == 0)
        #expect(recorder.status.checkpointSize == UInt64(AuditRecorder.waitingMax / 2 + 9 + 2))
    }

    @Test func `a log is continued by the next process, and taken by one at a time`() throws {
        let first = try recorder()
        #expect(throws: LogFileError.self) { try recorder() }
        first.note(.configurationAccepted(version: 1, digest: nil))
        first.close()
        let second = try recorder()
        #expect(second.status.checkpointSize == 3)
        second.close()
        #expect(try verified().count == 5)
    }
}
