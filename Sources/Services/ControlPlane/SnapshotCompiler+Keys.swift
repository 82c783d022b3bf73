// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    mutating func compileKeys(regions: Regions, routes: Routes, profiles: [String: ProfileID]) -> [KeyRecord] {
        let tenants = Dictionary(resources.tenants.map { ($0.name, $0) }) { first, _ in first }
        var holders: [[UInt8]: String] = [:]
        return resources.keys.compactMap { key in
            let resource = ResourceName(.key, key.name)
            guard let secret = secrets[key.secret] else {
                refuse(resource, "spec.secret", "the secret was not read")
                return nil
            }
            guard isUnique(secret, of: resource, in: &holders) else { return nil }
            guard let tenant = tenants[key.tenant] else {
                refuse(resource, "spec.tenant", "no Tenant is named \"\(key.tenant)\"")
                return nil
            }
            let region = tenant.region.flatMap { regionID($0, regions, of: ResourceName(.tenant, tenant.name)) }
            return KeyRecord(
                name: key.name, tenant: key.tenant, secret: secret, region: region,
                routes: key.routes.map { routeIDs($0, routes, of: resource) },
                expiresAtUnixSeconds: key.expiresAtUnixSeconds, profile: profiles[key.name],
                requiresAudit: tenant.audit == .required)
        }
    }

    /// A presented key must say who presents it.
    private mutating func isUnique(
        _ secret: Secret, of key: ResourceName, in holders: inout [[UInt8]: String]
    ) -> Bool {
        if secret.count < SecretResolver.guessableBytes {
            warnings.append(
                configuration.sources.problem(
                    .warning, at: key, "spec.secret", "the key has only \(secret.count) bytes",
                    hint: "use at least 128 random bits, e.g. openssl rand -hex 32"))
        }
        guard let holder = holders.updateValue(key.name, forKey: secret.withBytes { Array($0) }) else { return true }
        refuse(key, "spec.secret", "the same secret as Key \(holder)", hint: "give each key its own")
        return false
    }

    private mutating func routeIDs(_ names: [String], _ routes: Routes, of key: ResourceName) -> [RouteID] {
        var ids: [RouteID] = []
        for (index, name) in names.enumerated() {
            if let id = routes.ids[name] {
                ids.append(id)
            } else {
                refuse(key, "spec.routes[\(index)]", "no usable Route is named \"\(name)\"")
            }
        }
        return ids
    }
}
