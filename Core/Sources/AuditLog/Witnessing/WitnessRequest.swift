// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a log asks a witness: cosign this checkpoint, which continues the one you cosigned last (C2SP tlog-witness, read
/// 2026-11).
public struct WitnessRequest: Equatable, Sendable {
    public static let bytesMax = 160 << 10
    static let hashesMax = 63

    public var oldSize: UInt64
    public var proof: [Digest]
    public var checkpoint: SignedNote

    public init(oldSize: UInt64, proof: [Digest], checkpoint: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.checkpoint = checkpoint
    }

    public var bytes: [UInt8] {
        Array(("old \(oldSize)\n" + proof.map { "\($0.base64)\n" }.joined() + "\n").utf8) + checkpoint.bytes
    }

    /// `nil` when the body is malformed.
    public init?(parsing bytes: [UInt8]) {
        guard bytes.count <= Self.bytesMax,
            let blank = bytes.indices.dropLast().first(where: { bytes[$0] == 10 && bytes[$0 + 1] == 10 }),
            let head = String(validating: bytes[..<blank], as: UTF8.self),
            let note = try? SignedNote(parsing: Array(bytes[(blank + 2)...]))
        else { return nil }
        let lines = head.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines[0].hasPrefix("old "), let old = Decimal.value(lines[0].dropFirst(4)),
            lines.count - 1 <= Self.hashesMax
        else { return nil }
        let hashes = lines.dropFirst().compactMap { Digest(base64: $0) }
        guard hashes.count == lines.count - 1 else { return nil }
        self.init(oldSize: old, proof: hashes, checkpoint: note)
    }
}

/// How a witness answers.
public enum WitnessAnswer: Equatable, Sendable {
    case malformed, unknownOrigin, untrusted
    /// The size it cosigned last.
    case conflict(UInt64)
    /// The proof does not hold, or there are two roots for one size.
    case unprovable
    /// Store this as the last cosigned tree, durably; then sign, then answer.
    case cosign(Checkpoint)

    public var status: Int {
        switch self {
        case .malformed: 400
        case .unknownOrigin: 404
        case .untrusted: 403
        case .conflict: 409
        case .unprovable: 422
        case .cosign: 200
        }
    }
}

/// The witness's decision. Pure: whoever performs it compares and stores in one step, before any other request for the
/// same origin is looked at; otherwise two requests could both be right about the past and leave the smaller one stored.
public enum WitnessDecision {
    /// - Parameters:
    ///   - logs: keys of the logs that are witnessed; several of one name while a key is replaced.
    ///   - cosigned: the last tree that was cosigned for an origin; `nil` for none.
    public static func answer<Hash: TreeHash>(
        to body: [UInt8], logs: [VerifierKey], cosigned: (String) -> Checkpoint?, by hash: Hash.Type,
        _ check: Ed25519Check
    ) -> WitnessAnswer {
        guard let request = WitnessRequest(parsing: body), let tree = Checkpoint(parsing: request.checkpoint.text)
        else {
            return .malformed
        }
        let keys = logs.filter { $0.name == tree.origin }
        guard !keys.isEmpty else { return .unknownOrigin }
        guard (try? request.checkpoint.verified(by: keys, check)) != nil else { return .untrusted }
        guard request.oldSize <= tree.size else { return .malformed }
        let last = cosigned(tree.origin) ?? Checkpoint(origin: tree.origin, size: 0, root: Hash.emptyRoot)
        guard request.oldSize == last.size else { return .conflict(last.size) }
        return continues(request.proof, from: last, to: tree, by: Hash.self) ? .cosign(tree) : .unprovable
    }

    private static func continues<Hash: TreeHash>(
        _ proof: [Digest], from last: Checkpoint, to tree: Checkpoint, by hash: Hash.Type
    ) -> Bool {
        if last.size == 0 { return proof.isEmpty && (tree.size > 0 || tree.root == Hash.emptyRoot) }
        return ConsistencyProof.isValid(
            proof, from: last.size, to: tree.size, oldRoot: last.root, root: tree.root, by: Hash.self)
    }
}
