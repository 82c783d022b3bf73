// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import COpenSSL

/// HMAC-SHA-256.
enum KeyedDigest {
    static let keyBytes = 32

    static func of(_ message: UnsafeRawBufferPointer, key: [UInt8]) -> Digest {
        var state = isobar_hmac_state()
        isobar_hmac_begin(&state, key, key.count)
        defer { OPENSSL_cleanse(&state, MemoryLayout<isobar_hmac_state>.size) }
        var digest = Digest()
        digest.withMutableBytes {
            isobar_hmac(
                &state, message.baseAddress, message.count, $0.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return digest
    }

    static func of(_ message: [UInt8], key: [UInt8]) -> Digest { message.withUnsafeBytes { of($0, key: key) } }

    static func newKey() -> [UInt8] {
        var key = [UInt8](repeating: 0, count: keyBytes)
        precondition(RAND_bytes(&key, Int32(key.count)) == 1, "OpenSSL has no randomness")
        return key
    }
}
