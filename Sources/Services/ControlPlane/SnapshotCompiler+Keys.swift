// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    mutating func compileKeys(
        regions: Regions, endpoints: Endpoints, routes: Routes, profiles: [String: ProfileID]
    ) -> [KeyRecord] {
        let tenants = Dictionary(resources.tenants.map { ($0.name, $0) }) { first, _ in first }
        var holders = KeyHolders()
        return resources.keys.compactMap { key in
            let resource = ResourceName(.key, key.name)
            guard let secret = secret(of: key, in: &holders),
                let hashes = hashes(key.hashed, of: resource, in: &holders.prefixes)
            else {
                return nil
            }
            checkWorkloads(of: key, in: &holders.workloads)
            guard let tenant = tenants[key.tenant] else {
                refuse(resource, "spec.tenant", "no Tenant is named \"\(key.tenant)\"")
                return nil
            }
            let region = tenant.region.flatMap { regionID($0, regions, of: ResourceName(.tenant, tenant.name)) }
            return KeyRecord(
                name: key.name, tenant: key.tenant, secret: secret.value, hashes: hashes, tokens: key.tokens,
                workloads: key.workloads, region: region, routes: key.routes.map { routeIDs($0, routes, of: resource) },
                scopes: ScopeRecord(key.scopes, endpoints: mask(of: key.scopes, regions, endpoints)),
                expiresAtUnixSeconds: key.expiresAtUnixSeconds, profile: profiles[key.name],
                requiresAudit: tenant.audit == .required)
        }
    }

    /// Whose each secret and each id is.
    private struct KeyHolders {
        var secrets: [[UInt8]: String] = [:]
        var prefixes: [String: ResourceName] = [:]
        var workloads: [String: String] = [:]
    }

    /// A certificate must say whose requests it makes.
    private mutating func checkWorkloads(of key: Key, in holders: inout [String: String]) {
        for (index, workload) in key.workloads.enumerated() {
            guard let holder = holders.updateValue(key.name, forKey: workload) else { continue }
            refuse(
                ResourceName(.key, key.name), "spec.workloads[\(index)]", "Key \(holder) has the same",
                hint: "keep it in one of them")
        }
    }

    /// - Returns: `nil` when it has been refused; a value of `nil` for a key without one.
    private mutating func secret(of key: Key, in holders: inout KeyHolders) -> (value: Secret?, Void)? {
        guard let reference = key.secret else { return (nil, ()) }
        let resource = ResourceName(.key, key.name)
        guard let secret = secrets[reference] else {
            refuse(resource, "spec.secret", "the secret was not read")
            return nil
        }
        return isUnique(secret, of: resource, in: &holders.secrets) ? (secret, ()) : nil
    }

    /// Tokens for the admin port.
    mutating func compileRoleBindings() -> [RoleBindingRecord] {
        var holders: [String: ResourceName] = [:]
        return resources.roleBindings.compactMap { binding in
            let resource = ResourceName(.roleBinding, binding.name)
            guard let hashes = hashes(binding.hashed, of: resource, in: &holders) else { return nil }
            let principal = AdminPrincipal(name: binding.name, roles: binding.roles, tenants: binding.tenants)
            return RoleBindingRecord(principal: principal, hashes: hashes, tokens: binding.tokens)
        }
    }

    /// A token names its issuer, and one document has to say what it may.
    mutating func checkTokenIssuers() {
        var holders: [String: String] = [:]
        for issuer in resources.tokenIssuers {
            guard let holder = holders.updateValue(issuer.name, forKey: issuer.issuer) else { continue }
            refuse(
                ResourceName(.tokenIssuer, issuer.name), "spec.issuer", "TokenIssuer \(holder) is the same issuer",
                hint: "join them; Keys tell the bearers apart")
        }
    }

    private mutating func hashes(
        _ secrets: [HashedSecret], of resource: ResourceName, in holders: inout [String: ResourceName]
    ) -> [SecretHash]? {
        var hashes: [SecretHash] = []
        for (index, hashed) in secrets.enumerated() {
            let path = "spec.hashed[\(index)]"
            guard let pepper = self.secrets[hashed.pepper] else {
                refuse(resource, path + ".pepper", "the secret was not read")
                return nil
            }
            guard pepper.count >= SecretResolver.pepperBytesMin else {
                refuse(
                    resource, path + ".pepper",
                    "the pepper has only \(pepper.count) bytes; allowed: \(SecretResolver.pepperBytesMin) or more",
                    hint:
                        "make one with openssl rand -hex 32, and the key anew: a hash under a short pepper can be searched"
                )
                return nil
            }
            if let holder = holders.updateValue(resource, forKey: hashed.prefix) {
                refuse(
                    resource, path + ".prefix", "\(holder) has the same", hint: "make another with isobar key new")
                return nil
            }
            hashes.append(
                SecretHash(
                    id: Array(hashed.prefix.utf8.dropFirst(KeyText.idRange.lowerBound)), digest: hashed.digest,
                    pepper: pepper, expiresAtUnixSeconds: hashed.expiresAtUnixSeconds))
        }
        return hashes
    }

    /// The endpoints of a key's regions that serve its models; `nil`: all.
    private func mask(of scopes: KeyScopes, _ regions: Regions, _ endpoints: Endpoints) -> EndpointMask? {
        guard scopes.regions != nil || scopes.models != nil else { return nil }
        let allowed = scopes.regions.map { Set($0.compactMap { regions.ids[$0] }) }
        var members = endpoints.records.map { allowed?.contains($0.region) ?? true }
        if let models = scopes.models {
            for (name, id) in endpoints.ids where !models.contains(name.model) { members[Int(id.index)] = false }
        }
        return EndpointMask(members)
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
