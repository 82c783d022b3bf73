// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("Which endpoints count tokens, and where")
struct TokenCountPlanTests {
    private func plans(
        _ flavor: ProviderFlavor, _ apis: [ServedAPI] = [], base: String = "/v1", model: String = "m",
        countsAs: String? = nil
    ) -> OperationPlans {
        OperationPlanner(
            endpoint: "here", flavor: flavor, basePath: base, modelName: model, apiVersion: nil, modalities: [],
            countName: countsAs
        ).plans(for: apis)
    }

    private static let counts: [Operation] = [.countTokens, .countContentTokens, .countInputTokens]

    @Test(
        "every provider's own counter serves all three callers",
        arguments: [
            (ProviderFlavor.anthropic, [ServedAPI](), "/v1/messages/count_tokens", TokenCountAPI.messages),
            (.azure, [.messages], "/v1/messages/count_tokens", .messages),
            (.llamaCpp, [], "/v1/messages/count_tokens", .messages),
            (.vertex, [.messages], "/v1/publishers/anthropic/models/count-tokens:rawPredict", .messages),
            (.vertex, [], "/v1/publishers/google/models/m:countTokens", .generateContent),
            (.gemini, [], "/v1/models/m:countTokens", .generateContent),
            (.bedrock, [], "/v1/model/m/count-tokens", .converse),
            (.bedrock, [.messages], "/v1/model/m/count-tokens", .invokeModel),
            (.openai, [], "/v1/responses/input_tokens", .responses),
            (.openai, [.chat], "/v1/responses/input_tokens", .responses),
            (.vllm, [], "/tokenize", .tokenize),
        ])
    func counters(_ flavor: ProviderFlavor, _ apis: [ServedAPI], _ path: String, _ api: TokenCountAPI) {
        let plans = plans(flavor, apis)
        for operation in Self.counts {
            let plan = plans[operation]
            #expect(plan?.path == path)
            let isOwn =
                operation == .countTokens && api == .messages && flavor != .vertex
                || operation == .countInputTokens && api == .responses
            if isOwn {
                #expect(plan?.speech == .same)
            } else if case .count(let spoken, _)? = plan?.speech {
                #expect(spoken == api)
            } else {
                Issue.record("\(operation) is not counted")
            }
        }
    }

    @Test(
        "who has no counter is not asked",
        arguments: [
            (ProviderFlavor.azure, [ServedAPI]()), (.sglang, []), (.ollama, []), (.tgi, []), (.generic, []),
            (.bedrock, [.chat]), (.vertex, [.chat]), (.openai, [.embeddings]),
        ])
    func withoutCounter(_ flavor: ProviderFlavor, _ apis: [ServedAPI]) {
        let plans = plans(flavor, apis)
        #expect(Self.counts.allSatisfy { plans[$0] == nil })
    }

    @Test("a caller's own counter comes before one that wants other words, whichever is declared first")
    func ownFirst() {
        let plans = plans(.vllm, [.chat, .messages])
        #expect(plans[.countTokens]?.speech == .same)
        #expect(plans[.countContentTokens]?.path == "/tokenize")
    }

    @Test(
        "Bedrock counts for models, which inference profiles that AWS defines are named after",
        arguments: [
            ("us.anthropic.claude-v1:0", "anthropic.claude-v1%3A0"), ("global.anthropic.c", "anthropic.c"),
            ("us-gov.anthropic.c", "anthropic.c"), ("anthropic.claude-v1:0", "anthropic.claude-v1%3A0"),
            ("eu.model", "eu.model"), ("us", "us"),
            (
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/a",
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fa"
            ),
        ])
    func geographies(_ name: String, _ segment: String) {
        #expect(plans(.bedrock, base: "", model: name)[.countTokens]?.path == "/model/\(segment)/count-tokens")
        let declared = plans(.bedrock, base: "", model: name, countsAs: "declared")
        #expect(declared[.countTokens]?.path == "/model/declared/count-tokens")
    }

    @Test("vLLM's counter stands beside its version, wherever that is")
    func root() {
        #expect(plans(.vllm, base: "/a/v1")[.countTokens]?.path == "/a/tokenize")
        #expect(plans(.vllm, base: "/gateway")[.countTokens]?.path == "/gateway/tokenize")
    }
}
