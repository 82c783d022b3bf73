// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A prompt cut into pretended tokens of four bytes, with the hash of each whole block's prefix.
///
/// Four bytes per token is the usual rule of thumb for English text. Equal prefixes of the bytes give equal leading
/// hashes, which is all prefix caching needs; the hash is not cryptographic and a collision only makes one prompt look
/// cached.
public struct TokenizedPrompt: Equatable, Sendable {
    public static let bytesPerToken = 4

    /// At least 1: an empty prompt still has its start token.
    public let tokens: Int
    public let blockHashes: [UInt64]
    /// Hash of the whole prompt; seeds its answer.
    public let contentHash: UInt64

    /// - Parameter salt: keeps prompts of different models apart (vLLM `cache_salt`).
    public init(_ bytes: UnsafeRawBufferPointer, salt: UInt64 = 0) {
        tokens = max(1, (bytes.count + Self.bytesPerToken - 1) / Self.bytesPerToken)
        let blockBytes = KVBlockCache.tokensPerBlock * Self.bytesPerToken
        var chain = SeededGenerator.mix(salt &+ 1)
        var hashes: [UInt64] = []
        hashes.reserveCapacity(bytes.count / blockBytes)
        var offset = 0
        while offset + blockBytes <= bytes.count {
            chain = Self.extend(chain, UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + blockBytes]))
            hashes.append(chain)
            offset += blockBytes
        }
        blockHashes = hashes
        contentHash = Self.extend(chain, UnsafeRawBufferPointer(rebasing: bytes[offset...])) &+ UInt64(bytes.count)
    }

    private static func extend(_ chain: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = chain
        var offset = 0
        while offset + 8 <= bytes.count {
            hash = SeededGenerator.mix(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            offset += 8
        }
        while offset < bytes.count {
            hash = SeededGenerator.mix(hash ^ UInt64(bytes[offset]))
            offset += 1
        }
        return hash
    }
}
