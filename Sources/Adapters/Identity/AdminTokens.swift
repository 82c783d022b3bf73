// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
internal import ResourceTypes
internal import Routing

/// Whose a token presented at the admin port is.
/// - Threading: immutable after `init`.
public struct AdminTokens {
    private let bindings: [RoleBindingRecord]
    private let table: HashTable

    /// - Parameter seed: unpredictable to callers.
    public init(_ bindings: [RoleBindingRecord], seed: UInt64) {
        self.bindings = bindings
        table = HashTable(
            bindings.map {
                KeyRecord(
                    name: $0.principal.name, tenant: "", secret: nil, hashes: $0.hashes, region: nil, routes: nil,
                    expiresAtUnixSeconds: nil)
            }, seed: seed)
    }

    /// Nobody is bound to any role.
    public var isEmpty: Bool { bindings.isEmpty }

    /// - Returns: `nil` for a token that is nobody's or has ended.
    public func principal(of token: [UInt8], at unixSeconds: Int64) -> AdminPrincipal? {
        token.withUnsafeBytes { token in
            guard KeyText.isOutlined(token), let match = table.find(token), match.expiresAtUnixSeconds > unixSeconds
            else { return nil }
            return bindings[Int(match.key.index)].principal
        }
    }
}
