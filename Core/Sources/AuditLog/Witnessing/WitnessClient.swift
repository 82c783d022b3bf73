// SPDX-License-Identifier: Apache-2.0
// Isobar

/// One witness as a log sees it: what it cosigned last, and what its answers mean.
///
/// A witness that forgot (its size is smaller than what it cosigned) is asked again from there and reported; one that
/// claims a larger tree than ours has seen entries that we do not have, which is an alarm: our log, or the witness, was
/// put back.
public struct WitnessClient: Equatable, Sendable {
    public enum Step: Equatable, Sendable {
        /// Ask again with a proof from this size.
        case ask(from: UInt64)
        /// Add this signature to the checkpoint.
        case cosigned(NoteSignature)
        /// Nothing this time; the next checkpoint is another chance.
        case failed(String)
        /// Stop and have people look: somebody shows two different pasts.
        case alarm(String)
    }

    public let key: VerifierKey
    /// Of the last tree it cosigned, as far as we know.
    public private(set) var cosignedSize: UInt64
    private var hasAskedAgain = false

    /// - Parameter cosignedSize: of the last tree it is known to have cosigned; 0 for none.
    public init(key: VerifierKey, cosignedSize: UInt64 = 0) {
        self.key = key
        self.cosignedSize = cosignedSize
    }

    /// A new checkpoint is to be cosigned.
    public mutating func begin() -> Step {
        hasAskedAgain = false
        return .ask(from: cosignedSize)
    }

    /// What to do with an answer.
    /// - Parameters:
    ///   - tree: the checkpoint that was sent.
    public mutating func answered(
        _ status: Int, _ body: [UInt8], about tree: Checkpoint, _ check: Ed25519Check
    ) -> Step {
        switch status {
        case 200: return cosignature(in: body, of: tree, check)
        case 409: return conflict(body, tree)
        case 422:
            return .alarm(
                "witness \(key.name) holds another tree of \(tree.origin): size \(tree.size) does not continue it")
        case 403: return .failed("witness \(key.name) does not know our key")
        case 404: return .failed("witness \(key.name) does not witness \(tree.origin)")
        default: return .failed("witness \(key.name) answered with status \(status)")
        }
    }

    private mutating func cosignature(in body: [UInt8], of tree: Checkpoint, _ check: Ed25519Check) -> Step {
        guard let note = try? SignedNote(parsing: Array("\(tree.text)\n".utf8) + body),
            let verified = try? note.verified(by: [key], check), verified.first?.unixSeconds ?? 0 > 0,
            let signature = note.signatures.first(where: { $0.name == key.name && $0.keyID == key.keyID })
        else { return .failed("witness \(key.name) answered without a valid cosignature") }
        cosignedSize = tree.size
        return .cosigned(signature)
    }

    private mutating func conflict(_ body: [UInt8], _ tree: Checkpoint) -> Step {
        guard let size = Decimal.value(String(decoding: body, as: UTF8.self).split(separator: "\n").first ?? "") else {
            return .failed("witness \(key.name) answered 409 without a size")
        }
        guard size <= tree.size else {
            return .alarm(
                "witness \(key.name) cosigned size \(size) of \(tree.origin), which has only \(tree.size) entries")
        }
        guard !hasAskedAgain else { return .failed("witness \(key.name) changed its mind twice") }
        hasAskedAgain = true
        cosignedSize = size
        return .ask(from: size)
    }
}
