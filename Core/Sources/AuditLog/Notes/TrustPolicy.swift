// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Whose signatures count: logs, witnesses, and how many of which must have seen a tree (C2SP tlog-policy, read
/// 2026-11). The reader is in `TrustPolicy+Parsing.swift`.
public struct TrustPolicy: Equatable, Sendable {
    public struct Log: Equatable, Sendable {
        public var key: VerifierKey
        public var url: String?
        public init(key: VerifierKey, url: String? = nil) {
            self.key = key
            self.url = url
        }
    }

    public struct Witness: Equatable, Sendable {
        public var name: String
        public var key: VerifierKey
        public var url: String?
        public init(name: String, key: VerifierKey, url: String? = nil) {
            self.name = name
            self.key = key
            self.url = url
        }
    }

    public struct Group: Equatable, Sendable {
        public var name: String
        /// How many of the members must agree.
        public var threshold: Int
        public var members: [String]
    }

    public var logs: [Log]
    public var witnesses: [Witness]
    /// Members are defined before their group.
    public var groups: [Group]
    /// A witness or a group; `nil`: the log's own signature is enough.
    public var quorum: String?

    public init(logs: [Log], witnesses: [Witness] = [], groups: [Group] = [], quorum: String? = nil) {
        self.logs = logs
        self.witnesses = witnesses
        self.groups = groups
        self.quorum = quorum
    }
}

extension TrustPolicy {
    public enum Fault: Error, Equatable, Sendable {
        case notACheckpoint
        /// The policy names no log with this origin.
        case unknownOrigin(String)
        /// The log's own signature is missing.
        case unsignedByLog(String)
        /// A key of the policy signed something else.
        case badSignature(name: String)
        /// Fewer witnesses than the quorum demands; the names are of those that did.
        case quorumMissing(witnesses: [String])
    }

    /// What a checkpoint's signatures amount to.
    public struct Verdict: Equatable, Sendable {
        public var checkpoint: Checkpoint
        /// The policy's names of those that cosigned, in its order.
        public var witnesses: [String]
        public var hasQuorum: Bool
        /// When the earliest of the counted cosigners saw it, in Unix seconds.
        public var witnessedAt: UInt64?
    }

    /// Demands the log's signature and the quorum.
    public func verdict(on note: SignedNote, _ check: Ed25519Check) throws(Fault) -> Verdict {
        let verdict = try standing(of: note, check)
        guard verdict.hasQuorum else { throw .quorumMissing(witnesses: verdict.witnesses) }
        return verdict
    }

    /// Demands the log's signature only; whether there is a quorum is in the verdict.
    public func standing(of note: SignedNote, _ check: Ed25519Check) throws(Fault) -> Verdict {
        guard let checkpoint = Checkpoint(parsing: note.text) else { throw .notACheckpoint }
        let own = logs.map(\.key).filter { $0.name == checkpoint.origin }
        guard !own.isEmpty else { throw .unknownOrigin(checkpoint.origin) }
        let signatures: [VerifiedSignature]
        do {
            signatures = try note.verified(by: own + witnesses.map(\.key), check)
        } catch .badSignature(let name) {
            throw .badSignature(name: name)
        } catch {
            throw .unsignedByLog(checkpoint.origin)
        }
        guard signatures.contains(where: { own.contains($0.key) }) else { throw .unsignedByLog(checkpoint.origin) }
        let keys = Set(signatures.map(\.key))
        let seen = witnesses.filter { keys.contains($0.key) }.map(\.name)
        return Verdict(
            checkpoint: checkpoint, witnesses: seen, hasQuorum: isMet(by: Set(seen)),
            witnessedAt: signatures.compactMap(\.unixSeconds).min())
    }

    /// Whether these witnesses are enough.
    public func isMet(by names: Set<String>) -> Bool {
        guard let quorum else { return true }
        var met = names
        for group in groups where group.members.count(where: { met.contains($0) }) >= group.threshold {
            met.insert(group.name)
        }
        return met.contains(quorum)
    }
}
