// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// PlacementRight: who may host a model, where, and when. `kind` decides which further fields there are.

private enum RightKind: String, CaseIterable { case exclusivity, firstAccess, licence, territory, exportControl }

extension Shape where Value == PlacementRight {
    static func placementRight(named name: String) -> Shape {
        .object { fields in
            guard let kind = fields.required("kind", .oneOf(RightKind.self)) else {
                fields.ignoreAll()
                return nil
            }
            let subject = fields.section("subject", .rightSubject(listsModels: kind == .licence))
            let term = term(kind, fields)
            let isForHolders = kind == .exclusivity || kind == .firstAccess || kind == .licence
            let holders =
                isForHolders
                ? fields.required("holders", .list(.name, count: 1...64).unique("holder", by: \.self)) : nil
            let scope = kind == .licence ? nil : fields.optional("scope", .places)
            let carveOuts = kind == .licence ? nil : fields.optional("carveOuts", .list(.name, count: 1...64))
            let notBefore =
                kind == .licence ? fields.required("notBefore", .beginning) : fields.optional("notBefore", .beginning)
            let notAfter = kind == .licence ? fields.required("notAfter", .end) : fields.optional("notAfter", .end)
            let source = fields.source()
            guard let subject, let term, let source, holders != nil || !isForHolders else { return nil }
            return PlacementRight(
                name: name, term: term, subject: subject, holders: holders.map { Set($0) }, scope: scope,
                carveOuts: Set(carveOuts ?? []), notBefore: notBefore, notAfter: notAfter, source: source)
        }
    }

    private static func term(_ kind: RightKind, _ fields: Fields) -> PlacementRight.Term? {
        switch kind {
        case .exclusivity: return .exclusivity
        case .licence: return .licence
        case .territory: return fields.required("places", .places).map { .territory($0) }
        case .exportControl: return fields.required("places", .places).map { .exportControl($0) }
        case .firstAccess:
            return .firstAccess(
                generalAvailability: fields.optional("generalAvailability", .beginning),
                window: fields.optional("window", .retention), declinedOn: fields.optional("declinedOn", .beginning))
        }
    }
}

extension Shape where Value == PlacementRight.Subject {
    /// - Parameter listsModels: a permission names what it is for.
    fileprivate static func rightSubject(listsModels: Bool) -> Shape {
        .object { fields in
            let models = Shape<[String]>.list(.reference(to: .model), count: 1...256).unique("model", by: \.self)
            let listed = listsModels ? fields.required("models", models) : fields.optional("models", models)
            return PlacementRight.Subject(
                vendor: fields.optional("vendor", .name), family: fields.optional("family", .name), models: listed)
        }
        .checked { subject, cursor in
            if subject != PlacementRight.Subject() { return true }
            cursor.report("the subject is empty: it would be every model", hint: "state vendor, family or models")
            return false
        }
    }
}

extension Fields {
    /// `vendor`, `family`, `rights: none` of a Model.
    func origin() -> ModelOrigin {
        ModelOrigin(
            vendor: optional("vendor", .name), family: optional("family", .name),
            hasNoRights: optional("rights", .none) ?? false)
    }
}

extension Shape where Value == Bool {
    fileprivate static let none = text("none") {
        $0 == "none" ? .value(true) : .refused(hint: "rights that exist are PlacementRights")
    }
}
