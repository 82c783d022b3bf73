// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Bytes that must never reach a log, an error, a metric or an encoder.
///
/// There is no description, no `Codable`, no interpolation of the content: every textual view says `<secret>`. The only
/// way in is `withBytes`.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public var count: Int { bytes.count }
    public var isEmpty: Bool { bytes.isEmpty }
    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes(body)
    }

    /// Equality in time independent of the content (length is not hidden).
    public func matches(_ other: UnsafeRawBufferPointer) -> Bool {
        guard other.count == bytes.count else { return false }
        var difference: UInt8 = 0
        for i in 0..<bytes.count { difference |= bytes[i] ^ other[i] }
        return difference == 0
    }
}

/// Where a secret comes from; configuration holds only this, never the secret itself.
public enum SecretReference: Hashable, Sendable {
    /// `env:NAME`
    case environment(String)
    /// `file:/path`; one trailing newline is dropped.
    case file(String)
}
