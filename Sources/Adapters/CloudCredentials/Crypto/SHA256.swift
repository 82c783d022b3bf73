// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by OpenSSL.
///
/// The algorithm is looked up once per process and the state is kept from message to message: since OpenSSL 3 the
/// one-shot functions look it up on every call, which costs more than hashing a small body.
/// - Threading: confined to its owner.
/// - Cost: OpenSSL 3.0 allocates its state (112 bytes) anew for each message; later versions keep it.
public final class SHA256 {
    public typealias Digest = InlineArray<32, UInt8>
    static let blockBytes = 64

    private let context: OpaquePointer

    // Proof of unsafe: OpenSSL reference-counts algorithms with atomic operations and never changes a fetched one.
    private nonisolated(unsafe) static let algorithm: OpaquePointer = {
        guard let found = EVP_MD_fetch(nil, "SHA2-256", nil) else { preconditionFailure("this OpenSSL has no SHA-256") }
        return found
    }()

    public init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a hash") }
        self.context = context
        begin()
    }

    deinit { EVP_MD_CTX_free(context) }

    private func begin() {
        let code = EVP_DigestInit_ex2(context, Self.algorithm, nil)
        precondition(code == 1, "OpenSSL cannot begin a SHA-256 message")
    }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        let code = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(code == 1, "OpenSSL cannot hash \(bytes.count) bytes")
    }

    /// The hash of everything since `init` or the last `finish`; the next message may begin.
    public func finish() -> Digest {
        var digest = Digest(repeating: 0)
        var span = digest.mutableSpan
        let code = span.withUnsafeMutableBufferPointer { EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
        precondition(code == 1, "OpenSSL cannot end a SHA-256 message")
        begin()
        return digest
    }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        let hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }
}

extension SHA256 {
    /// HMAC-SHA-256 (RFC 2104). The state must not be in the middle of a message.
    func authenticate(_ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: Self.blockBytes, alignment: 8) { block in
            fill(block, with: key)
            for index in block.indices { block[index] ^= 0x36 }
            update(UnsafeRawBufferPointer(block))
            update(message)
            let inner = finish()
            for index in block.indices { block[index] ^= 0x36 ^ 0x5C }
            update(UnsafeRawBufferPointer(block))
            update(inner)
            // The block gives the key away and stays on the stack.
            OPENSSL_cleanse(block.baseAddress, block.count)
            return finish()
        }
    }

    func authenticate(_ message: UnsafeRawBufferPointer, key: Digest) -> Digest {
        key.span.withUnsafeBytes { authenticate(message, key: $0) }
    }

    /// A key longer than a block is hashed, a shorter one is padded with zeros.
    private func fill(_ block: UnsafeMutableRawBufferPointer, with key: UnsafeRawBufferPointer) {
        for index in block.indices { block[index] = 0 }
        guard key.count > block.count else { return block.copyMemory(from: key) }
        update(key)
        let hashed = finish()
        hashed.span.withUnsafeBytes { block.copyMemory(from: $0) }
    }

    private func update(_ digest: Digest) {
        digest.span.withUnsafeBytes { update($0) }
    }
}
