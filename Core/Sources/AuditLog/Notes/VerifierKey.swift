// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A public key as policies and configurations write it: `name+key id+base64(type ‖ key)` (C2SP signed-note).
public struct VerifierKey: Hashable, Sendable {
    /// What is signed with it. Types not listed (ECDSA, ML-DSA-44) are refused: this build cannot check them.
    public enum Algorithm: UInt8, Sendable {
        /// Ed25519 over the note's text.
        case ed25519 = 1
        /// Ed25519 over `Cosignature.message`.
        case cosignature = 4
    }

    public enum Fault: Error, Equatable, Sendable {
        case malformed
        case unknownType(UInt8)
        /// The id is not what name and key give: a wrong digit, or another key's name.
        case wrongKeyID
    }

    public static let publicKeyBytes = 32

    public let name: String
    public let keyID: UInt32
    public let algorithm: Algorithm
    public let publicKey: [UInt8]

    /// - Parameter publicKey: 32 bytes (RFC 8032 §5.1.5).
    public init<Hash: TreeHash>(name: String, algorithm: Algorithm, publicKey: [UInt8], by hash: Hash.Type) {
        precondition(publicKey.count == Self.publicKeyBytes, "an Ed25519 key has 32 bytes, not \(publicKey.count)")
        self.name = name
        self.algorithm = algorithm
        self.publicKey = publicKey
        let digest = Hash.hash(Array(name.utf8) + [10, algorithm.rawValue] + publicKey).bytes
        keyID = digest[..<4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    public init<Hash: TreeHash>(parsing text: String, by hash: Hash.Type) throws(Fault) {
        // Base64 may contain a `+`, a name may not.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, KeyName.isValid(parts[0]), let id = Hexadecimal.bytes(parts[1]), id.count == 4,
            let blob = Base64.decode(String(parts[2])), let type = blob.first
        else { throw .malformed }
        guard let algorithm = Algorithm(rawValue: type) else { throw .unknownType(type) }
        guard blob.count == 1 + Self.publicKeyBytes else { throw .malformed }
        self.init(name: String(parts[0]), algorithm: algorithm, publicKey: Array(blob[1...]), by: Hash.self)
        guard keyID.bigEndianBytes == id else { throw .wrongKeyID }
    }

    public var text: String {
        let key = Base64.encode([algorithm.rawValue] + publicKey)
        return "\(name)+\(Hexadecimal.text(keyID.bigEndianBytes))+\(String(decoding: key, as: UTF8.self))"
    }
}

/// Whether `signature` by `publicKey` fits `message` (Ed25519, RFC 8032); the arithmetic is an adapter's.
public typealias Ed25519Check = @Sendable (_ publicKey: [UInt8], _ message: [UInt8], _ signature: [UInt8]) -> Bool

/// A signature that is known and good.
public struct VerifiedSignature: Hashable, Sendable {
    public var key: VerifierKey
    /// When a cosigner saw the tree, in Unix seconds; `nil` for signatures without a time.
    public var unixSeconds: UInt64?
}

extension SignedNote {
    public enum VerificationFault: Error, Equatable, Sendable {
        /// A key we know signed something else: the whole note is worth nothing.
        case badSignature(name: String)
        case noKnownSignature
    }

    /// Signatures of keys that nobody knows here are ignored; one of a known key that fails refuses the note.
    public func verified(
        by keys: [VerifierKey], _ check: Ed25519Check
    ) throws(VerificationFault) -> [VerifiedSignature] {
        var found: [VerifiedSignature] = []
        for signature in signatures {
            guard let key = keys.first(where: { $0.name == signature.name && $0.keyID == signature.keyID }) else {
                continue
            }
            guard let verified = verified(signature, by: key, check) else { throw .badSignature(name: key.name) }
            found.append(verified)
        }
        guard !found.isEmpty else { throw .noKnownSignature }
        return found
    }

    private func verified(
        _ signature: NoteSignature, by key: VerifierKey, _ check: Ed25519Check
    ) -> VerifiedSignature? {
        switch key.algorithm {
        case .ed25519:
            let isGood = check(key.publicKey, Array(text.utf8), signature.bytes)
            return isGood ? VerifiedSignature(key: key, unixSeconds: nil) : nil
        case .cosignature:
            guard let (time, bytes) = Cosignature.split(signature.bytes) else { return nil }
            let isGood = check(key.publicKey, Cosignature.message(text, unixSeconds: time), bytes)
            return isGood ? VerifiedSignature(key: key, unixSeconds: time) : nil
        }
    }
}

/// A witness's signature over a checkpoint: at this time, this was the largest consistent tree it had seen (C2SP
/// tlog-cosignature, read 2026-11).
public enum Cosignature {
    static let signatureBytes = 64

    /// What is signed: the checkpoint's text below two lines of its own.
    public static func message(_ text: String, unixSeconds: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(unixSeconds)\n\(text)".utf8)
    }

    /// The bytes of the note's signature.
    public static func join(unixSeconds: UInt64, signature: [UInt8]) -> [UInt8] {
        unixSeconds.bigEndianBytes + signature
    }

    static func split(_ bytes: [UInt8]) -> (unixSeconds: UInt64, signature: [UInt8])? {
        guard bytes.count == 8 + signatureBytes else { return nil }
        let time = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return time <= UInt64(Int64.max) ? (time, Array(bytes[8...])) : nil
    }
}
