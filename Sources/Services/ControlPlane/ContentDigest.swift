// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

/// Fingerprint of everything a snapshot is made from.
///
/// Two independent seeded hashes of this process (SipHash), so it means nothing in another process and reveals nothing
/// about the secrets that go into it. Two contents share one with a chance of 2⁻¹²⁸.
struct ContentDigest: Hashable, Sendable {
    private var first: Int
    private var second: Int

    /// - Parameter parts: in a fixed order; each is delimited, so moving a byte from one part to the next changes the
    ///   digest.
    init(_ parts: [[UInt8]]) {
        var hashers = (Hasher(), Hasher())
        hashers.1.combine(UInt8(1))  // makes the second hash another function of the same bytes
        for part in parts {
            part.withUnsafeBytes {
                hashers.0.combine(part.count)
                hashers.0.combine(bytes: $0)
                hashers.1.combine(part.count)
                hashers.1.combine(bytes: $0)
            }
        }
        first = hashers.0.finalize()
        second = hashers.1.finalize()
    }
}
