// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// What country codes and names of unions stand for at one moment.
///
/// Because a list means different things in different places, an unknown name or a union out of its time is read to the
/// disadvantage of whoever wants to send: where bytes may go it is anywhere, where they are allowed it is nowhere, and
/// whom a rule binds it is everyone.
struct Atlas {
    private struct Union {
        var members: [String]
        var isValid: Bool
    }
    private let unions: [String: Union]

    static let everyone = JurisdictionSet.everyCountry.union(.anywhere)

    init(_ unions: [JurisdictionUnion], at time: WallTime, clockError: TimeSpan) {
        self.unions = Dictionary(
            unions.map { union in
                let span = Span(
                    permissionFrom: union.validFrom ?? .distantPast, to: union.validTo ?? .distantFuture,
                    clockError: clockError)
                return (union.name, Union(members: union.members, isValid: span.contains(time)))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Where bytes may get to, as an endpoint states it.
    func reach(_ stated: ClosedSet?) -> JurisdictionSet {
        switch stated {
        case nil: return .anywhere
        case .nowhere: return .nowhere
        case .within(let names):
            guard !names.isEmpty, names.allSatisfy({ unions[$0]?.isValid ?? true }) else { return .anywhere }
            let members = names.flatMap { unions[$0]?.members ?? [$0] }.map { Jurisdiction(code: $0) ?? .anywhere }
            return JurisdictionSet(members)
        }
    }

    /// Where bytes are allowed.
    func cover(_ names: [String]) -> JurisdictionSet {
        let valid = names.filter { unions[$0]?.isValid ?? true }
        return JurisdictionSet(valid.flatMap { unions[$0]?.members ?? [$0] }.compactMap { Jurisdiction(code: $0) })
    }

    /// Whom or where a rule binds; `nil`: everyone, everywhere.
    func bound(_ names: [String]?) -> JurisdictionSet {
        guard let names else { return Self.everyone }
        let codes = names.flatMap { unions[$0]?.members ?? [$0] }.map { Jurisdiction(code: $0) }
        return codes.contains(nil) ? Self.everyone : JurisdictionSet(codes.compactMap(\.self))
    }
}
