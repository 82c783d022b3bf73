// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing

@testable import ControlPlane

/// A small right configuration: two regions of two providers, two endpoints, one route, one key.
func smallResources() -> DeclaredResources {
    var resources = DeclaredResources()
    resources.providers = [Provider(name: "azure", flavor: .vllm), Provider(name: "aws", flavor: .sglang)]
    resources.regions = [
        Region(name: "east", provider: "azure", jurisdiction: "US", roundTrips: ["west": .milliseconds(60)]),
        Region(name: "west", provider: "aws", jurisdiction: "US"),
        Region(name: "far", provider: "aws", jurisdiction: "IN"),
    ]
    resources.models = [Model(name: "small", contextTokensMax: 4096), Model(name: "big")]
    resources.endpoints = [
        Endpoint(
            name: "e1", region: "east", url: "https://one.example/openai/v1/",
            credentials: [.key(.apiKey, .environment("E1"))],
            serves: [ServedModel(model: "small"), ServedModel(model: "big", upstreamName: "a\"b\\c\u{1}é")]),
        Endpoint(name: "e2", region: "west", url: "http://[::1]:8000", serves: [ServedModel(model: "small")]),
    ]
    resources.routes = [
        Route(
            name: "chat", modelNames: ["small", "gpt"], models: ["small"],
            tiers: [RouteTier(name: "a", endpoints: ["e1"]), RouteTier(name: "b", endpoints: ["e2"])]),
        Route(name: "large", modelNames: ["big"], models: ["big"], tiers: [RouteTier(name: "a", endpoints: ["e1"])]),
    ]
    resources.tenants = [Tenant(name: "acme", region: "far")]
    resources.keys = [
        Key(name: "app", tenant: "acme", secret: .environment("APP"), routes: ["large"], expiresAtUnixSeconds: 9)
    ]
    return resources
}

func smallSecrets() -> ResolvedSecrets {
    var secrets = ResolvedSecrets()
    secrets[.environment("E1")] = Secret(Array("upstream-key".utf8))
    secrets[.environment("APP")] = Secret(Array("0123456789abcdef".utf8))
    return secrets
}

func compile(
    _ resources: DeclaredResources, secrets: ResolvedSecrets = smallSecrets(), slots: GaugeSlots = GaugeSlots(),
    credentialIDs: CredentialIDs = CredentialIDs()
) throws(ConfigurationProblems) -> SnapshotCompiler.Output {
    try SnapshotCompiler.compile(
        Configuration(resources: resources), secrets: secrets, slots: slots, credentialIDs: credentialIDs, version: 1)
}

func refusals(_ change: (inout DeclaredResources) -> Void) -> [String] {
    var resources = smallResources()
    change(&resources)
    do throws(ConfigurationProblems) {
        _ = try compile(resources)
        return []
    } catch { return error.all.map(\.message) }
}

extension CredentialRecord {
    /// The header line, or how the credential is named and used.
    var text: String {
        switch self {
        case .header(let secret): secret.text
        case .dynamic(let id, .headerLines): "\(id.number)"
        case .dynamic(let id, .awsSignature(let region, let service)): "\(id.number) \(region) \(service)"
        }
    }
}

extension Secret {
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
