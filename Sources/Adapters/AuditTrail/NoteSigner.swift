// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog
internal import COpenSSL
internal import WireFormats

/// A private Ed25519 key that signs checkpoints, or cosigns those of others, with the name it signs under.
///
/// Its text is `PRIVATE+KEY+name+id+base64(type ‖ seed)`, as Go's `sumdb/note` and the tools around it write it.
/// - Threading: OpenSSL's keys may be used by several threads once they are made.
public final class NoteSigner: @unchecked Sendable {
    // Proof of @unchecked: both members are written in `init` only; signing changes a context of its own.
    public let key: VerifierKey
    private let privateKey: OpaquePointer

    private static let seedBytes = 32
    private static let prefix = "PRIVATE+KEY+"

    /// - Parameter seed: 32 secret bytes (RFC 8032 §5.1.5).
    public init?(name: String, algorithm: VerifierKey.Algorithm = .ed25519, seed: [UInt8]) {
        guard seed.count == Self.seedBytes,
            let made = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        else { return nil }
        var publicKey = [UInt8](repeating: 0, count: VerifierKey.publicKeyBytes)
        var count = publicKey.count
        guard EVP_PKEY_get_raw_public_key(made, &publicKey, &count) == 1 else {
            EVP_PKEY_free(made)
            return nil
        }
        privateKey = made
        key = VerifierKey(name: name, algorithm: algorithm, publicKey: publicKey, by: OpenSSLHash.self)
    }

    deinit { EVP_PKEY_free(privateKey) }

    /// `nil` when the text is no such key, or its id does not fit name and key.
    public convenience init?(parsing text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.utf8.count).split(
            separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let blob = Base64.decode(String(parts[2])),
            let algorithm = blob.first.flatMap({ VerifierKey.Algorithm(rawValue: $0) })
        else { return nil }
        self.init(name: String(parts[0]), algorithm: algorithm, seed: Array(blob.dropFirst()))
        // Also refuses names that a verifier would not take.
        guard let read = try? VerifierKey(parsing: key.text, by: OpenSSLHash.self), read == key,
            key.text.split(separator: "+")[1] == parts[1]
        else { return nil }
    }

    /// A new key's text; a secret.
    public static func newText(name: String, algorithm: VerifierKey.Algorithm = .ed25519) -> String? {
        var seed = [UInt8](repeating: 0, count: seedBytes)
        guard RAND_bytes(&seed, Int32(seed.count)) == 1, let signer = NoteSigner(name: name, algorithm: algorithm, seed: seed)
        else { return nil }
        let id = signer.key.text.split(separator: "+")[1]
        let text = "\(prefix)\(name)+\(id)+\(String(decoding: Base64.encode([algorithm.rawValue] + seed), as: UTF8.self))"
        return NoteSigner(parsing: text) == nil ? nil : text
    }

    /// A log's own signature.
    public func sign(_ checkpoint: Checkpoint) -> SignedNote {
        precondition(key.algorithm == .ed25519, "\(key.name) cosigns, it has no log")
        let text = checkpoint.text
        let signature = NoteSignature(name: key.name, keyID: key.keyID, bytes: signature(of: Array(text.utf8)))
        return SignedNote(text: text, signatures: [signature])
    }

    /// A witness's: that at this time it saw this tree, and none that this one does not continue.
    public func cosign(_ checkpoint: Checkpoint, unixSeconds: UInt64) -> NoteSignature {
        precondition(key.algorithm == .cosignature, "\(key.name) signs a log, it does not cosign")
        let bytes = signature(of: Cosignature.message(checkpoint.text, unixSeconds: unixSeconds))
        return NoteSignature(
            name: key.name, keyID: key.keyID, bytes: Cosignature.join(unixSeconds: unixSeconds, signature: bytes))
    }

    func signature(of message: [UInt8]) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        let isSigned =
            EVP_DigestSignInit(context, nil, nil, nil, privateKey) == 1
            && EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        precondition(isSigned && count == 64, "OpenSSL cannot sign with Ed25519")
        return signature
    }
}

/// Ed25519 verification by OpenSSL.
public enum Ed25519 {
    public static let check: Ed25519Check = { publicKey, message, signature in
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            ERR_clear_error()
            return false
        }
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        let isGood =
            EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        ERR_clear_error()
        return isGood
    }
}
