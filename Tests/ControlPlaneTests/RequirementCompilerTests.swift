// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("What a route requires decides who serves it")
struct RequirementCompilerTests {
    /// Both models at e1, `small` at e2 too; `small` is good at Hindi and Tamil, `big` at English.
    private func resources(_ require: RouteRequirement, _ change: (inout DeclaredResources) -> Void = { _ in })
        -> DeclaredResources
    {
        var resources = smallResources()
        resources.models[0].languages = ["hi-IN", "ta"]
        resources.models[1].languages = ["en"]
        resources.routes[0].models = ["small", "big"]
        resources.routes[0].require = require
        change(&resources)
        return resources
    }

    private func problems(_ resources: DeclaredResources) -> [ConfigurationProblem] {
        do throws(ConfigurationProblems) {
            _ = try compile(resources)
            return []
        } catch { return error.all }
    }

    private func languages(_ tags: String...) -> RouteRequirement { RouteRequirement(languages: tags) }

    @Test("every pair of an endpoint and a model is a candidate; those that lack something are set apart")
    func pairs() throws {
        let all = try compile(resources(RouteRequirement())).snapshot.routes[0]
        #expect(all.tiers.map(\.endpoints) == [[EndpointID(0), EndpointID(1)], [EndpointID(2)]])
        #expect(all.tiers.flatMap(\.excluded).isEmpty)
        let indic = try compile(resources(languages("ta-IN", "hi"))).snapshot.routes[0]
        #expect(indic.tiers.map(\.endpoints) == [[EndpointID(0)], [EndpointID(2)]])
        #expect(indic.tiers[0].excluded.map(\.endpoint) == [EndpointID(1)])
        #expect(
            indic.tiers[0].excluded[0].lacks.map(\.description) == [
                "does not declare language ta", "does not declare language hi",
            ])
    }

    @Test("endpoints know the languages of their models, once each")
    func declared() throws {
        let snapshot = try compile(resources(RouteRequirement())).snapshot
        #expect(snapshot.endpoints.map { $0.languages.map(\.description) } == [["hi", "ta"], ["en"], ["hi", "ta"]])
        #expect(snapshot.routes[0].contextTokensMax == 4096)
    }

    @Test("a language that no model declares is an error with what they declare and the nearest")
    func nobodySpeaks() {
        let found = problems(resources(languages("hi", "tm")))
        #expect(found.map(\.path) == ["spec.require.languages[1]"])
        #expect(found[0].message == "none of the route's models declares \"tm\": small has hi, ta; big has en")
        #expect(found[0].hint == "did you mean \"ta\"?")
        let one = problems(resources(languages("bn")) { $0.routes[0].models = ["small"] })
        #expect(one.map(\.message) == ["the route's model does not declare \"bn\": small has hi, ta"])
        let silent = problems(
            resources(languages("bn")) {
                $0.models[0].languages = []; $0.models[1].languages = []
            })
        #expect(silent.map(\.message) == ["none of the route's models declares \"bn\": small has none; big has none"])
        #expect(silent[0].hint == "add it to the languages of a Model that is good at it")
    }

    @Test("a modality that no model declares is an error, and so is one that no endpoint has an API for")
    func nobodyCan() {
        let found = problems(resources(RouteRequirement(modalities: [.text, .speech])))
        #expect(found.map(\.path) == ["spec.require.modalities[1]"])
        #expect(found[0].message == "none of the route's models declares speech: small has text; big has text")
        let unreachable = problems(
            resources(RouteRequirement(modalities: [.speech])) { resources in
                for index in resources.models.indices { resources.models[index].modalities = [.speech] }
                resources.providers = [
                    Provider(name: "azure", flavor: .anthropic), Provider(name: "aws", flavor: .bedrock),
                ]
            })
        #expect(unreachable.map(\.message) == ["none of the route's endpoints has an API for speech"])
    }

    @Test("each demand met by someone, and all by no one, is an error that says who lacks what")
    func nobodyMeetsAll() {
        let found = problems(resources(languages("ta", "en")))
        #expect(found.map(\.path) == ["spec.require"])
        #expect(found[0].message == "nothing that serves the route meets all of it")
        #expect(
            found[0].hint
                == "e1 does not declare language en; e1/big does not declare language ta; e2 does not declare language en"
        )
    }

    @Test("an endpoint that never serves the route it stands in is worth a warning")
    func idle() throws {
        let both = try compile(resources(languages("en")))
        #expect(both.warnings.map(\.path) == ["spec.tiers[1].endpoints[0]"])
        #expect(
            both.warnings.map(\.message) == [
                "Endpoint e2 never serves this route: its model does not declare language en"
            ])
        #expect(both.snapshot.routes[0].tiers.map(\.endpoints) == [[EndpointID(1)], []])
        // e1 serves it with one of its models.
        let tamil = try compile(resources(languages("ta")))
        #expect(tamil.warnings == [])
    }
}

@Suite("What an endpoint has for a model follows from flavor and modalities")
struct MediaPlanTests {
    private func served(_ flavor: ProviderFlavor, _ modalities: Set<Modality>) -> [String] {
        let planner = OperationPlanner(
            endpoint: "here", flavor: flavor, basePath: "/v1", modelName: "m", apiVersion: nil, modalities: modalities)
        let plans = planner.plans(for: [])
        return Operation.allCases.filter { plans[$0] != nil }.map(\.name)
    }

    @Test("sound, images and ranks are where OpenAI's paths are", arguments: [ProviderFlavor.openai, .vllm, .generic])
    func compatible(flavor: ProviderFlavor) {
        #expect(served(flavor, [.audio]) == ["transcriptions", "translations"])
        #expect(served(flavor, [.speech]) == ["speech"])
        #expect(served(flavor, [.imageGeneration]) == ["images"])
        #expect(served(flavor, [.rerank]) == ["rerank"])
        #expect(!served(flavor, [.text, .audio]).contains("transcriptions"), "a chat model that listens")
    }

    @Test("and nowhere else", arguments: [ProviderFlavor.anthropic, .bedrock, .vertex, .gemini])
    func others(flavor: ProviderFlavor) {
        #expect(served(flavor, [.audio, .speech, .imageGeneration, .rerank]) == [])
    }
}
