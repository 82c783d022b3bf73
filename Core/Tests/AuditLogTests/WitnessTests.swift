// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing

@Suite struct WitnessTests {
    private let key = FakeSigning.key("example.com/log")

    /// A log of up to 40 entries and another one that leaves it after the fourth.
    private struct History {
        var tiles: [[TileAddress: [Digest]]] = [[:]]
        var roots = [PlainSHA256.emptyRoot]

        init(forkedAfter fork: Int? = nil) {
            var edge = RightEdge<PlainSHA256>()
            for n in 0..<40 {
                edge.append(PlainSHA256.leaf([UInt8(n), n >= fork ?? .max ? 1 : 0])) { _, _ in }
                roots.append(edge.root)
                tiles.append(Dictionary(uniqueKeysWithValues: edge.partialTiles.map { ($0.address, $0.hashes) }))
            }
        }

        func checkpoint(_ size: Int) -> Checkpoint {
            Checkpoint(origin: "example.com/log", size: UInt64(size), root: roots[size])
        }

        func request(_ old: Int, _ size: Int, _ key: VerifierKey, proofFrom: Int? = nil) -> [UInt8] {
            let from = proofFrom ?? old
            let maker = ProofMaker<PlainSHA256>(size: UInt64(size)) { tiles[size][$0] }
            let proof = from > 0 && from <= size ? (try? maker.consistency(from: UInt64(from))) ?? [] : []
            return WitnessRequest(
                oldSize: UInt64(old), proof: proof, checkpoint: FakeSigning.note(checkpoint(size).text, key)
            ).bytes
        }
    }

    private let history = History()
    private let fork = History(forkedAfter: 4)

    private func answer(_ body: [UInt8], after last: Checkpoint?) -> WitnessAnswer {
        WitnessDecision.answer(
            to: body, logs: [key], cosigned: { $0 == "example.com/log" ? last : nil }, by: PlainSHA256.self,
            FakeSigning.check)
    }

    @Test func `a tree that continues the last one is cosigned, also for the first and the same`() {
        #expect(answer(history.request(0, 7, key), after: nil) == .cosign(history.checkpoint(7)))
        #expect(answer(history.request(7, 12, key), after: history.checkpoint(7)) == .cosign(history.checkpoint(12)))
        #expect(answer(history.request(7, 7, key), after: history.checkpoint(7)) == .cosign(history.checkpoint(7)))
        #expect(answer(history.request(0, 0, key), after: nil) == .cosign(history.checkpoint(0)))
    }

    @Test func `each mistake has its answer`() {
        let seven = history.checkpoint(7)
        let stranger = FakeSigning.key("example.com/other")
        let impostor = FakeSigning.key("example.com/log", seed: 2)
        let foreign = FakeSigning.note(Checkpoint(origin: "x", size: 1, root: history.roots[1]).text, stranger)
        #expect(answer([], after: nil) == .malformed)
        #expect(answer(Array("old 01\n\n".utf8) + foreign.bytes, after: nil) == .malformed)
        #expect(answer(WitnessRequest(oldSize: 0, proof: [], checkpoint: foreign).bytes, after: nil) == .unknownOrigin)
        #expect(answer(history.request(0, 7, impostor), after: nil) == .untrusted)
        #expect(answer(history.request(9, 7, key), after: nil) == .malformed, "old beyond new")
        #expect(answer(history.request(5, 9, key), after: seven) == .conflict(7))
        #expect(answer(history.request(0, 9, key), after: seven) == .conflict(7))
        #expect(answer(history.request(5, 9, key), after: nil) == .conflict(0))
        #expect(answer(history.request(7, 12, key, proofFrom: 6), after: seven) == .unprovable)
        #expect(answer(fork.request(7, 12, key), after: seven) == .unprovable)
        #expect(answer(fork.request(7, 7, key), after: seven) == .unprovable, "two roots for one size")
        #expect(answer(history.request(0, 9, key, proofFrom: 3), after: nil) == .unprovable, "a proof from nothing")
    }

    @Test func `an empty tree with another root is refused`() {
        let wrong = Checkpoint(origin: "example.com/log", size: 0, root: history.roots[3])
        let body = WitnessRequest(oldSize: 0, proof: [], checkpoint: FakeSigning.note(wrong.text, key)).bytes
        #expect(answer(body, after: nil) == .unprovable)
    }

    @Test func `a request is read as it was written`() throws {
        let body = history.request(7, 12, key)
        #expect(try #require(WitnessRequest(parsing: body)).bytes == body)
    }

    /// A witness that stores before it answers and may lose power between any two steps. Every order of requests, with
    /// a crash at any one step, from every starting point.
    @Test func `no order of requests and no crash makes it forget or cosign two trees of one size`() {
        let requests = [
            history.request(0, 4, key), history.request(4, 9, key), history.request(4, 6, key),
            fork.request(4, 9, key), history.request(9, 20, key), fork.request(0, 9, key),
        ]
        var runs = 0
        for order in permutations(Array(requests.indices)) {
            for crash in -1..<order.count * 2 {
                runs += 1
                run(order.map { requests[$0] }, crashAt: crash)
            }
        }
        #expect(runs == 720 * 13)
    }

    private func run(_ bodies: [[UInt8]], crashAt crash: Int) {
        var stored: Checkpoint?
        var signed: [UInt64: Digest] = [:]
        for (position, body) in bodies.enumerated() {
            guard case .cosign(let tree) = answer(body, after: stored) else { continue }
            #expect(tree.size >= stored?.size ?? 0, "a rollback")
            if crash == position * 2 { continue }  // before it is stored: nothing happened
            stored = tree
            if crash == position * 2 + 1 { continue }  // stored, but the answer never left
            #expect(signed[tree.size] ?? tree.root == tree.root, "two roots for one size")
            signed[tree.size] = tree.root
        }
        #expect((signed.keys.max() ?? 0) <= stored?.size ?? 0, "signed more than it remembers")
    }

    private func permutations(_ items: [Int]) -> [[Int]] {
        guard items.count > 1 else { return [items] }
        return items.flatMap { first in permutations(items.filter { $0 != first }).map { [first] + $0 } }
    }

    // MARK: The log's side

    private let witness = FakeSigning.key("witness.example/a", .cosignature)

    @Test func `a cosignature is taken when it verifies`() {
        var client = WitnessClient(key: witness)
        let tree = history.checkpoint(7)
        #expect(client.begin() == .ask(from: 0))
        let line = FakeSigning.signature(tree.text, witness)
        #expect(client.answered(200, Array(line.line.utf8), about: tree, FakeSigning.check) == .cosigned(line))
        #expect(client.cosignedSize == 7)
        #expect(client.begin() == .ask(from: 7))
    }

    @Test func `a cosignature of another tree, another key, or without a time is not`() {
        let tree = history.checkpoint(7)
        let wrong = [
            FakeSigning.signature(history.checkpoint(6).text, witness),
            FakeSigning.signature(tree.text, FakeSigning.key("witness.example/b", .cosignature)),
            FakeSigning.signature(tree.text, witness, at: 0),
        ]
        for signature in wrong {
            var client = WitnessClient(key: witness)
            _ = client.begin()
            let step = client.answered(200, Array(signature.line.utf8), about: tree, FakeSigning.check)
            #expect(step == .failed("witness witness.example/a answered without a valid cosignature"))
            #expect(client.cosignedSize == 0)
        }
    }

    @Test func `after a conflict it asks once more, from the witness's size`() {
        var client = WitnessClient(key: witness)
        let tree = history.checkpoint(12)
        _ = client.begin()
        #expect(client.answered(409, Array("7\n".utf8), about: tree, FakeSigning.check) == .ask(from: 7))
        guard case .failed = client.answered(409, Array("8\n".utf8), about: tree, FakeSigning.check) else {
            Issue.record("asked for ever")
            return
        }
    }

    @Test func `a witness that has seen more than there is, or another tree, is an alarm`() {
        var client = WitnessClient(key: witness)
        let tree = history.checkpoint(12)
        _ = client.begin()
        guard case .alarm = client.answered(409, Array("13\n".utf8), about: tree, FakeSigning.check) else {
            Issue.record("a rollback went unnoticed")
            return
        }
        _ = client.begin()
        guard case .alarm = client.answered(422, [], about: tree, FakeSigning.check) else {
            Issue.record("a fork went unnoticed")
            return
        }
    }
}
