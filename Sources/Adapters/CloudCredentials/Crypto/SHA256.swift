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
    /// HMAC-SHA-256 (RFC 2104).
    static func authenticate(_ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Digest {
        var state = isobar_hmac_state()
        isobar_hmac_begin(&state, key.baseAddress, key.count)
        // The states give the key away and stay on the stack.
        defer { OPENSSL_cleanse(&state, MemoryLayout<isobar_hmac_state>.size) }
        var digest = Digest(repeating: 0)
        var span = digest.mutableSpan
        span.withUnsafeMutableBufferPointer {
            isobar_hmac(&state, message.baseAddress, message.count, $0.baseAddress)
        }
        return digest
    }

    static func authenticate(_ message: UnsafeRawBufferPointer, key: Digest) -> Digest {
        key.span.withUnsafeBytes { authenticate(message, key: $0) }
    }
}
