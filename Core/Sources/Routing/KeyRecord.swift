// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// A caller's key as the gateway checks it.
public struct KeyRecord: Sendable {
    public var name: String
    public var tenant: String
    /// The key itself. Compared in constant time. `nil`: it is known by its hashes only.
    public var secret: Secret?
    public var hashes: [SecretHash]
    /// Tokens that stand for it.
    public var tokens: [TokenMatch]
    /// SPIFFE ids of workloads whose certificates stand for it.
    public var workloads: [String]
    /// Home region of the tenant.
    public var region: RegionID?
    /// `nil`: every route.
    public var routes: [RouteID]?
    public var scopes: ScopeRecord
    /// Unix seconds; `nil`: never.
    public var expiresAtUnixSeconds: Int64?
    /// What its requests demand; `nil`: where the snapshot's `admission` restricts, they may go nowhere.
    public var profile: ProfileID?
    /// Nothing of it may be sent before the audit log has it.
    public var requiresAudit: Bool
    public init(
        name: String, tenant: String, secret: Secret?, hashes: [SecretHash] = [], tokens: [TokenMatch] = [],
        workloads: [String] = [],
        region: RegionID?, routes: [RouteID]?,
        scopes: ScopeRecord = ScopeRecord(), expiresAtUnixSeconds: Int64?, profile: ProfileID? = nil,
        requiresAudit: Bool = false
    ) {
        self.name = name
        self.tenant = tenant
        self.secret = secret
        self.hashes = hashes
        self.tokens = tokens
        self.workloads = workloads
        self.region = region
        self.routes = routes
        self.scopes = scopes
        self.expiresAtUnixSeconds = expiresAtUnixSeconds
        self.profile = profile
        self.requiresAudit = requiresAudit
    }
}

/// What a key may do.
public struct ScopeRecord: Sendable {
    public var operations: OperationSet
    public var listsModels: Bool
    /// Those of its regions and models; `nil`: all.
    public var endpoints: EndpointMask?
    /// As they are declared, for what a refused caller is told.
    public var declared: KeyScopes
    /// Everything.
    public init() {
        operations = .all
        listsModels = true
        declared = KeyScopes()
    }

    public init(_ scopes: KeyScopes, endpoints: EndpointMask?) {
        operations = scopes.actions.map { $0.reduce(into: OperationSet()) { $0.formUnion($1.operations) } } ?? .all
        listsModels = scopes.actions?.contains(.models) ?? true
        self.endpoints = endpoints
        declared = scopes
    }
}
