// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import FoundationEssentials
import ResourceTypes
import Testing

@Suite("Documents become values")
struct DecodingTests {
    @Test("every property of every kind is read")
    func everyProperty() throws {
        let resources = try decode(Self.complete).resources
        #expect(resources.providers == [Provider(name: "azure", flavor: .llamaCpp)])
        #expect(
            resources.regions == [
                Region(
                    name: "eastus", provider: "azure", jurisdiction: "US", roundTrips: ["oslo": .microseconds(90_500)]),
                Region(name: "oslo", provider: "azure", jurisdiction: "NO"),
            ])
        #expect(
            resources.models == [
                Model(
                    name: "small", contextTokensMax: 8192, modalities: [.text, .speech], languages: ["hi-IN", "ta"])
            ])
        #expect(resources.endpoints == [Self.endpoint])
        #expect(resources.routes == [Self.route])
        #expect(resources.tenants == [Tenant(name: "acme", region: "oslo")])
        #expect(
            resources.keys == [
                Key(
                    name: "app", tenant: "acme", secret: .file("keys/app"), routes: ["chat"],
                    expiresAtUnixSeconds: 1_798_761_600)
            ])
        #expect(resources.currency == Currency("EUR"))
    }

    @Test("what is left out has the defaults of the types")
    func defaults() throws {
        let route = document("Route", "chat", "model: m", "tiers: [{name: default, endpoints: [e]}]")
        let resources = try decode(surroundings + ConfigurationFilesTests.endpoint + route).resources
        #expect(resources.providers == [Provider(name: "p", flavor: .generic)])
        #expect(
            resources.endpoints == [
                Endpoint(name: "e", region: "r", url: "http://localhost:1/v1", serves: [ServedModel(model: "m")])
            ])
        let tier = RouteTier(name: "default", endpoints: ["e"])
        #expect(resources.routes == [Route(name: "chat", modelNames: ["m"], models: ["m"], tiers: [tier])])
        #expect(resources.tenants == [Tenant(name: "t")])
        #expect(resources.currency == .usd)
    }

    @Test("a route may serve several models, and then says what callers ask for")
    func severalModels() throws {
        let models = document("Model", "n") + endpoint(serving: "m, n")
        let route = document("Route", "both", "model: [m, n]", "models: [any]", "tiers: [{name: a, endpoints: [f]}]")
        let resources = try decode(surroundings + models + route).resources
        #expect(resources.routes.map(\.models) == [["m", "n"]])
        #expect(resources.routes.map(\.modelNames) == [["any"]])
    }

    private func endpoint(serving models: String) -> String {
        let serves = models.split(separator: ", ").map { "{model: \($0)}" }.joined(separator: ", ")
        return document("Endpoint", "f", "region: r", "url: http://localhost:1/v1", "serves: [\(serves)]")
    }

    @Test("prices may be of tokens, of anything else, or of both")
    func prices() throws {
        let serves = "serves: [{model: m, prices: {currency: INR, perAudioMinute: 0.5}}]"
        let text = document("Endpoint", "e", "region: r", "url: http://localhost:1/v1", serves)
        let served = try #require(try decode(surroundings + text).resources.endpoints.first?.serves.first)
        #expect(served.prices == nil)
        #expect(served.mediaPrices == MediaPrices(audioMinute: UnitPrice(picoPerUnit: 500_000_000_000)))
    }

    @Test("names may be declared after their use and in another file")
    func acrossFiles() throws {
        let files = [("b.yaml", ConfigurationFilesTests.endpoint), ("a.yaml", surroundings)].map {
            ConfigurationReader.File(path: $0.0, bytes: Array($0.1.utf8))
        }
        #expect(try ConfigurationReader.decode(files).resources.endpoints.count == 1)
    }

    @Test("aliases stand for what they name")
    func aliases() throws {
        let limits = "timeouts: {connect: &span 3s, idle: *span}"
        let text = document("Endpoint", "e", "region: r", "url: http://localhost:1", "serves: [{model: m}]", limits)
        #expect(try decode(surroundings + text).resources.endpoints.first?.timeouts.idle == .seconds(3))
    }

    @Test(
        "an empty file, comments and empty documents declare nothing",
        arguments: ["", "# nothing\n", "---\n---\n# a\n---\n", "\n\n", "---"])
    func nothing(text: String) throws {
        #expect(try decode(text).resources == DeclaredResources())
    }

    @Test("the examples are right", arguments: ["first-config", "five-regions", "indic-voice"])
    func examples(name: String) throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let configuration = try ConfigurationReader.read(paths: ["\(root)/Examples/\(name)/isobar.yaml"])
        #expect(configuration.warnings == [])
        #expect(configuration.resources.routes.contains { $0.name == "chat" })
    }

    @Test("a directory stands for its yaml and yml files by name, hidden ones not")
    func directory() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/isobar-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["b.yml", "a.yaml", ".c.yaml", "d.txt"] {
            #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
        }
        #expect(try ConfigurationReader.files(at: [folder]).map(\.path) == ["\(folder)/a.yaml", "\(folder)/b.yml"])
    }

    @Test("a file that is not there is named with the system's reason")
    func missing() {
        let error = #expect(throws: ConfigurationProblems.self) {
            try ConfigurationReader.read(paths: ["nowhere/a.yaml", "/dev/zero"])
        }
        #expect(
            error?.all.map(\.description) == [
                "nowhere/a.yaml: error: cannot read: No such file or directory",
                "/dev/zero: error: cannot read: not a regular file",
            ])
    }
}

extension DecodingTests {
    static let complete = """
        apiVersion: isobar/v1
        kind: Provider
        metadata: {name: azure}
        spec: {flavor: llama.cpp}
        ---
        apiVersion: isobar/v1
        kind: Region
        metadata: {name: eastus}
        spec: {provider: azure, jurisdiction: US, roundTrips: {oslo: 90500us}}
        ---
        apiVersion: isobar/v1
        kind: Region
        metadata: {name: oslo}
        spec: {provider: azure, jurisdiction: "NO"}
        ---
        {"apiVersion": "isobar/v1", "kind": "Model", "metadata": {"name": "small"}, "spec": {"contextTokensMax": 8192, "modalities": ["text", "speech"], "languages": ["hi-IN", "ta"]}}
        ---
        apiVersion: isobar/v1
        kind: Endpoint
        metadata: {name: east}
        spec:
          region: eastus
          url: https://east.example.com:8443/openai/v1
          credential: {scheme: api-key, secret: env:EAST_KEY}
          serves:
            - model: small
              as: maker/Small-1B:latest
              thinking: budget
              takesSampling: false
              schemas: openapi
              countsAs: maker/Small-1B
              prices:
                currency: EUR
                inputPerMillionTokens: 0.15
                cachedInputPerMillionTokens: "0.075"
                outputPerMillionTokens: 1
                perAudioMinute: 0.006
                perImage: "0.04"
                perThousandSearches: 2.5
                perMillionCharacters: 15
          limits: {inFlightMax: 4, queueMax: 8, tokensPerMinute: 200000, requestsPerMinute: 600}
          timeouts: {connect: 250ms, firstByte: 2m, idle: 45s}
          health: {path: /health, interval: 10s, timeout: 900ms, loadPath: /metrics}
          certificateAuthorityFile: /etc/ssl/east.pem
        ---
        apiVersion: isobar/v1
        kind: Route
        metadata: {name: chat}
        spec:
          models: [small, gpt-4o-mini]
          model: small
          require: {modalities: [text], languages: [hi, ta-IN]}
          tiers:
            - name: default
              endpoints: [east]
              objective: {latency: 3, cost: 1, affinity: 2}
          retry: {attemptsMax: 2, totalTimeout: 1h}
          overflow: {enterPercent: 90, returnPercent: 60, holdMin: 2s}
          hedge: {extraRequestsPercentMax: 7, delayMin: 80ms}
        ---
        apiVersion: isobar/v1
        kind: Tenant
        metadata: {name: acme}
        spec: {region: oslo}
        ---
        apiVersion: isobar/v1
        kind: Key
        metadata: {name: app}
        spec: {tenant: acme, secret: "file:keys/app", routes: [chat], expiresAt: 2027-01-01T00:00:00Z}
        """

    static let endpoint = Endpoint(
        name: "east", region: "eastus", url: "https://east.example.com:8443/openai/v1",
        credentials: [.key(.apiKey, .environment("EAST_KEY"))],
        serves: [
            ServedModel(
                model: "small", upstreamName: "maker/Small-1B:latest",
                prices: TokenPrices(
                    input: UnitPrice(picoPerUnit: 150_000), cachedInput: UnitPrice(picoPerUnit: 75_000),
                    output: UnitPrice(picoPerUnit: 1_000_000)),
                mediaPrices: MediaPrices(
                    audioMinute: UnitPrice(picoPerUnit: 6_000_000_000), image: UnitPrice(picoPerUnit: 40_000_000_000),
                    search: UnitPrice(picoPerUnit: 2_500_000_000), character: UnitPrice(picoPerUnit: 15_000_000)),
                thinking: .budget, takesSampling: false, schemas: .openAPI, countsAs: "maker/Small-1B")
        ],
        limits: EndpointLimits(inFlightMax: 4, queueMax: 8, tokensPerMinute: 200_000, requestsPerMinute: 600),
        timeouts: EndpointTimeouts(connect: .milliseconds(250), firstByte: .seconds(120), idle: .seconds(45)),
        health: HealthCheck(path: "/health", interval: .seconds(10), timeout: .milliseconds(900), loadPath: "/metrics"),
        certificateAuthorityFile: "/etc/ssl/east.pem")

    static let route = Route(
        name: "chat", modelNames: ["small", "gpt-4o-mini"], models: ["small"],
        require: RouteRequirement(modalities: [.text], languages: ["hi", "ta-IN"]),
        tiers: [
            RouteTier(name: "default", endpoints: ["east"], objective: Objective(latency: 3, cost: 1, affinity: 2))
        ],
        retry: RetryPolicy(attemptsMax: 2, totalTimeout: .seconds(3_600)),
        overflow: OverflowPolicy(enterPercent: 90, returnPercent: 60, holdMin: .seconds(2)),
        hedge: HedgePolicy(extraRequestsPercentMax: 7, delayMin: .milliseconds(80)))
}
