// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("Each plan knows whose signatures the endpoint takes back")
struct SignatureOriginTests {
    private func origin(
        _ flavor: ProviderFlavor, _ api: ServedAPI, _ operation: Operation, model: String = "m", endpoint: String = "e"
    ) -> SignatureOrigin? {
        let planner = OperationPlanner(
            endpoint: endpoint, flavor: flavor, basePath: "", modelName: model, apiVersion: nil, modalities: [])
        return planner.plans(for: [api])[operation]?.origin
    }

    @Test("Claude's are the same on every platform, and for every caller")
    func claude() {
        for flavor in [ProviderFlavor.anthropic, .azure, .bedrock, .vertex] {
            for operation in [Operation.messages, .chatCompletions, .responses, .generateContent] {
                #expect(origin(flavor, .messages, operation) == .anthropic)
            }
        }
        #expect(origin(.anthropic, .messages, .countTokens) == .anthropic)
        for model in [
            "anthropic.claude-opus-4-v1:0", "us.anthropic.claude-opus-4-v1:0",
            "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-4-v1:0",
        ] { #expect(origin(.bedrock, .converse, .messages, model: model) == .anthropic) }
    }

    @Test("a counter is told what its own wire's endpoint signed")
    func counts() {
        #expect(origin(.vertex, .generateContent, .countContentTokens) == .vertex)
        #expect(origin(.vertex, .generateContent, .countTokens) == .vertex)
        #expect(origin(.gemini, .generateContent, .countContentTokens) == .google)
        #expect(origin(.vertex, .messages, .countTokens) == .anthropic)
        #expect(origin(.openai, .responses, .countInputTokens) == origin(.openai, .responses, .responses))
        #expect(origin(.bedrock, .converse, .countTokens, model: "amazon.nova-2-lite-v1:0")?.family == .bedrock)
    }

    @Test("who is not known to be Claude on Bedrock stands for itself")
    func bedrock() {
        let nova = origin(.bedrock, .converse, .messages, model: "us.amazon.nova-2-lite-v1:0")
        let profile = origin(
            .bedrock, .converse, .messages, model: "arn:aws:bedrock:us-east-1:1:application-inference-profile/x")
        #expect(nova?.family == .bedrock && profile?.family == .bedrock && nova != profile)
        #expect(origin(.bedrock, .converse, .messages, model: "not-anthropic.claude")?.family == .bedrock)
    }

    @Test("Google's two platforms are two, OpenAI's organisations one per endpoint, compatible servers one per model")
    func others() {
        #expect(origin(.gemini, .generateContent, .messages) == .google)
        #expect(origin(.vertex, .generateContent, .generateContent) == .vertex)
        #expect(origin(.vertex, .chat, .chatCompletions) == .vertex)
        let one = origin(.openai, .responses, .responses)
        #expect(one == origin(.openai, .responses, .messages, model: "n") && one?.family == .openAI)
        #expect(one != origin(.azure, .responses, .responses, endpoint: "f"))
        let server = origin(.vllm, .chat, .messages)
        #expect(server?.family == .other && server != origin(.vllm, .chat, .messages, model: "n"))
        #expect(origin(.openai, .embeddings, .embeddings) == nil)
    }
}
