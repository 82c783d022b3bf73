// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import COpenSSL

/// A key of an issuer's, ready to verify with OpenSSL.
/// - Threading: immutable; OpenSSL counts references to keys with atomic operations, and each verification has a context
///   of its own.
final class PublicKey: @unchecked Sendable {
    // Proof of @unchecked: see above.
    let description: JSONWebKey
    private let key: OpaquePointer

    /// - Returns: `nil` when it is no key: a point beside its curve, for example.
    init?(_ description: JSONWebKey) {
        guard let key = Self.made(description.material) else { return nil }
        self.description = description
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether the signature over the message is this key's.
    /// - Cost: RSA of 2048 bits about 20 µs, P-256 about 60 µs.
    func verifies(
        _ message: UnsafeRawBufferPointer, _ signature: [UInt8], with algorithm: TokenAlgorithm
    ) -> Bool {
        guard description.signs(with: algorithm), let signature = encoded(signature),
            let context = EVP_MD_CTX_new()
        else { return false }
        defer {
            EVP_MD_CTX_free(context)
            // A refused signature leaves an error in this thread's queue, where the next TLS error would find it.
            ERR_clear_error()
        }
        var keyContext: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &keyContext, algorithm.digest, nil, key) == 1 else { return false }
        if algorithm.isPSS {
            // The salt is as long as the digest (RFC 7518 §3.5).
            guard EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return EVP_DigestVerify(context, signature, signature.count, start, message.count) == 1
    }

    /// As OpenSSL takes it: tokens have the two halves of an ECDSA signature side by side (RFC 7518 §3.4).
    private func encoded(_ signature: [UInt8]) -> [UInt8]? {
        guard case .elliptic(let curve, _, _) = description.material else { return signature }
        guard signature.count == 2 * curve.byteCount, let pair = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(pair) }
        let half = Int32(curve.byteCount)
        let r = BN_bin2bn(signature, half, nil)
        let s = signature.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress.map { $0 + curve.byteCount }, half, nil) }
        guard ECDSA_SIG_set0(pair, r, s) == 1 else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let count = i2d_ECDSA_SIG(pair, &text)
        defer { isobar_free(text) }
        return count > 0 ? Array(UnsafeBufferPointer(start: text, count: Int(count))) : nil
    }

    private static func made(_ material: JSONWebKey.Material) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return switch material {
        case .rsa(let modulus, let exponent): isobar_rsa_key(modulus, modulus.count, exponent, exponent.count)
        case .elliptic(let curve, let x, let y): isobar_ec_key(curve.name, [4] + x + y, 1 + x.count + y.count)
        case .ed25519(let bytes): EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        }
    }
}

extension JSONWebKey.Curve {
    /// OpenSSL's name.
    fileprivate var name: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }
}

extension TokenAlgorithm {
    fileprivate var digest: OpaquePointer? {
        switch self {
        case .rs256, .ps256, .es256: EVP_sha256()
        case .rs384, .ps384, .es384: EVP_sha384()
        case .rs512, .ps512, .es512: EVP_sha512()
        case .edDSA: nil
        }
    }

    fileprivate var isPSS: Bool { self == .ps256 || self == .ps384 || self == .ps512 }
}
