// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Why a model at an endpoint does not serve a route that requires something.
public enum Lack: Hashable, Sendable, CustomStringConvertible {
    case modality(Modality)
    case language(LanguageCode)
    /// The model has the modality, but the endpoint has no API that carries it.
    case api(Modality)

    public var description: String {
        switch self {
        case .modality(let modality): "does not declare modality \(modality.rawValue)"
        case .language(let language): "does not declare language \(language)"
        case .api(let modality): "has no API for modality \(modality.rawValue)"
        }
    }
}

extension RouteRequirement {
    /// What a model at an endpoint lacks, in the order in which it is required; empty: it may serve.
    ///
    /// Decided once, when a snapshot is compiled: a requirement does not depend on the request.
    /// - Parameter plans: what the endpoint can do for this model.
    public func lacks(of model: Model, plans: OperationPlans) -> [Lack] {
        let declared = model.languageCodes
        let missing: [Lack] = modalities.compactMap { modality in
            if !model.modalitiesServed.contains(modality) { return .modality(modality) }
            return plans.served.isDisjoint(with: modality.operations) ? .api(modality) : nil
        }
        return missing
            + languages.compactMap { LanguageCode($0) }.filter { !declared.contains($0) }.map { .language($0) }
    }
}

/// An endpoint of a tier that never serves its route.
public struct ExcludedEndpoint: Sendable {
    public var endpoint: EndpointID
    public var lacks: [Lack]
    public init(endpoint: EndpointID, lacks: [Lack]) {
        self.endpoint = endpoint
        self.lacks = lacks
    }
}
