// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog
internal import COpenSSL

/// SHA-256 of OpenSSL, for trees.
public enum OpenSSLHash: TreeHash {
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var digest = Digest()
        digest.withMutableBytes {
            isobar_sha256(bytes.baseAddress, bytes.count, $0.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return digest
    }
}
