// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Everything that shows one entry to be in a log, in one file, to be checked without a network (C2SP tlog-proof, read
/// 2026-11).
public struct ProofFile: Equatable, Sendable {
    public static let bytesMax = 160 << 10
    private static let firstLine = "c2sp.org/tlog-proof@v1"
    /// A tree of 2⁶⁴ entries is 64 levels high.
    private static let hashesMax = 64

    /// Not covered by any signature; `nil` when there is none.
    public var extra: [UInt8]?
    public var index: UInt64
    public var proof: [Digest]
    public var checkpoint: SignedNote

    public init(index: UInt64, proof: [Digest], checkpoint: SignedNote, extra: [UInt8]? = nil) {
        self.index = index
        self.proof = proof
        self.checkpoint = checkpoint
        self.extra = extra
    }

    public var bytes: [UInt8] {
        var text = Self.firstLine + "\n"
        if let extra { text += "extra \(String(decoding: Base64.encode(extra), as: UTF8.self))\n" }
        text += "index \(index)\n" + proof.map { "\($0.base64)\n" }.joined() + "\n"
        return Array(text.utf8) + checkpoint.bytes
    }

    /// `nil` when the bytes are no such file.
    public init?(parsing bytes: [UInt8]) {
        guard bytes.count <= Self.bytesMax,
            let blank = bytes.indices.dropLast().first(where: { bytes[$0] == 10 && bytes[$0 + 1] == 10 }),
            let note = try? SignedNote(parsing: Array(bytes[(blank + 2)...])),
            let head = String(validating: bytes[..<blank], as: UTF8.self)
        else { return nil }
        var lines = head.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.firstLine[...] else { return nil }
        if let line = lines.first, line.hasPrefix("extra ") {
            guard let decoded = Base64.decode(String(line.dropFirst(6))) else { return nil }
            extra = decoded
            lines.removeFirst()
        }
        guard let line = lines.popFirst(), line.hasPrefix("index "), let index = Decimal.value(line.dropFirst(6)),
            lines.count <= Self.hashesMax
        else { return nil }
        self.index = index
        proof = lines.compactMap { Digest(base64: $0) }
        guard proof.count == lines.count else { return nil }
        checkpoint = note
    }
}

extension ProofFile {
    public enum Fault: Error, Equatable, Sendable {
        case notACheckpoint
        case untrusted(TrustPolicy.Fault)
        /// The entry is not at this place of this tree.
        case notIncluded
    }

    /// Whether `entry` is in a log that `policy` trusts, seen by as many witnesses as it demands.
    public func verify<Hash: TreeHash>(
        _ entry: [UInt8], policy: TrustPolicy, by hash: Hash.Type, _ check: Ed25519Check
    ) throws(Fault) -> TrustPolicy.Verdict {
        guard let tree = Checkpoint(parsing: checkpoint.text) else { throw .notACheckpoint }
        let verdict: TrustPolicy.Verdict
        do {
            verdict = try policy.verdict(on: checkpoint, check)
        } catch {
            throw .untrusted(error)
        }
        let isIncluded = InclusionProof.isValid(
            proof, leaf: Hash.leaf(entry), index: index, size: tree.size, root: tree.root, by: Hash.self)
        guard isIncluded else { throw .notIncluded }
        return verdict
    }
}

extension ProofFile.Fault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notACheckpoint: "the proof's checkpoint is malformed"
        case .untrusted(let fault): "the proof's checkpoint: \(fault.explanation)"
        case .notIncluded: "this entry is not at this place of the log"
        }
    }
}
