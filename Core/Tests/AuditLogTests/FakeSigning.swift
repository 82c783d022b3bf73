// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog

/// Stands for Ed25519 where only the rules around signatures are tested: a "signature" is a hash of key and message.
enum FakeSigning {
    static func sign(_ message: [UInt8], _ key: VerifierKey) -> [UInt8] {
        let half = PlainSHA256.hash(key.publicKey + message).bytes
        return half + half
    }

    static let check: Ed25519Check = { key, message, signature in
        let half = PlainSHA256.hash(key + message).bytes
        return signature == half + half
    }

    static func key(_ name: String, _ algorithm: VerifierKey.Algorithm = .ed25519, seed: UInt8 = 1) -> VerifierKey {
        VerifierKey(
            name: name, algorithm: algorithm, publicKey: PlainSHA256.hash(Array(name.utf8) + [seed]).bytes,
            by: PlainSHA256.self)
    }

    static func signature(_ text: String, _ key: VerifierKey, at unixSeconds: UInt64 = 1_679_315_147) -> NoteSignature {
        let bytes: [UInt8] =
            switch key.algorithm {
            case .ed25519: sign(Array(text.utf8), key)
            case .cosignature:
                Cosignature.join(
                    unixSeconds: unixSeconds, signature: sign(Cosignature.message(text, unixSeconds: unixSeconds), key))
            }
        return NoteSignature(name: key.name, keyID: key.keyID, bytes: bytes)
    }

    static func note(_ text: String, _ keys: VerifierKey...) -> SignedNote {
        SignedNote(text: text, signatures: keys.map { signature(text, $0) })
    }
}
