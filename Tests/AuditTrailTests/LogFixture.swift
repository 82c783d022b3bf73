// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import Testing

/// A log's key, its entries, and what an auditor does with its files.
enum LogFixture {
    static let origin = "example.com/audit/eu"

    static func signer(_ seed: UInt8 = 7, name: String = origin) throws -> NoteSigner {
        try #require(NoteSigner(name: name, seed: [UInt8](repeating: seed, count: 32)))
    }

    static func entry(_ number: Int) -> [UInt8] {
        AdministrativeEvent.key(.added, name: "key-\(number)", tenant: "eu").entry(unixMilliseconds: Int64(number))
    }

    static func entries(_ numbers: Range<Int>) -> [LogEntry] { numbers.map { LogEntry(entry($0)) } }

    static func open(_ files: FakeFiles) throws -> LogWriter<FakeFiles> {
        try LogWriter(files: files, signer: try signer(), unixMilliseconds: 1)
    }

    static func checkpoint(_ files: FakeFiles) -> Checkpoint? {
        files.names["checkpoint"].flatMap { try? SignedNote(parsing: $0.bytes) }.flatMap { Checkpoint(parsing: $0.text) }
    }

    /// Verifies everything; the entries in order.
    @discardableResult
    static func verify(_ files: FakeFiles, seen: Checkpoint? = nil) throws -> [[UInt8]] {
        let policy = TrustPolicy(logs: [.init(key: try signer().key)])
        var verifier = LogVerifier<OpenSSLHash>(policy: policy, check: Ed25519.check) { try? files.read($0) }
        verifier.seen = seen
        var entries: [[UInt8]] = []
        _ = try verifier.verify { entries.append($1) }
        return entries
    }
}

/// SplitMix64: the same draw for the same seed, everywhere.
struct Draw: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
