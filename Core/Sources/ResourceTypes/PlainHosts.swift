// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Hosts that a secret may be sent to without TLS because no network lies between: this machine, and the link-local
/// addresses at which clouds answer the machines they run.
public enum PlainHosts {
    /// - Parameter host: lower case; IPv6 without brackets.
    public static func contains(_ host: String) -> Bool {
        if names.contains(host) { return true }
        guard let address = ipv4(host) else { return false }
        return address[0] == 127 || address[0] == 169 && address[1] == 254
    }

    /// `fd00:ec2::254` and `fd00:ec2::23`: AWS instance metadata and container agent over IPv6.
    private static let names: Set<String> = [
        "localhost", "::1", "metadata.google.internal", "fd00:ec2::254", "fd00:ec2::23",
    ]

    /// `nil` for names, also for those that begin with digits.
    private static func ipv4(_ host: String) -> [UInt8]? {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in part.utf8.allSatisfy { (48...57).contains($0) } ? UInt8(part) : nil }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }
}
