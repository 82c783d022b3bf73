// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import LiteLLMConfiguration

@Suite("A fallback becomes a tier only where the model stays the same")
struct FallbackTests {
    private static let models = """
        model_list:
          - {model_name: gpt-4o, litellm_params: {model: azure/d, api_base: "https://r.example"}, model_info: {base_model: azure/gpt-4o, id: azure-one}}
          - {model_name: gpt-4o-backup, litellm_params: {model: openai/gpt-4o}}
          - {model_name: mini, litellm_params: {model: openai/gpt-4o-mini}}
          - {model_name: claude, litellm_params: {model: anthropic/claude-x-20250929}}
          - {model_name: claude-aws, litellm_params: {model: "bedrock/us.anthropic.claude-x-20250929-v1:0", aws_region_name: us-east-1}}
          - {model_name: named, litellm_params: {model: azure/gpt-4o-mini, api_base: "https://r.example"}}
        general_settings: {master_key: os.environ/M}

        """

    private func tiers(_ settings: String, of route: String) throws -> [RouteTier] {
        let result = try imported(Self.models + settings)
        return try #require(result.routes.first { $0.name == route }).tiers
    }

    @Test("the same model under another group is a further tier, and its endpoints serve both")
    func same() throws {
        let result = try imported(
            Self.models.replacing("azure/d", with: "openai/gpt-4o")
                + "router_settings: {fallbacks: [{gpt-4o: [gpt-4o-backup]}]}\n")
        let route = try #require(result.routes.first { $0.name == "gpt-4o" })
        #expect(route.tiers.map(\.name) == ["default", "fallback-gpt-4o-backup"])
        #expect(route.tiers[1].endpoints == ["gpt-4o-backup-openai"])
        let backup = try #require(result.endpoints.first { $0.name == "gpt-4o-backup-openai" })
        #expect(backup.serves.map(\.model) == ["gpt-4o-backup", "gpt-4o"])
        #expect(backup.serves.map(\.upstreamName) == ["gpt-4o", nil])
        #expect(result.findings.contains { $0.kind == .differs && $0.message.hasPrefix("the fallback became a tier") })
    }

    @Test("base_model and makers' names on other clouds tell that models are the same")
    func sameByName() throws {
        #expect(
            try tiers("litellm_settings: {fallbacks: [{gpt-4o: [gpt-4o-backup]}]}\n", of: "gpt-4o").count == 2)
        #expect(
            try tiers("router_settings: {fallbacks: [{claude: [claude-aws]}]}\n", of: "claude").map(\.endpoints)
                == [["claude-anthropic"], ["claude-aws-aws-us-east-1"]])
    }

    @Test("a deployment's name is a hint that is said to be one")
    func sameByDeployment() throws {
        let result = try imported(Self.models + "router_settings: {fallbacks: [{mini: [named]}]}\n")
        #expect(result.routes.first { $0.name == "mini" }?.tiers.count == 2)
        #expect(result.messages(.differs).contains { $0.hasSuffix("told by the deployments' names only") })
    }

    @Test("another model is no tier: the finding says what to do instead")
    func other() throws {
        let result = try imported(Self.models + "router_settings: {fallbacks: [{gpt-4o: [mini, claude]}]}\n")
        #expect(result.routes[0].tiers.count == 1)
        let findings = result.findings.filter { $0.message.hasPrefix("a fallback from") }
        #expect(
            findings.map(\.message) == [
                "a fallback from gpt-4o to mini is left out: a route serves one model",
                "a fallback from gpt-4o to claude is left out: a route serves one model",
            ])
        #expect(findings.allSatisfy { $0.kind == .noCounterpart })
        #expect(findings[0].path == "router_settings.fallbacks[0].gpt-4o[0]")
        #expect(findings[0].hint?.contains("let its endpoints serve gpt-4o too") == true)
    }

    @Test("default fallbacks hold for groups without their own")
    func defaults() throws {
        let settings = "router_settings: {fallbacks: [{gpt-4o: [mini]}], default_fallbacks: [gpt-4o-backup]}\n"
        #expect(try tiers(settings, of: "gpt-4o").count == 1)
        let all = "router_settings: {default_fallbacks: [gpt-4o-backup]}\n"
        #expect(try tiers(all, of: "gpt-4o").count == 2)
        #expect(try tiers(all, of: "gpt-4o-backup").count == 1)
    }

    @Test("a fallback may name a deployment")
    func deploymentID() throws {
        #expect(
            try tiers("router_settings: {fallbacks: [{gpt-4o-backup: [azure-one]}]}\n", of: "gpt-4o-backup")
                .map(\.endpoints) == [["gpt-4o-backup-openai"], ["gpt-4o-azure-r"]])
    }

    @Test("an endpoint that is in the route already is not added again")
    func twice() throws {
        #expect(
            try tiers(
                "router_settings: {fallbacks: [{gpt-4o: [azure-one, gpt-4o-backup, gpt-4o-backup]}]}\n", of: "gpt-4o"
            )
            .map(\.name) == ["default", "fallback-gpt-4o-backup"])
    }

    @Test(
        "fallbacks that lead nowhere are said",
        arguments: [
            ("{fallbacks: [{gpt-4o: [nobody]}]}", "a fallback to a group that is not there is left out"),
            ("{fallbacks: [{nobody: [gpt-4o]}]}", "a fallback of a group that is not there"),
            (
                "{fallbacks: [{gpt-4o: [{model: mini, temperature: 0}]}]}",
                "a fallback that changes the request is left out"
            ),
        ])
    func nowhere(_ settings: String, _ message: String) throws {
        let result = try imported(Self.models + "router_settings: \(settings)\n")
        #expect(result.messages(.noCounterpart).contains(message))
    }

    @Test(
        "a maker's name is the same on every cloud",
        arguments: [
            ("anthropic", "claude-x-20250929", nil, "claude-x-20250929"),
            ("bedrock", "us.anthropic.claude-x-20250929-v1:0", nil, "claude-x-20250929"),
            ("bedrock", "anthropic.claude-x-20250929-v1:0", nil, "claude-x-20250929"),
            ("bedrock", "global.anthropic.claude-x-20250929-v1", nil, "claude-x-20250929"),
            ("vertex_ai", "claude-x@20250929", nil, "claude-x-20250929"),
            ("azure", "anything", "azure/gpt-4o", "gpt-4o"), ("azure", "anything", "gpt-4o", "gpt-4o"),
            ("bedrock", "arn:aws:bedrock:us-east-1:1:x/y", nil, nil),
        ] as [(String, String, String?, String?)])
    func canonical(_ provider: String, _ model: String, _ base: String?, _ name: String?) {
        #expect(UnderlyingModel(provider: provider, model: model, base: base).name == name)
    }
}
