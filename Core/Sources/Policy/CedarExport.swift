// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// The rules of residency as Cedar policies, for people who would rather believe another engine.
///
/// One set of policies per regime. One request asks one atomic question: may this profile's data (classes, purpose) be
/// with this processor in this place, for this facet, now? Principal is the profile, action the facet, resource the
/// place; the answer for an endpoint is the conjunction over its places, facets and the regimes in force, made outside.
/// Only `permit`s, each attribute that may be missing guarded by `has`: a policy that errors is skipped, and a skipped
/// `forbid` would permit. "Anywhere" is the place `TOP`, which no list contains.
public enum CedarExport {
    /// - Returns: by regime, in the order of their names.
    public static func policies(_ documents: PolicyDocuments) -> [(regime: String, text: String)] {
        documents.regimes.map { regime in
            var texts = homes(of: regime, documents)
            for mechanism in documents.mechanisms where mechanism.regime == regime.name && mechanism.isReliable {
                texts += policy(mechanism, documents).map { [$0] } ?? []
            }
            return (regime.name, texts.joined(separator: "\n"))
        }
    }

    private static func homes(of regime: ResidencyPolicy, _ documents: PolicyDocuments) -> [String] {
        guard let home = regime.home, let place = places(home, documents) else { return [] }
        return Facet.allCases.filter { regime.constrains?.contains($0) ?? true }.map { facet in
            permit("\(regime.name)-home-\(facet.rawValue)", actions: [facet], when: [place])
        }
    }

    /// `nil` for one that covers nothing.
    private static func policy(_ mechanism: TransferMechanism, _ documents: PolicyDocuments) -> String? {
        guard let facets = mechanism.facets, let classes = mechanism.classes, let purposes = mechanism.purposes,
            let destination = destination(mechanism, documents), let time = time(mechanism, documents),
            let processor = processor(mechanism), let retention = retention(mechanism)
        else { return nil }
        var conditions = [time, "\(strings(classes.map(\.rawValue))).containsAll(context.classes)"]
        conditions.append("\(strings(purposes.map(\.rawValue))).contains(context.purpose)")
        conditions += [processor, retention].filter { !$0.isEmpty }
        if mechanism.isOptIn ?? true {
            conditions.append("principal has mechanisms && principal.mechanisms.contains(\"\(mechanism.name)\")")
        }
        return permit(
            mechanism.name, actions: Facet.allCases.filter { facets.contains($0) }, when: conditions + [destination])
    }

    private static func permit(_ id: String, actions: [Facet], when conditions: [String]) -> String {
        let actions = actions.map { "Isobar::Action::\"\($0.rawValue)\"" }.joined(separator: ", ")
        return """
            @id("\(id)")
            permit (principal, action in [\(actions)], resource)
            when {
              \(conditions.map { "(\($0))" }.joined(separator: " &&\n  "))
            };

            """
    }

    // MARK: Conditions

    private static func strings(_ values: [String]) -> String {
        "[\(values.sorted().map { "\"\($0)\"" }.joined(separator: ", "))]"
    }

    /// `nil` when the list can hold no place at all.
    private static func places(_ names: [String], _ documents: PolicyDocuments) -> String? {
        let unions = Dictionary(documents.unions.map { ($0.name, $0) }) { first, _ in first }
        var parts = [contains(names.filter { unions[$0] == nil })].compactMap(\.self)
        for union in names.compactMap({ unions[$0] }) {
            guard let members = contains(union.members) else { continue }
            let span = Span(
                permissionFrom: union.validFrom ?? .distantPast, to: union.validTo ?? .distantFuture,
                clockError: documents.bundle.clockErrorMax)
            parts.append(span.isAlways ? members : "\(span.cedar) && \(members)")
        }
        return parts.isEmpty ? nil : parts.map { "(\($0))" }.joined(separator: " || ")
    }

    private static func contains(_ codes: [String]) -> String? {
        let known = Set(codes.filter { Jurisdiction(code: $0) != nil }).sorted()
        guard !known.isEmpty else { return nil }
        return "[\(known.map { "Isobar::Jurisdiction::\"\($0)\"" }.joined(separator: ", "))].contains(resource)"
    }

    private static func destination(_ mechanism: TransferMechanism, _ documents: PolicyDocuments) -> String? {
        switch mechanism.to {
        case nil: nil
        case .anyCountry: "resource != Isobar::Jurisdiction::\"\(CedarQuestion.top)\""
        case .listed(let names): places(names, documents)
        }
    }

    private static func time(_ mechanism: TransferMechanism, _ documents: PolicyDocuments) -> String? {
        let span = mechanism.span(documents.bundle.clockErrorMax)
        return span.breakpoints.isEmpty ? nil : span.cedar
    }

    /// Empty: no condition.
    private static func processor(_ mechanism: TransferMechanism) -> String? {
        switch mechanism.processors {
        case nil: return nil
        case .any: return ""
        case .listed(let names):
            guard !names.isEmpty else { return nil }
            let list = names.sorted().map { "Isobar::Processor::\"\($0)\"" }.joined(separator: ", ")
            return "context has processor && [\(list)].contains(context.processor)"
        }
    }

    private static func retention(_ mechanism: TransferMechanism) -> String? {
        switch mechanism.retentionMax {
        case nil: nil
        case .unlimited: ""
        case .atMost(let limit):
            "context has retentionSeconds && context.retentionSeconds <= \(limit.nanoseconds / 1_000_000_000)"
        }
    }
}

extension Span {
    fileprivate var isAlways: Bool { first == .distantPast && last == .distantFuture }

    /// In whole seconds, inside of the span.
    fileprivate var cedar: String {
        var parts: [String] = []
        if first != .distantPast { parts.append("context.now >= \(Self.ceiling(first.unixNanoseconds))") }
        if last != .distantFuture { parts.append("context.now <= \(Self.floor(last.unixNanoseconds))") }
        return parts.isEmpty ? "true" : parts.joined(separator: " && ")
    }

    private static func floor(_ nanoseconds: Int64) -> Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    private static func ceiling(_ nanoseconds: Int64) -> Int64 {
        let whole = floor(nanoseconds)
        return whole * 1_000_000_000 == nanoseconds ? whole : whole + 1
    }
}
