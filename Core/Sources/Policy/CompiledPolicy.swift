// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// A table of answers together with the reasons, and with what it takes to answer callers who demand more.
/// - Threading: immutable, shared.
public final class CompiledPolicy: Sendable {
    public let table: AdmissionTable
    /// `nil`: no policy restricts anything.
    public let documents: PolicyDocuments?
    public let profiles: [ResidencyProfile]
    public let endpoints: [EndpointFacts]
    private let verdicts: [Verdict]

    init(
        table: AdmissionTable, documents: PolicyDocuments?, profiles: [ResidencyProfile], endpoints: [EndpointFacts],
        verdicts: [Verdict]
    ) {
        self.table = table
        self.documents = documents
        self.profiles = profiles
        self.endpoints = endpoints
        self.verdicts = verdicts
    }

    /// Of a configuration without policies.
    public static let unrestricted = CompiledPolicy(
        table: AdmissionTable(
            epochStarts: [], profileCount: 0, endpointCount: 0, admits: [], reasons: [], isUnrestricted: true),
        documents: nil, profiles: [], endpoints: [], verdicts: [])

    /// Why a profile may or may not use an endpoint. `nil`: outside of the table, where nothing is admissible, or
    /// without policies, where everything is.
    public func verdict(_ profile: ProfileID, _ endpoint: EndpointID, in epoch: AdmissionEpoch) -> Verdict? {
        table.reason(profile, endpoint, in: epoch).map { verdicts[$0] }
    }

    /// Every place where each endpoint may process at the beginning of the epoch: what answers from there can say.
    public func processing(in epoch: AdmissionEpoch) -> [JurisdictionSet] {
        guard let documents else { return [] }
        let rules = Rules(documents, at: epoch.start)
        return endpoints.map { Offer($0, rules)[.process] }
    }
}
