// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
public import ResourceTypes
internal import Routing

/// Whose a token presented at the admin port is: one of our own, or an identity provider's.
/// - Threading: confined to its loop.
public struct AdminTokens {
    private let bindings: [RoleBindingRecord]
    private let table: HashTable
    private let others: TokenTable

    /// - Parameters:
    ///   - issuers: whose tokens are believed, by `keys`.
    ///   - seed: unpredictable to callers.
    public init(_ bindings: [RoleBindingRecord], issuers: [TokenIssuer], keys: IssuerKeys, seed: UInt64) {
        self.bindings = bindings
        table = HashTable(bindings.map { ($0.hashes, nil) }, seed: seed)
        others = TokenTable(
            issuers, bearers: bindings.map { TokenBearer(tokens: $0.tokens, expiresAtUnixSeconds: nil) }, keys: keys)
    }

    /// Nobody is bound to any role.
    public var isEmpty: Bool { bindings.isEmpty }

    /// - Returns: `nil` for a token that is nobody's or has ended.
    public func principal(of token: [UInt8], at unixSeconds: Int64) throws(TokenFault) -> AdminPrincipal? {
        let found: Result<KeyMatch?, TokenFault> = token.withUnsafeBytes { token in
            if KeyText.isOutlined(token), let own = table.find(token) { return .success(own) }
            return Result { () throws(TokenFault) in try others.find(token, at: unixSeconds) }
        }
        guard let match = try found.get(), match.expiresAtUnixSeconds > unixSeconds else { return nil }
        return bindings[Int(match.key.index)].principal
    }
}
