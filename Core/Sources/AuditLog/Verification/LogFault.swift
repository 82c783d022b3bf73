// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Why a log cannot be believed. The first thing that is wrong; what comes after it was not looked at.
public enum LogFault: Error, Equatable, Sendable {
    case missing(path: String)
    /// Not in the format it should have.
    case malformed(path: String)
    case untrusted(path: String, TrustPolicy.Fault)
    /// Entries and tiles disagree: an entry was changed, or the tile was.
    case entryChanged(index: UInt64)
    /// A tile is not what the entries give.
    case tileChanged(path: String)
    /// The entries do not give the root that was signed.
    case rootChanged(size: UInt64)
    /// The log is smaller than a checkpoint that was seen.
    case rolledBack(from: UInt64, to: UInt64)
    /// A checkpoint that was seen is of another tree: somebody was shown a different past.
    case forked(size: UInt64)
    /// Two checkpoints of one comparison have different origins.
    case otherOrigin(String)
    /// An entry is no canonical JSON.
    case notCanonical(index: UInt64)
    case phase(PhaseLedger.Violation, index: UInt64)
}

extension LogFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let path): "\(path) is missing"
        case .malformed(let path): "\(path) is malformed"
        case .untrusted(let path, let fault): "\(path): \(fault.explanation)"
        case .entryChanged(let index): "entry \(index) was changed: it is not what its tile has the hash of"
        case .tileChanged(let path): "\(path) was changed: it is not what the entries give"
        case .rootChanged(let size): "the first \(size) entries do not give the root that was signed"
        case .rolledBack(let from, let to):
            "the log was put back: it had \(from) entries when it was last seen, now \(to)"
        case .forked(let size): "two pasts: the checkpoint seen at size \(size) is not of this log"
        case .otherOrigin(let origin): "the checkpoints are of different logs; one is \(origin)"
        case .notCanonical(let index): "entry \(index) is not canonical JSON"
        case .phase(let violation, let index): "entry \(index) breaks the two-phase rule: \(violation.explanation)"
        }
    }
}

extension PhaseLedger.Violation {
    var explanation: String {
        switch self {
        case .secondIntent: "a second intent of the same attempt"
        case .outcomeWithoutIntent: "an outcome without an intent, or a second one"
        case .lastWordWhileOpen: "a request's last word while another of its attempts runs"
        case .attemptOutOfRange: "attempts are numbered from 1 to \(PhaseLedger.attemptMax)"
        }
    }
}

extension TrustPolicy.Fault {
    /// For people.
    public var explanation: String {
        switch self {
        case .notACheckpoint: "it is no checkpoint"
        case .unknownOrigin(let origin): "the policy has no log named \(origin)"
        case .unsignedByLog(let origin): "it is not signed by a key that the policy has for \(origin)"
        case .badSignature(let name): "the signature of \(name) does not fit"
        case .quorumMissing(let names):
            "too few witnesses cosigned it: \(names.isEmpty ? "none" : names.joined(separator: ", "))"
        }
    }
}
