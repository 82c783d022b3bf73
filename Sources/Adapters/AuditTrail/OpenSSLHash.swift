// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog
internal import COpenSSL

/// SHA-256 of OpenSSL, for trees.
public enum OpenSSLHash: TreeHash {
    // Proof of unsafe: OpenSSL reference-counts algorithms with atomic operations and never changes a fetched one.
    private nonisolated(unsafe) static let algorithm: OpaquePointer = {
        guard let found = EVP_MD_fetch(nil, "SHA2-256", nil) else { preconditionFailure("this OpenSSL has no SHA-256") }
        return found
    }()

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var digest = Digest()
        let code = digest.withMutableBytes {
            EVP_Digest(
                bytes.baseAddress, bytes.count, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, algorithm, nil)
        }
        precondition(code == 1, "OpenSSL cannot hash \(bytes.count) bytes")
        return digest
    }
}
