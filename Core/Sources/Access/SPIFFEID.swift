// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The name of a workload, `spiffe://trust-domain/path` (SPIFFE-ID specification, read 2026-11).
public struct SPIFFEID: Hashable, Sendable, CustomStringConvertible {
    /// Lower case.
    public var trustDomain: String
    /// Begins with a slash.
    public var path: String

    static let bytesMax = 2_048
    static let trustDomainBytesMax = 255

    /// - Returns: `nil` for what is none, and for the name of a whole trust domain, which is nobody's.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax, text.prefix(9).lowercased() == "spiffe://" else { return nil }
        let rest = text.dropFirst(9)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        let domain = rest[..<slash].lowercased()
        guard Self.isTrustDomain(domain) else { return nil }
        let segments = rest[slash...].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments.allSatisfy(Self.isSegment) else { return nil }
        trustDomain = domain
        path = String(rest[slash...])
    }

    public var description: String { "spiffe://\(trustDomain)\(path)" }

    public static func isTrustDomain(_ text: String) -> Bool {
        (1...trustDomainBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { isLetterOrDigit($0) && !(65...90).contains($0) || ".-_".utf8.contains($0) }
    }

    private static func isSegment(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy { isLetterOrDigit($0) || ".-_".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
