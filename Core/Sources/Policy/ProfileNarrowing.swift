// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Why a key's demands cannot stand: they would give it more than its tenant has.
public enum NarrowingFault: Error, Hashable, Sendable {
    case purpose(Purpose)
    /// A mechanism that the tenant has not taken up.
    case mechanism(String)
    /// A place outside of the tenant's own limit.
    case within(String)
    case retention
    case attestation
}

extension ResidencyProfile {
    /// The tenant's demands together with a key's.
    public func narrowed(by key: ResidencyNarrowing, unions: [JurisdictionUnion])
        throws(NarrowingFault) -> ResidencyProfile
    {
        var result = self
        if let subjects { result.subjects = subjects + key.subjects.filter { !subjects.contains($0) } }
        if !classes.isEmpty { result.classes.formUnion(key.classes) }
        result.regimes.formUnion(key.regimes)
        if let stated = key.purpose {
            if let purpose, stated != purpose { throw .purpose(purpose) }
            result.purpose = stated
        }
        if let mechanisms = key.mechanisms {
            if let more = mechanisms.subtracting(self.mechanisms).min() { throw .mechanism(more) }
            result.mechanisms = mechanisms
        }
        result.within = try narrowedPlaces(key.within, unions)
        result.retentionMax = try Self.shorter(key.retentionMax, than: retentionMax, or: .retention)
        result.attestationAgeMax = try Self.shorter(key.attestationAgeMax, than: attestationAgeMax, or: .attestation)
        return result
    }

    private func narrowedPlaces(_ places: [String]?, _ unions: [JurisdictionUnion])
        throws(NarrowingFault) -> [String]?
    {
        guard let places else { return within }
        guard let within else { return places }
        func countries(_ names: [String]) -> [String] {
            names.flatMap { name in unions.first { $0.name == name }?.members ?? [name] }
        }
        let allowed = Set(countries(within))
        if let outside = countries(places).first(where: { !allowed.contains($0) }) { throw .within(outside) }
        return places
    }

    private static func shorter(_ stated: TimeSpan?, than limit: TimeSpan?, or fault: NarrowingFault)
        throws(NarrowingFault) -> TimeSpan?
    {
        guard let stated else { return limit }
        if let limit, stated > limit { throw fault }
        return stated
    }
}
