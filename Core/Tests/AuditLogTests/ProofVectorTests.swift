// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import CoreTestSupport
import Testing
import WireFormats

/// Proofs of transparency-dev/merkle (Apache-2.0): 36 that hold and 482 that must not.
@Suite(.enabled(if: Vectors.areThere("merkle-proofs"))) struct ProofVectorTests {
    private struct Case {
        let value: JSONValue
        subscript(number name: String) -> UInt64 {
            if case .number(let text)? = value[name] { UInt64(text) ?? 0 } else { 0 }
        }
        /// `nil` when it is no hash.
        subscript(hash name: String) -> Digest? { value[name]?.stringValue.flatMap { Digest(base64: $0) } }

        /// A root of any length: where the vectors do not care, a hash of what they have stands for it, because ours
        /// have 32 bytes by their type.
        subscript(root name: String) -> Digest? {
            value[name]?.stringValue.map { Digest(base64: $0) ?? PlainSHA256.hash(Array($0.utf8)) }
        }
        var proof: [Digest]? {
            let texts = value["proof"]?.arrayValue ?? []
            let hashes = texts.compactMap { $0.stringValue.flatMap { Digest(base64: $0) } }
            return hashes.count == texts.count ? hashes : nil
        }
    }

    private func run(_ file: String, count: Int, _ isValid: (Case, [Digest]) -> Bool) throws {
        let lines = Vectors.bytes("merkle-proofs/\(file)").split(separator: 10)
        #expect(lines.count == count, "cases are missing")
        for line in lines {
            let test = Case(value: try JSONValue(parsing: Array(line)))
            let found = test.proof.map { isValid(test, $0) } ?? false
            let name = test.value["file"]?.stringValue ?? ""
            #expect(found != test.value["wantErr"]?.boolValue, "\(name)")
        }
    }

    @Test func `inclusion`() throws {
        try run("inclusion.jsonl", count: 98) { test, proof in
            guard let leaf = test[hash: "leafHash"], let root = test[hash: "root"] else { return false }
            return InclusionProof.isValid(
                proof, leaf: leaf, index: test[number: "leafIdx"], size: test[number: "treeSize"], root: root,
                by: PlainSHA256.self)
        }
    }

    @Test func `consistency`() throws {
        try run("consistency.jsonl", count: 98) { test, proof in
            guard let old = test[root: "root1"], let root = test[root: "root2"] else { return false }
            return ConsistencyProof.isValid(
                proof, from: test[number: "size1"], to: test[number: "size2"], oldRoot: old, root: root,
                by: PlainSHA256.self)
        }
    }

    private func range(_ test: Case) -> Range<UInt64>? {
        let (start, end) = (test[number: "start"], test[number: "end"])
        return start <= end ? start..<end : nil
    }

    @Test func `inclusion in a subtree`() throws {
        try run("subtreeinclusion.jsonl", count: 204) { test, proof in
            guard let leaf = test[hash: "leafHash"], let root = test[hash: "root"], let range = range(test) else {
                return false
            }
            return InclusionProof.isValid(
                proof, leaf: leaf, index: test[number: "leafIdx"], subtree: range, root: root, by: PlainSHA256.self)
        }
    }

    @Test func `consistency of a subtree`() throws {
        try run("subtreeconsistency.jsonl", count: 118) { test, proof in
            guard let part = test[root: "root1"], let root = test[root: "root2"], let range = range(test) else {
                return false
            }
            return ConsistencyProof.isValid(
                proof, subtree: range, in: test[number: "size"], subtreeRoot: part, root: root, by: PlainSHA256.self)
        }
    }
}
