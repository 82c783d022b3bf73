// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// The rules of residency: PolicyBundle, JurisdictionUnion, ResidencyPolicy, TransferMechanism. Permissions have to state
// every field, with a word for "no limit", so that nothing is allowed by being forgotten.

extension Shape where Value == PolicyBundle {
    static func policyBundle(named name: String) -> Shape {
        .object { fields in
            let notAfter = fields.required("notAfter", .end)
            let clockError = fields.optional("clockErrorMax", .duration(.zero ... .seconds(3_600)))
            let url = fields.optional("policyURL", .policyURL)
            guard let notAfter else { return nil }
            return PolicyBundle(
                name: name, notAfter: notAfter, clockErrorMax: clockError ?? clockErrorDefault, policyURL: url)
        }
    }

    private static var clockErrorDefault: TimeSpan { .seconds(1) }
}

extension Shape where Value == JurisdictionUnion {
    static func jurisdictionUnion(named name: String) -> Shape {
        .object { fields in
            let members = fields.required(
                "members", .list(.country, count: 1...249).unique("country", by: \.self))
            let validFrom = fields.optional("validFrom", .beginning)
            let validTo = fields.optional("validTo", .end)
            _ = fields.source()
            return members.map {
                JurisdictionUnion(name: name, members: $0, validFrom: validFrom, validTo: validTo)
            }
        }
    }
}

extension Shape where Value == ResidencyPolicy {
    static func residencyPolicy(named name: String) -> Shape {
        .object { fields in
            let appliesTo = fields.optional("appliesTo", .applicability)
            let constrains = fields.required("constrains", .setOf(Facet.self))
            let home = fields.required("home", .places)
            let validFrom = fields.optional("validFrom", .beginning)
            let validTo = fields.optional("validTo", .end)
            let source = fields.source()
            guard let constrains, let home else { return nil }
            return ResidencyPolicy(
                name: name, appliesTo: appliesTo, constrains: constrains, home: home, validFrom: validFrom,
                validTo: validTo, source: source)
        }
    }
}

extension Shape where Value == ResidencyPolicy.Applicability {
    static let applicability = Shape.object { fields in
        ResidencyPolicy.Applicability(
            subjects: fields.optional("subjects", .places), classes: fields.optional("classes", .setOf(DataClass.self)),
            isByName: fields.optional("byName", .bool) ?? false)
    }
}

extension Shape where Value == TransferMechanism {
    static func transferMechanism(named name: String) -> Shape {
        .object { fields in
            let kind = fields.required("kind", .mechanismKind)
            let regime = fields.required("regime", .reference(to: .residencyPolicy))
            let to = fields.required("to", .destination)
            let facets = fields.required("facets", .setOf(Facet.self))
            let classes = fields.required("classes", .setOf(DataClass.self))
            let purposes = fields.required("purposes", .setOf(Purpose.self))
            let processors = fields.required("processors", .processors)
            let retention = fields.required("retentionMax", .retentionLimit)
            let notBefore = fields.required("notBefore", .beginning)
            let notAfter = fields.required("notAfter", .end)
            let evidence = fields.required("evidence", .sentence)
            let isOptIn = fields.optional("optIn", .bool)
            let source = fields.source()
            guard let kind, let regime, let to, let retention, notAfter != nil else { return nil }
            return TransferMechanism(
                name: name, kind: kind, regime: regime, to: to, facets: facets, classes: classes, purposes: purposes,
                processors: processors, retentionMax: retention, notBefore: notBefore, notAfter: notAfter,
                evidence: evidence, isOptIn: isOptIn, source: source)
        }
        .checked { mechanism, cursor in
            guard mechanism.kind == .bcr, mechanism.processors == .any else { return true }
            cursor.report(
                "binding corporate rules for any processor", hint: "list the members of the group in processors")
            return false
        }
    }
}

extension Shape where Value == TransferMechanism.Kind {
    /// A derogation (GDPR, Article 49) is for the single case; whatever a gateway does is systematic.
    static let mechanismKind = Shape(allowed: oneOf(TransferMechanism.Kind.self).allowed) { cursor in
        guard cursor.scalar?.text == "derogation" else { return oneOf(TransferMechanism.Kind.self).parse(cursor) }
        cursor.report(
            "a derogation cannot carry what a gateway sends: it is for single cases",
            hint: "use another mechanism, or send such a case by hand")
        return nil
    }
}

extension Shape where Value == TransferMechanism.Destination {
    static let destination = Shape<[String]>.places.or("any", TransferMechanism.Destination.anyCountry) { .listed($0) }
}

extension Shape where Value == TransferMechanism.Processors {
    static let processors = Shape<[String]>.list(.name, count: 1...256).unique("processor", by: \.self)
        .or("any", TransferMechanism.Processors.any) { .listed(Set($0)) }
        .or("none", .listed([])) { $0 }
}

extension Shape where Value == TransferMechanism.RetentionLimit {
    static let retentionLimit = Shape<TimeSpan>.retention
        .or("unlimited", TransferMechanism.RetentionLimit.unlimited) { .atMost($0) }
}

extension Fields {
    /// What a statement rests on: facts without a date cannot be checked again.
    func source() -> Source? {
        let text = required("source", .sentence)
        let readOn = required("readOn", .beginning)
        guard let text, let readOn else { return nil }
        return Source(text, readOn: readOn)
    }
}
