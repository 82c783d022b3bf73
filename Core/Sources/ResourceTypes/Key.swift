// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A caller's key: whose requests it makes, what they may do, and how it is recognised.
public struct Key: Hashable, Sendable {
    public var name: String
    public var tenant: String
    /// Whose it is inside of the tenant, for budgets.
    public var team: String?
    /// The key itself, by reference.
    public var secret: SecretReference?
    /// What is kept of virtual keys, any of which is this key: two during a rotation.
    public var hashed: [HashedSecret]
    /// Tokens that stand for it.
    public var tokens: [TokenMatch]
    /// SPIFFE ids of workloads whose certificates stand for it.
    public var workloads: [String]
    /// Route names the key may use; `nil` means all.
    public var routes: [String]?
    public var scopes: KeyScopes
    /// Seconds since 1970-01-01T00:00:00Z from which on the key is refused. `nil`: never.
    public var expiresAtUnixSeconds: Int64?
    /// What it demands on top of its tenant.
    public var residency: ResidencyNarrowing?
    public init(
        name: String, tenant: String, team: String? = nil, secret: SecretReference?, hashed: [HashedSecret] = [],
        tokens: [TokenMatch] = [], workloads: [String] = [], routes: [String]? = nil, scopes: KeyScopes = KeyScopes(),
        expiresAtUnixSeconds: Int64? = nil, residency: ResidencyNarrowing? = nil
    ) {
        self.name = name
        self.tenant = tenant
        self.team = team
        self.secret = secret
        self.hashed = hashed
        self.tokens = tokens
        self.workloads = workloads
        self.routes = routes
        self.scopes = scopes
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
        self.residency = residency
    }
}

/// What is kept of a virtual key instead of the key: enough to recognise it, not to present it.
public struct HashedSecret: Hashable, Sendable {
    /// The key's public beginning, `isb_` and eight letters or digits.
    public var prefix: String
    /// HMAC-SHA-256 of what follows the prefix, under the pepper; 32 bytes.
    public var digest: [UInt8]
    /// The server's secret without which the digest says nothing about any key.
    public var pepper: SecretReference
    /// Seconds since 1970-01-01T00:00:00Z from which on it is refused. `nil`: as long as the key.
    public var expiresAtUnixSeconds: Int64?
    public init(prefix: String, digest: [UInt8], pepper: SecretReference, expiresAtUnixSeconds: Int64? = nil) {
        self.prefix = prefix
        self.digest = digest
        self.pepper = pepper
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
    }
}

/// What a key may do besides which routes it may use; `nil` means everything.
public struct KeyScopes: Hashable, Sendable {
    /// Names of `Model`s that may answer it.
    public var models: [String]?
    /// Names of the `Region`s whose endpoints may serve it.
    public var regions: [String]?
    public var actions: [CallerAction]?
    public init(models: [String]? = nil, regions: [String]? = nil, actions: [CallerAction]? = nil) {
        self.models = models
        self.regions = regions
        self.actions = actions
    }
}

/// A family of operations, as keys are allowed them.
public enum CallerAction: String, CaseIterable, Hashable, Sendable {
    /// Chat and completions in every vendor's words, and counting what they would read.
    case chat
    case embeddings, images
    /// Speech to text and text to speech.
    case audio
    case rerank
    /// Listing the models.
    case models

    /// What of a model it stands for; `models` is no question to one.
    public var operations: OperationSet {
        switch self {
        case .chat:
            OperationSet([
                .chatCompletions, .completions, .responses, .messages, .generateContent, .countInputTokens, .countTokens,
                .countContentTokens,
            ])
        case .embeddings: OperationSet([.embeddings])
        case .images: OperationSet([.images])
        case .audio: OperationSet([.transcriptions, .translations, .speech])
        case .rerank: OperationSet([.rerank])
        case .models: OperationSet()
        }
    }
}
