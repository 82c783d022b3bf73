// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104) of OpenSSL.
enum KeyedDigest {
    static func of(_ message: UnsafeRawBufferPointer, key: [UInt8]) -> Digest {
        var digest = Digest()
        var count: UInt32 = 0
        let isDone = digest.withMutableBytes {
            HMAC(
                EVP_sha256(), key, Int32(key.count), message.baseAddress?.assumingMemoryBound(to: UInt8.self),
                message.count, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), &count) != nil
        }
        precondition(isDone && count == 32, "OpenSSL cannot compute a keyed digest")
        return digest
    }

    static func of(_ message: [UInt8], key: [UInt8]) -> Digest { message.withUnsafeBytes { of($0, key: key) } }

    static func newKey() -> [UInt8] {
        var key = [UInt8](repeating: 0, count: 32)
        precondition(RAND_bytes(&key, Int32(key.count)) == 1, "OpenSSL has no randomness")
        return key
    }
}
