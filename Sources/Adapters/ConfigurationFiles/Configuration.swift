// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Budgets
public import ResourceTypes

/// What the given files declare, with the places where they say so.
///
/// A value of this type from `ConfigurationReader` is consistent: every name it mentions is declared.
public struct Configuration: Sendable {
    public var resources: DeclaredResources
    public var sources: SourceMap
    public var warnings: [ConfigurationProblem]
    public init(resources: DeclaredResources, sources: SourceMap = SourceMap(), warnings: [ConfigurationProblem] = []) {
        self.resources = resources
        self.sources = sources
        self.warnings = warnings
    }
}

/// All documents by kind, in the order of files and of documents in a file.
public struct DeclaredResources: Hashable, Sendable {
    public var providers: [Provider] = []
    public var regions: [Region] = []
    public var models: [Model] = []
    public var endpoints: [Endpoint] = []
    public var routes: [Route] = []
    public var tenants: [Tenant] = []
    public var keys: [Key] = []
    public var roleBindings: [RoleBinding] = []
    public var tokenIssuers: [TokenIssuer] = []
    /// Turns residency on; at most one.
    public var policyBundles: [PolicyBundle] = []
    public var jurisdictionUnions: [JurisdictionUnion] = []
    public var residencyPolicies: [ResidencyPolicy] = []
    public var transferMechanisms: [TransferMechanism] = []
    public var placementRights: [PlacementRight] = []
    public var budgets: [Budget] = []
    /// The one currency of all prices.
    public var currency: Currency = .usd
    public init() {}
}

/// `kind:` of a document.
public enum ResourceKind: String, CaseIterable, Hashable, Sendable {
    case provider = "Provider"
    case region = "Region"
    case model = "Model"
    case endpoint = "Endpoint"
    case route = "Route"
    case tenant = "Tenant"
    case key = "Key"
    case roleBinding = "RoleBinding"
    case tokenIssuer = "TokenIssuer"
    case policyBundle = "PolicyBundle"
    case jurisdictionUnion = "JurisdictionUnion"
    case residencyPolicy = "ResidencyPolicy"
    case transferMechanism = "TransferMechanism"
    case placementRight = "PlacementRight"
    case budget = "Budget"
}

/// What identifies a document: two of one kind may not share a name.
public struct ResourceName: Hashable, Sendable, CustomStringConvertible {
    public var kind: ResourceKind
    public var name: String
    public init(_ kind: ResourceKind, _ name: String) {
        self.kind = kind
        self.name = name
    }
    public var description: String { "\(kind.rawValue) \(name)" }
}
