// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Who may look at a running gateway and steer it: tokens for the admin port, and what they are for.
public struct RoleBinding: Hashable, Sendable {
    public var name: String
    public var roles: [Role]
    /// Whose keys and spend it sees; `nil`: everybody's, and what concerns the whole gateway.
    public var tenants: [String]?
    /// What is kept of tokens of our own.
    public var hashed: [HashedSecret]
    /// Tokens of identity providers.
    public var tokens: [TokenMatch]
    public init(
        name: String, roles: [Role], tenants: [String]? = nil, hashed: [HashedSecret] = [], tokens: [TokenMatch] = []
    ) {
        self.name = name
        self.roles = roles
        self.tenants = tenants
        self.hashed = hashed
        self.tokens = tokens
    }
}

/// What somebody is to an installation.
public enum Role: String, CaseIterable, Hashable, Sendable {
    /// Sees state and usage, no money.
    case viewer
    /// Sees state and usage, asks for explanations, reloads the configuration.
    case `operator`
    /// Sees state, and the explanations with the policies' reasons.
    case security
    /// Sees usage and money.
    case finance
    case admin
}

/// How a virtual key is recognised.
public struct SecretHash: Sendable {
    /// The eight characters after `isb_`.
    public var id: [UInt8]
    /// HMAC-SHA-256 under the pepper.
    public var digest: [UInt8]
    public var pepper: Secret
    /// Unix seconds; `nil`: as long as the key.
    public var expiresAtUnixSeconds: Int64?
    public init(id: [UInt8], digest: [UInt8], pepper: Secret, expiresAtUnixSeconds: Int64?) {
        self.id = id
        self.digest = digest
        self.pepper = pepper
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
    }
}
