// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import CoreTestSupport
import Testing

@Suite struct PolicyTests {
    private let log = FakeSigning.key("example.com/log")
    private let witnesses = ["azure", "aws", "gcp"].map { FakeSigning.key("witness.example/\($0)", .cosignature) }

    private var text: String {
        """
        # three clouds, two must agree
        log \(log.text) https://logs.example
        witness azure \(witnesses[0].text) https://azure.example
        witness aws \(witnesses[1].text)
        witness\tgcp \(witnesses[2].text)
        group clouds 2 azure aws gcp

        quorum clouds
        """
    }

    private func policy(_ text: String) throws(TrustPolicy.ParseFault) -> TrustPolicy {
        try TrustPolicy(parsing: Array(text.utf8), by: PlainSHA256.self)
    }

    private let checkpoint = Checkpoint(origin: "example.com/log", size: 3, root: PlainSHA256.hash([1]))

    @Test func `two of three witnesses are a quorum, one is not`() throws {
        let policy = try policy(text)
        let two = FakeSigning.note(checkpoint.text, log, witnesses[0], witnesses[2])
        let verdict = try policy.verdict(on: two, FakeSigning.check)
        #expect(verdict.witnesses == ["azure", "gcp"])
        #expect(verdict.checkpoint == checkpoint)
        #expect(throws: TrustPolicy.Fault.quorumMissing(witnesses: ["aws"])) {
            try policy.verdict(on: FakeSigning.note(checkpoint.text, log, witnesses[1]), FakeSigning.check)
        }
    }

    @Test func `witnesses alone do not speak for the log, and another origin is not ours`() throws {
        let policy = try policy(text)
        #expect(throws: TrustPolicy.Fault.unsignedByLog("example.com/log")) {
            try policy.verdict(on: FakeSigning.note(checkpoint.text, witnesses[0], witnesses[1]), FakeSigning.check)
        }
        var other = checkpoint
        other.origin = "example.com/other"
        #expect(throws: TrustPolicy.Fault.unknownOrigin("example.com/other")) {
            try policy.verdict(on: FakeSigning.note(other.text, log), FakeSigning.check)
        }
        #expect(throws: TrustPolicy.Fault.notACheckpoint) {
            try policy.verdict(on: FakeSigning.note("text\n", log), FakeSigning.check)
        }
    }

    @Test func `groups nest`() throws {
        let policy = try policy(
            """
            log \(log.text)
            witness a \(witnesses[0].text)
            witness b \(witnesses[1].text)
            witness c \(witnesses[2].text)
            group ab any a b
            group abc all ab c
            quorum abc
            """)
        #expect(policy.isMet(by: ["a", "c"]))
        #expect(policy.isMet(by: ["b", "c"]))
        #expect(!policy.isMet(by: ["a", "b"]))
        #expect(!policy.isMet(by: ["c"]))
    }

    @Test func `quorum none asks for the log's signature only`() throws {
        let policy = try policy("log \(log.text)\nquorum none\n")
        #expect(try policy.verdict(on: FakeSigning.note(checkpoint.text, log), FakeSigning.check).hasQuorum)
    }

    @Test(arguments: [
        ("quorum none\n", 0, "there is no log line"), ("log KEY\n", 0, "there is no quorum line"),
        ("log KEY\nquorum x\n", 2, "x is not defined above"),
        ("log KEY\nlog KEY\nquorum none\n", 2, "is there already"),
        ("log KEY\ngroup g 1 a\nquorum none\n", 2, "a is not defined above"),
        ("log KEY\nwitness a W\nwitness a W\nquorum a\n", 3, "a is defined already"),
        ("log KEY\nwitness a W\ngroup g 2 a\nquorum a\n", 3, "2 is not any, all or 1 to 1"),
        ("log KEY\nwitness a W\ngroup g 1 a\ngroup h 1 a\nquorum a\n", 4, "a is a member already"),
        ("log KEY\nquorum none\nquorum none\n", 3, "a second quorum line"), ("log W\nquorum none\n", 1, "has type 4"),
        ("log KEY\nwitness none W\nquorum none\n", 2, "none is no name"), ("log\nquorum none\n", 1, "write: log VKEY"),
        ("logs KEY\n", 1, "unknown word logs"), ("log abc\nquorum none\n", 1, "no usable key"),
        ("log KEY\nquorum\u{1}none\n", 0, "control character"),
    ])
    func `a mistake is named with its line`(text: String, line: Int, reason: String) {
        let filled = text.replacingAll("KEY", with: log.text).replacingAll("W", with: witnesses[0].text, asWord: true)
        do {
            _ = try policy(filled)
            Issue.record("accepted")
        } catch {
            #expect(error.line == line)
            #expect(error.reason.contains(reason), "\(error)")
        }
    }

    @Test func `any bytes are a policy or a fault`() {
        var dice = SeededGenerator(seed: 7)
        let words = [
            "log", "witness", "group", "quorum", "none", "any", "all", "1", "a", "b", "#", "\t", log.text,
            witnesses[0].text,
        ]
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int(dice.next() % 24) {
                text += words[Int(dice.next() % UInt64(words.count))] + (dice.next() % 4 == 0 ? "\n" : " ")
            }
            if let policy = try? policy(text) {
                #expect(policy.quorum == nil || policy.isMet(by: [policy.quorum ?? ""]))
            }
        }
    }

    @Test func `a proof file shows an entry to whoever trusts the policy`() throws {
        let policy = try policy(text)
        var edge = RightEdge<PlainSHA256>()
        var leaves: [Digest] = []
        for n in 0..<5 as Range<UInt8> {
            leaves.append(PlainSHA256.leaf([n]))
            edge.append(leaves[Int(n)]) { _, _ in }
        }
        let tiles = edge.partialTiles
        let maker = ProofMaker<PlainSHA256>(size: 5) { address in tiles.first { $0.address == address }?.hashes }
        let tree = Checkpoint(origin: "example.com/log", size: 5, root: edge.root)
        let file = ProofFile(
            index: 3, proof: try maker.inclusion(of: 3),
            checkpoint: FakeSigning.note(tree.text, log, witnesses[0], witnesses[1]), extra: [1, 2])
        let read = try #require(ProofFile(parsing: file.bytes))
        #expect(read == file)
        #expect(try read.verify([3], policy: policy, by: PlainSHA256.self, FakeSigning.check).checkpoint.size == 5)
        #expect(throws: ProofFile.Fault.notIncluded) {
            try read.verify([4], policy: policy, by: PlainSHA256.self, FakeSigning.check)
        }
        for at in file.bytes.indices {
            var bytes = file.bytes
            bytes[at] ^= 1
            guard let changed = ProofFile(parsing: bytes), changed.extra == file.extra else { continue }
            #expect(throws: ProofFile.Fault.self, "byte \(at)") {
                try changed.verify([3], policy: policy, by: PlainSHA256.self, FakeSigning.check)
            }
        }
    }
}

extension String {
    func replacingAll(_ word: String, with text: String, asWord: Bool = false) -> String {
        let separator: Character = " "
        if !asWord { return self.split(separator: word, omittingEmptySubsequences: false).joined(separator: text) }
        return split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: separator, omittingEmptySubsequences: false)
                .map { $0 == word ? text : String($0) }.joined(separator: " ")
        }.joined(separator: "\n")
    }
}
