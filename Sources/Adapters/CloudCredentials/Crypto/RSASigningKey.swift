// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import COpenSSL

/// A private RSA key that signs as RS256 does: PKCS #1 v1.5 with SHA-256 (RFC 8017 §8.2).
final class RSASigningKey {
    private let key: OpaquePointer

    /// Less is breakable, and refused by those who check.
    static let bitsMin: Int32 = 2_048

    struct Defect: Error {
        let description: String
    }

    /// - Parameter pem: PKCS #8 or PKCS #1, not encrypted.
    init(pem: [UInt8]) throws(Defect) {
        let read = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(source) }
            // Without this, OpenSSL would ask for the passphrase on the terminal.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        ERR_clear_error()
        guard let read else { throw Defect(description: "it is no private key in PEM form, or it is encrypted") }
        key = read
        guard EVP_PKEY_is_a(read, "RSA") == 1 else { throw Defect(description: "it is no RSA key") }
        guard EVP_PKEY_get_bits(read) >= Self.bitsMin else {
            throw Defect(description: "it has fewer than \(Self.bitsMin) bits")
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// - Returns: as many bytes as the key has; `nil` when OpenSSL refuses.
    func signature(of message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1 else { return nil }
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var count = signature.count
        let code = EVP_DigestSign(context, &signature, &count, message, message.count)
        return code == 1 ? Array(signature[..<count]) : nil
    }
}
