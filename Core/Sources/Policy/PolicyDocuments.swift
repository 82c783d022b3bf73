// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// All rules of a configuration. In the order of their names, so that answers do not depend on the order of files.
public struct PolicyDocuments: Hashable, Sendable {
    public let bundle: PolicyBundle
    public let unions: [JurisdictionUnion]
    public let regimes: [ResidencyPolicy]
    public let mechanisms: [TransferMechanism]
    public let rights: [PlacementRight]

    public init(
        bundle: PolicyBundle, unions: [JurisdictionUnion] = [], regimes: [ResidencyPolicy] = [],
        mechanisms: [TransferMechanism] = [], rights: [PlacementRight] = []
    ) {
        self.bundle = bundle
        self.unions = unions.sorted { $0.name < $1.name }
        self.regimes = regimes.sorted { $0.name < $1.name }
        self.mechanisms = mechanisms.sorted { $0.name < $1.name }
        self.rights = rights.sorted { $0.name < $1.name }
    }
}

/// What the rules ask of an endpoint: one (address, model) pair, as routing counts them.
public struct EndpointFacts: Hashable, Sendable {
    public var name: String
    public var model: String
    public var origin: ModelOrigin
    public var provider: String
    /// `nil`: nothing is stated, so every facet is anywhere.
    public var residency: EndpointResidency?
    public init(name: String, model: String, origin: ModelOrigin, provider: String, residency: EndpointResidency?) {
        self.name = name
        self.model = model
        self.origin = origin
        self.provider = provider
        self.residency = residency
    }
}
