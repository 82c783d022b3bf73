// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104) of OpenSSL.
/// - Threading: confined to its owner.
final class KeyedDigest {
    static let keyBytes = 32
    private let context: OpaquePointer

    init() {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil), let context = EVP_MAC_CTX_new(algorithm) else {
            preconditionFailure("this OpenSSL has no HMAC")
        }
        EVP_MAC_free(algorithm)
        self.context = context
        let isSet = "SHA2-256".withCString { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string("digest", UnsafeMutablePointer(mutating: name), 0),
                OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_CTX_set_params(context, parameters) == 1
        }
        precondition(isSet, "this OpenSSL has no HMAC with SHA-256")
    }

    deinit { EVP_MAC_CTX_free(context) }

    func of(_ message: UnsafeRawBufferPointer, key: [UInt8]) -> Digest {
        var digest = Digest()
        var count = 0
        let isDone = digest.withMutableBytes { output in
            EVP_MAC_init(context, key, key.count, nil) == 1
                && EVP_MAC_update(context, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
                && EVP_MAC_final(
                    context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &count, output.count) == 1
        }
        precondition(isDone && count == Digest.byteCount, "OpenSSL cannot compute a keyed digest")
        return digest
    }

    func of(_ message: [UInt8], key: [UInt8]) -> Digest { message.withUnsafeBytes { of($0, key: key) } }

    static func newKey() -> [UInt8] {
        var key = [UInt8](repeating: 0, count: keyBytes)
        precondition(RAND_bytes(&key, Int32(key.count)) == 1, "OpenSSL has no randomness")
        return key
    }
}
