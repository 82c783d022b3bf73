// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Who asks: Tenant, Key.

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
            let secret = fields.required("secret", .secret)
            let routes = fields.optional(
                "routes", .list(.reference(to: .route), count: 1...1_000).unique("route", by: \.self))
            let team = fields.optional("team", .name)
            let expiresAt = fields.optional("expiresAt", .timestamp)
            let residency = fields.optional("residency", .residencyNarrowing)
            guard let tenant, let secret else { return nil }
            return Key(
                name: name, tenant: tenant, team: team, secret: secret, routes: routes, expiresAtUnixSeconds: expiresAt,
                residency: residency)
        }
    }
}
