// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

// Which endpoints count tokens, and where.
extension OperationPlanner {
    /// Each caller gets its own wire's counter where there is one, else the first there is.
    func addCounts(of apis: [ServedAPI], to plans: inout OperationPlans) {
        let counters = apis.compactMap(counter)
        let own = { (api: TokenCountAPI) in counters.first { $0.api == api } ?? counters.first }
        plans[.countTokens] = own(.messages)?.plan
        plans[.countContentTokens] = own(.generateContent)?.plan
        plans[.countInputTokens] = own(.responses)?.plan
        // Vertex AI has Anthropic's words elsewhere, and wants a member more.
        if own(.messages)?.api == .messages, flavor != .vertex { plans[.countTokens]?.speech = .same }
        if own(.responses)?.api == .responses { plans[.countInputTokens]?.speech = .same }
    }

    private typealias Counter = (api: TokenCountAPI, plan: OperationPlan)

    /// Facts (read 2026-11): the vendors' references and SDKs. Azure answers 404 to OpenAI's counter; Bedrock's and
    /// Vertex AI's APIs in OpenAI's words, SGLang, Ollama and TGI have none for messages. vLLM's stands beside its
    /// `/v1`.
    private func counter(_ api: ServedAPI) -> Counter? {
        switch (api, flavor) {
        case (.messages, .bedrock): bedrock(.invokeModel)
        case (.messages, .vertex):
            plan(.messages, "\(basePath)/publishers/anthropic/models/count-tokens:rawPredict")
        case (.messages, _): plan(.messages, basePath + "/messages/count_tokens", Self.version)
        case (.generateContent, .vertex):
            plan(.generateContent, "\(basePath)/publishers/google/models/\(segment):countTokens")
        case (.generateContent, _): plan(.generateContent, "\(basePath)/models/\(segment):countTokens")
        case (.converse, _): bedrock(.converse)
        case (.responses, .openai), (.chat, .openai): plan(.responses, basePath + "/responses/input_tokens")
        case (.chat, .vllm): plan(.tokenize, rootPath + "/tokenize")
        default: nil
        }
    }

    private func plan(_ api: TokenCountAPI, _ path: String, _ headerLines: String = "") -> Counter {
        (api, OperationPlan(speech: .count(api, home), path: path, headerLines: headerLines))
    }

    private func bedrock(_ api: TokenCountAPI) -> Counter {
        let name = countName ?? Self.withoutGeography(modelName)
        return plan(api, "\(basePath)/model/\(Self.segment(name))/count-tokens")
    }

    private var rootPath: String { basePath.hasSuffix("/v1") ? String(basePath.dropLast(3)) : basePath }

    /// An inference profile that AWS defines is named as its model, behind the geography it stays in. CountTokens wants
    /// the model (its API reference: "foundation model"; refused otherwise). ARNs are left alone.
    static func withoutGeography(_ name: String) -> String {
        let geographies = ["us", "eu", "apac", "global", "jp", "au", "ca", "us-gov"]
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, geographies.contains(String(parts[0])), parts[1].contains(".") else { return name }
        return String(parts[1])
    }
}
