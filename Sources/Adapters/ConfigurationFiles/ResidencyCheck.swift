// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import ResourceTypes

// What documents on residency must say of each other. Silence is an error here, because it would have to be read as
// a permission or as a refusal of everything.

extension DecodingContext {
    func checkResidency(of resources: DeclaredResources) {
        guard let bundle = resources.policyBundles.first else { return refuseRulesWithoutBundle(resources) }
        for another in resources.policyBundles.dropFirst() {
            report(
                sources.problem(
                    at: ResourceName(.policyBundle, another.name), "", "there is already PolicyBundle \(bundle.name)",
                    hint: "one bundle dates all rules"))
        }
        for tenant in resources.tenants where tenant.residency == nil {
            // One that is there but wrong was reported where it is.
            guard !sources.isWritten("spec.residency", of: ResourceName(.tenant, tenant.name)) else { continue }
            report(
                sources.problem(
                    at: ResourceName(.tenant, tenant.name), "spec.residency",
                    "missing: PolicyBundle \(bundle.name) turns residency on, and nobody says what this tenant demands",
                    hint: "state subjects and classes, e.g. residency: {subjects: [DE], classes: [personal]}"))
        }
        checkKeys(of: resources)
        checkModels(of: resources)
    }

    private func refuseRulesWithoutBundle(_ resources: DeclaredResources) {
        let rules =
            resources.jurisdictionUnions.map { (ResourceName(.jurisdictionUnion, $0.name), "") }
            + resources.residencyPolicies.map { (ResourceName(.residencyPolicy, $0.name), "") }
            + resources.transferMechanisms.map { (ResourceName(.transferMechanism, $0.name), "") }
            + resources.placementRights.map { (ResourceName(.placementRight, $0.name), "") }
            + resources.tenants.filter { $0.residency != nil }.map {
                (ResourceName(.tenant, $0.name), "spec.residency")
            }
            + resources.keys.filter { $0.residency != nil }.map { (ResourceName(.key, $0.name), "spec.residency") }
        for (resource, path) in rules {
            report(
                sources.problem(
                    at: resource, path, "without a PolicyBundle this would not be kept",
                    hint: "add one: kind: PolicyBundle, spec: {notAfter: DATE}"))
        }
    }

    /// A key can only narrow what its tenant has.
    private func checkKeys(of resources: DeclaredResources) {
        let tenants = Dictionary(resources.tenants.map { ($0.name, $0) }) { first, _ in first }
        for key in resources.keys {
            guard let narrowing = key.residency, let tenant = tenants[key.tenant], let profile = tenant.residency
            else { continue }
            do throws(NarrowingFault) {
                _ = try profile.narrowed(by: narrowing, unions: resources.jurisdictionUnions)
            } catch {
                let (field, message) = error.report(tenant: tenant.name)
                report(
                    sources.problem(
                        at: ResourceName(.key, key.name), "spec.residency.\(field)", message,
                        hint: "a key can only narrow what its tenant has"))
            }
        }
    }

    /// Somebody may have a right in a model that nobody thought of.
    private func checkModels(of resources: DeclaredResources) {
        for model in resources.models {
            let right = resources.placementRights.first { $0.subject.names(model) }
            if let right, model.origin.hasNoRights {
                report(
                    sources.problem(
                        at: ResourceName(.model, model.name), "spec.rights",
                        "states that nobody has a right, but PlacementRight \(right.name) is about it",
                        hint: "remove rights: none"))
            }
            guard right == nil, !model.origin.hasNoRights else { continue }
            report(
                sources.problem(
                    at: ResourceName(.model, model.name), "spec.rights",
                    "nobody says who has a right in where this model runs",
                    hint: "state rights: none, or vendor and a PlacementRight for it"))
        }
    }
}

extension PlacementRight.Subject {
    fileprivate func names(_ model: Model) -> Bool {
        if let vendor, vendor != model.origin.vendor { return false }
        if let family, family != model.origin.family { return false }
        return models?.contains(model.name) ?? true
    }
}

extension NarrowingFault {
    fileprivate func report(tenant: String) -> (field: String, message: String) {
        switch self {
        case .purpose(let purpose): ("purpose", "Tenant \(tenant) states the purpose \(purpose.rawValue)")
        case .mechanism(let name): ("mechanisms", "Tenant \(tenant) has not taken up TransferMechanism \(name)")
        case .within(let place): ("within", "\(place) is outside of what Tenant \(tenant) allows")
        case .retention: ("retentionMax", "longer than Tenant \(tenant) allows")
        case .attestation: ("attestationAgeMax", "older than Tenant \(tenant) allows")
        }
    }
}
