// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("Virtual keys and scopes, compiled")
struct KeyCompilerTests {
    private static let pepper = SecretReference.environment("PEPPER")
    private static let secrets: ResolvedSecrets = {
        var secrets = smallSecrets()
        secrets[pepper] = Secret([UInt8](repeating: 0x61, count: 32))
        secrets[.environment("SHORT")] = Secret([UInt8](repeating: 0x61, count: 31))
        return secrets
    }()

    private static func hashed(_ prefix: String, _ pepper: SecretReference = pepper) -> HashedSecret {
        HashedSecret(prefix: prefix, digest: [UInt8](repeating: 7, count: 32), pepper: pepper, expiresAtUnixSeconds: 5)
    }

    private func compiled(_ keys: [Key]) throws -> RoutingSnapshot {
        var resources = smallResources()
        resources.keys = keys
        return try compile(resources, secrets: Self.secrets).snapshot
    }

    private func refused(_ keys: [Key]) -> [String] {
        do throws(ConfigurationProblems) {
            var resources = smallResources()
            resources.keys = keys
            _ = try compile(resources, secrets: Self.secrets)
            return []
        } catch { return error.all.map(\.message) }
    }

    @Test("a hashed key needs no secret; its id, hash, pepper and end arrive")
    func hashes() throws {
        let snapshot = try compiled([Key(name: "k", tenant: "acme", secret: nil, hashed: [Self.hashed("isb_abcdEF09")])]
        )
        let hash = try #require(snapshot.keys[0].hashes.first)
        #expect(snapshot.keys[0].secret == nil && hash.id == Array("abcdEF09".utf8) && hash.expiresAtUnixSeconds == 5)
        #expect(hash.digest == [UInt8](repeating: 7, count: 32) && hash.pepper.count == 32)
    }

    @Test("one prefix belongs to one key, and a pepper is long")
    func wrong() {
        let twice = ["a", "b"].map { Key(name: $0, tenant: "acme", secret: nil, hashed: [Self.hashed("isb_abcdEF09")]) }
        #expect(refused(twice) == ["Key a has the same"])
        let short = Key(
            name: "k", tenant: "acme", secret: nil, hashed: [Self.hashed("isb_abcdEF09", .environment("SHORT"))])
        #expect(refused([short]) == ["the pepper has only 31 bytes; allowed: 32 or more"])
        let unread = Key(
            name: "k", tenant: "acme", secret: nil, hashed: [Self.hashed("isb_abcdEF09", .environment("NO"))])
        #expect(refused([unread]) == ["the secret was not read"])
    }

    /// Endpoints of the small configuration: e1 in east with small and big, e2 in west with small.
    @Test(
        "regions and models leave the endpoints that are in the one and serve the other",
        arguments: [
            (nil, nil, ["e1", "e1/big", "e2"]), (["east"], nil, ["e1", "e1/big"]), (nil, ["small"], ["e1", "e2"]),
            (["east"], ["small"], ["e1"]), (["west"], ["big"], []), (["far"], nil, []),
            (["east", "west"], ["big", "small"], ["e1", "e1/big", "e2"]),
        ] as [([String]?, [String]?, [String])])
    func masks(regions: [String]?, models: [String]?, expected: [String]) throws {
        let key = Key(
            name: "k", tenant: "acme", secret: .environment("APP"), scopes: KeyScopes(models: models, regions: regions))
        let snapshot = try compiled([key])
        let mask = snapshot.keys[0].scopes.endpoints
        let left = snapshot.endpoints.indices.filter { mask?.contains(EndpointID($0)) ?? true }
        #expect(left.map { snapshot.endpoints[$0].name } == expected)
        #expect((mask == nil) == (regions == nil && models == nil))
    }

    @Test("every operation is of exactly one action, and an action allows its own only")
    func actions() {
        for operation in Operation.allCases {
            #expect(CallerAction.allCases.filter { $0.operations.contains(operation) }.count == 1, "\(operation)")
        }
        let record = ScopeRecord(KeyScopes(actions: [.embeddings]), endpoints: nil)
        #expect(Operation.allCases.filter { record.operations.contains($0) } == [.embeddings] && !record.listsModels)
        #expect(ScopeRecord(KeyScopes(), endpoints: nil).listsModels)
    }

    @Test("one document per issuer, one Key per workload")
    func once() {
        func messages(_ change: (inout DeclaredResources) -> Void) -> [String] {
            do throws(ConfigurationProblems) {
                var resources = smallResources()
                change(&resources)
                _ = try compile(resources, secrets: Self.secrets)
                return []
            } catch { return error.all.map(\.message) }
        }
        func issuer(_ name: String, _ url: String) -> TokenIssuer {
            TokenIssuer(
                name: name, issuer: url, audiences: ["a"], algorithms: ["RS256"], lifetimeMax: .seconds(60),
                keysAgeMax: .seconds(300))
        }
        #expect(messages { $0.tokenIssuers = [issuer("a", "https://a"), issuer("b", "https://b")] }.isEmpty)
        let twice = messages { $0.tokenIssuers = [issuer("a", "https://a"), issuer("b", "https://a")] }
        #expect(twice == ["TokenIssuer a is the same issuer"])
        let workload = messages {
            $0.keys = ["a", "b"].map { Key(name: $0, tenant: "acme", secret: nil, workloads: ["spiffe://d/w"]) }
        }
        #expect(workload == ["Key a has the same"])
    }
}
