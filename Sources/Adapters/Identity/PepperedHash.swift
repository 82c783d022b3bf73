// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import COpenSSL
public import ResourceTypes

/// HMAC-SHA-256 under one pepper.
/// - Cost: two compressions of SHA-256 for up to 55 bytes; no allocation.
public final class PepperedHash: @unchecked Sendable {
    // Proof of @unchecked: the state is written in `init` only.
    private let state: UnsafeMutablePointer<isobar_hmac_state>

    /// Shorter peppers could be searched for by whoever has a key and its hash (128 bits as hexadecimal).
    public static let pepperBytesMin = 32

    public init(pepper: Secret) {
        state = .allocate(capacity: 1)
        state.initialize(to: isobar_hmac_state())
        pepper.withBytes { isobar_hmac_begin(state, $0.baseAddress, $0.count) }
    }

    deinit {
        OPENSSL_cleanse(state, MemoryLayout<isobar_hmac_state>.size)
        state.deallocate()
    }

    /// For those who make keys.
    public func digest(of message: UnsafeRawBufferPointer) -> [UInt8] {
        let digest = words(of: message)
        return withUnsafeBytes(of: digest) { Array($0) }
    }

    @inline(__always)
    func words(of message: UnsafeRawBufferPointer) -> Digest {
        var digest: Digest = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &digest) { output in
            isobar_hmac(
                state, message.baseAddress, message.count, output.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return digest
    }

    typealias Digest = (UInt64, UInt64, UInt64, UInt64)
}
