// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("An endpoint's operations follow from its provider's flavor, or from what it declares")
struct OperationPlannerTests {
    private static let compatible: Set<Operation> = [.chatCompletions, .completions, .embeddings]

    private func plans(_ flavor: ProviderFlavor, _ declared: [ServedAPI] = []) -> OperationPlans {
        OperationPlanner(
            endpoint: "here", flavor: flavor, basePath: "/v1", modelName: "m", apiVersion: nil, modalities: []
        )
        .plans(for: declared)
    }

    private func native(_ plans: OperationPlans) -> Set<Operation> {
        Set(Operation.allCases.filter { plans.native.contains($0) })
    }

    @Test(
        "what passes as it is",
        arguments: [
            (.openai, compatible.union([.responses])), (.azure, compatible.union([.responses])),
            (.vllm, compatible), (.sglang, compatible), (.llamaCpp, compatible), (.ollama, compatible),
            (.tgi, compatible), (.generic, compatible), (.anthropic, [.messages, .countTokens]), (.bedrock, []),
            (.vertex, [.generateContent]), (.gemini, [.generateContent]),
        ] as [(ProviderFlavor, Set<Operation>)])
    func native(flavor: ProviderFlavor, expected: Set<Operation>) {
        #expect(native(plans(flavor)) == expected)
    }

    @Test(
        "every caller of chat is served by every flavor, translated where its API is not there",
        arguments: ProviderFlavor.allCases)
    func translated(flavor: ProviderFlavor) {
        let served = plans(flavor).served
        #expect(Operation.allCases.filter { $0.chatWire != nil }.allSatisfy { served.contains($0) })
    }

    @Test(
        "a Responses or Messages caller of llama.cpp is translated to its chat, which keeps a schema",
        arguments: [Operation.responses, .messages, .generateContent])
    func llamaCpp(operation: Operation) throws {
        let plan = try #require(plans(.llamaCpp)[operation])
        #expect(plan.speech == .chat(.chatCompletions, .compatible))
        #expect(plan.path == "/v1/chat/completions")
    }

    @Test("an API that an endpoint declares passes as it is, whatever its flavor has")
    func declared() {
        #expect(
            native(plans(.llamaCpp, [.chat, .responses, .messages]))
                == [.chatCompletions, .responses, .messages, .countTokens])
    }
}
