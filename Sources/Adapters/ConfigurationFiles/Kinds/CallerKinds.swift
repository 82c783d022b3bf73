// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Who asks: Tenant, Key (and TokenKinds.swift); and who steers: RoleBinding.

extension Shape where Value == Tenant {
    static func tenant(named name: String) -> Shape {
        .object { fields in
            Tenant(
                name: name, region: fields.optional("region", .reference(to: .region)),
                residency: fields.optional("residency", .residencyProfile),
                audit: fields.optional("audit", .oneOf(AuditDemand.self)) ?? .bestEffort)
        }
    }
}

extension Shape where Value == Key {
    static func key(named name: String) -> Shape {
        .object { fields in
            let tenant = fields.required("tenant", .reference(to: .tenant))
            let secret = fields.optional("secret", .secret)
            let hashed = fields.optional("hashed", .hashedSecrets)
            let tokens = fields.optional("tokens", .list(.tokenMatch, count: 1...16))
            let workloads = fields.optional(
                "workloads", .list(.spiffeID, count: 1...1_000).unique("workload", by: \.self))
            let routes = fields.optional(
                "routes", .list(.reference(to: .route), count: 1...1_000).unique("route", by: \.self))
            let scopes = KeyScopes(
                models: fields.optional(
                    "models", .list(.reference(to: .model), count: 1...1_000).unique("model", by: \.self)),
                regions: fields.optional(
                    "regions", .list(.reference(to: .region), count: 1...1_000).unique("region", by: \.self)),
                actions: fields.optional(
                    "actions",
                    .list(.oneOf(CallerAction.self), count: 1...CallerAction.allCases.count).unique(
                        "action", by: \.self)))
            let team = fields.optional("team", .name)
            let expiresAt = fields.optional("expiresAt", .timestamp)
            let residency = fields.optional("residency", .residencyNarrowing)
            guard ["secret", "hashed", "tokens", "workloads"].contains(where: { fields.isWritten($0) }) else {
                fields.cursor.report(
                    "there is nothing to recognise the key by",
                    hint: "make one with `isobar key new \(name)` and put its `hashed:` here, refer to a `secret:`, or "
                        + "say which `tokens:` of a TokenIssuer, or whose certificates (`workloads:`) stand for it")
                return nil
            }
            guard let tenant else { return nil }
            return Key(
                name: name, tenant: tenant, team: team, secret: secret, hashed: hashed ?? [], tokens: tokens ?? [],
                workloads: workloads ?? [], routes: routes, scopes: scopes, expiresAtUnixSeconds: expiresAt, residency: residency)
        }
    }
}

extension Shape where Value == RoleBinding {
    static func roleBinding(named name: String) -> Shape {
        .object { fields in
            let roles = fields.required(
                "roles", .list(.oneOf(Role.self), count: 1...Role.allCases.count).unique("role", by: \.self))
            let tenants = fields.optional(
                "tenants", .list(.reference(to: .tenant), count: 1...1_000).unique("tenant", by: \.self))
            let hashed = fields.optional("hashed", .hashedSecrets)
            let tokens = fields.optional("tokens", .list(.tokenMatch, count: 1...16))
            guard fields.isWritten("hashed") || fields.isWritten("tokens") else {
                fields.cursor.report(
                    "nobody is bound to the roles",
                    hint: "make a token with `isobar key new \(name) --role …` and put its `hashed:` here, or say which "
                        + "`tokens:` of a TokenIssuer stand for it")
                return nil
            }
            guard let roles else { return nil }
            return RoleBinding(
                name: name, roles: roles, tenants: tenants, hashed: hashed ?? [], tokens: tokens ?? [])
        }
    }
}
