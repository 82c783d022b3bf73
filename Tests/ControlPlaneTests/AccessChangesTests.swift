// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import AuditLog
import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("What a configuration changes in who may ask and steer")
struct AccessChangesTests {
    private static let first = Key(name: "app", tenant: "acme", secret: .environment("APP"), routes: ["large"])

    private func snapshot(_ keys: [Key], _ change: (inout DeclaredResources) -> Void = { _ in }) throws -> RoutingSnapshot {
        var resources = smallResources()
        resources.tenants.append(Tenant(name: "other"))
        resources.keys = keys
        change(&resources)
        var secrets = smallSecrets()
        secrets[.environment("NEW")] = Secret(Array("another-secret-0".utf8))
        secrets[.environment("PEPPER")] = Secret([UInt8](repeating: 1, count: 32))
        return try compile(resources, secrets: secrets).snapshot
    }

    private func changes(to keys: [Key], _ change: (inout DeclaredResources) -> Void = { _ in }) throws
        -> [AdministrativeEvent]
    {
        AccessChanges.keys(from: try snapshot([Self.first]), to: try snapshot(keys, change))
    }

    @Test("the same keys are no change, though every number of the snapshot is another")
    func same() throws {
        #expect(try changes(to: [Self.first]).isEmpty)
        let reordered = try changes(to: [Self.first]) { resources in
            resources.routes.reverse()
            resources.endpoints.reverse()
        }
        #expect(reordered.isEmpty)
    }

    @Test("whatever a key may do with is a change of it")
    func changed() throws {
        let variants: [(inout Key) -> Void] = [
            { $0.secret = .environment("NEW") }, { $0.tenant = "other" }, { $0.routes = nil }, { $0.routes = ["chat"] },
            { $0.expiresAtUnixSeconds = 9 }, { $0.scopes.models = ["small"] },
            { $0.workloads = ["spiffe://a/b"] },
            { $0.tokens = [TokenMatch(issuer: "corp", claims: [ClaimTest(name: "sub", values: ["a"])])] },
            {
                $0.hashed = [
                    HashedSecret(
                        prefix: "isb_abcdEF09", digest: [UInt8](repeating: 7, count: 32),
                        pepper: .environment("PEPPER"), expiresAtUnixSeconds: nil)
                ]
            },
        ]
        for (number, change) in variants.enumerated() {
            var key = Self.first
            change(&key)
            #expect(try changes(to: [key]) == [.key(.changed, name: "app", tenant: key.tenant)], "variant \(number)")
        }
        let audited = try changes(to: [Self.first]) { $0.tenants[0].audit = .required }
        #expect(audited == [.key(.changed, name: "app", tenant: "acme")])
    }

    @Test("keys come and go; a new name for an old secret is both")
    func comeAndGo() throws {
        let second = Key(name: "second", tenant: "other", secret: .environment("NEW"))
        #expect(try changes(to: [Self.first, second]) == [.key(.added, name: "second", tenant: "other")])
        #expect(try changes(to: []) == [.key(.removed, name: "app", tenant: "acme")])
        var renamed = Self.first
        renamed.name = "renamed"
        #expect(
            try changes(to: [renamed]) == [
                .key(.removed, name: "app", tenant: "acme"), .key(.added, name: "renamed", tenant: "acme"),
            ])
    }

    @Test("role bindings: token, roles and tenants count")
    func roles() {
        func record(_ name: String = "ops", roles: [Role] = [.viewer], tenants: [String]? = nil, digest: UInt8 = 7)
            -> RoleBindingRecord
        {
            let hash = SecretHash(
                id: Array("abcdEF09".utf8), digest: [digest], pepper: Secret([1]), expiresAtUnixSeconds: nil)
            return RoleBindingRecord(
                principal: AdminPrincipal(name: name, roles: roles, tenants: tenants), hashes: [hash])
        }
        #expect(AccessChanges.roles(from: [record()], to: [record()]).isEmpty)
        for other in [record(roles: [.admin]), record(tenants: ["acme"]), record(digest: 8)] {
            #expect(AccessChanges.roles(from: [record()], to: [other]) == [.roleBinding(.changed, name: "ops")])
        }
        #expect(
            AccessChanges.roles(from: [record()], to: [record("other")]) == [
                .roleBinding(.removed, name: "ops"), .roleBinding(.added, name: "other"),
            ])
    }
}
