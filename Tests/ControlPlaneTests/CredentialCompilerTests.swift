// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("Credentials compile to what is sent, or to whom to ask")
struct CredentialCompilerTests {
    private let bedrock = AWSIdentity(region: "eu-central-1", source: .instance)
    private let entra = EntraIdentity(source: .clientSecret(tenant: "t", client: "c", secret: .environment("E1")))

    private func resources(_ credentials: [EndpointCredential], _ others: [EndpointCredential] = [])
        -> DeclaredResources
    {
        var resources = smallResources()
        resources.endpoints[0].credentials = credentials
        resources.endpoints[1].credentials = others
        return resources
    }

    @Test("a cloud's credential names its source, which carries its secrets")
    func dynamic() throws {
        let snapshot = try compile(
            resources([
                .key(.xAPIKey, .environment("E1")), .entraToken(entra), .awsSignature(bedrock, service: "bedrock"),
            ])
        ).snapshot
        #expect(
            snapshot.endpoints[0].address.credentials.map(\.text) == [
                "x-api-key: upstream-key", "1", "2 eu-central-1 bedrock",
            ])
        #expect(
            snapshot.credentialSources.mapValues(\.identity) == [
                CredentialID(1): .entra(entra), CredentialID(2): .aws(bedrock),
            ])
        #expect(snapshot.credentialSources[CredentialID(1)]?.secrets[.environment("E1")]?.text == "upstream-key")
        #expect(snapshot.credentialSources[CredentialID(2)]?.secrets.isEmpty == true)
    }

    @Test("endpoints that state the same identity share it, also for different services")
    func shared() throws {
        let snapshot = try compile(
            resources([.awsSignature(bedrock, service: "bedrock")], [.awsSignature(bedrock, service: "bedrock-mantle")])
        ).snapshot
        #expect(snapshot.endpoints[0].address.credentials.map(\.text) == ["1 eu-central-1 bedrock"])
        #expect(snapshot.endpoints[2].address.credentials.map(\.text) == ["1 eu-central-1 bedrock-mantle"])
        #expect(snapshot.credentialSources.count == 1)
    }

    @Test("an identity keeps its number over reloads, and no other ever gets it")
    func stable() throws {
        let google = EndpointCredential.googleToken(GoogleIdentity(source: .metadata))
        let first = try compile(resources([.entraToken(entra), .awsSignature(bedrock, service: "bedrock")]))
        let second = try compile(
            resources([google, .awsSignature(bedrock, service: "bedrock")]), credentialIDs: first.credentialIDs)
        #expect(second.snapshot.endpoints[0].address.credentials.map(\.text) == ["3", "2 eu-central-1 bedrock"])
        let third = try compile(resources([.entraToken(entra)]), credentialIDs: second.credentialIDs)
        #expect(third.snapshot.endpoints[0].address.credentials.map(\.text) == ["4"])
        #expect(third.snapshot.credentialSources.keys.map(\.number) == [4])
    }

    @Test("a cloud's secret that was not read is a problem, not a trap")
    func missingSecret() {
        var identity = entra
        identity.source = .clientSecret(tenant: "t", client: "c", secret: .environment("X"))
        let found = refusals {
            $0.endpoints[0].credentials = [.key(.bearer, .environment("E1")), .entraToken(identity)]
        }
        #expect(found.first == "the secret was not read")
    }

    @Test("as many credentials and identities as allowed compile, one more does not")
    func limits() {
        let keys = [EndpointCredential](repeating: .key(.bearer, .environment("E1")), count: 9)
        #expect(refusals { $0.endpoints[0].credentials = Array(keys.dropLast()) } == [])
        #expect(refusals { $0.endpoints[0].credentials = keys }.first == "9 credentials; allowed: 8")
        func endpoints(_ count: Int) -> [Endpoint] {
            (0..<count).map { index in
                Endpoint(
                    name: "n\(index)", region: "east", url: "http://h",
                    credentials: [
                        .awsSignature(AWSIdentity(region: "r\(index)", source: .instance), service: "bedrock")
                    ], serves: [ServedModel(model: "small")])
            }
        }
        #expect(refusals { $0.endpoints += endpoints(1_000) } == [])
        #expect(refusals { $0.endpoints += endpoints(1_001) } == ["1001 cloud identities; allowed: 1000"])
    }
}
