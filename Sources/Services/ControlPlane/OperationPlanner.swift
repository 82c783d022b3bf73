// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Which operations an endpoint performs for one of its models, and how: paths, wires and headers per provider.
///
/// Base URLs end where the vendor's own documents say the version ends: `…/openai/v1`, `https://api.anthropic.com/v1`,
/// `https://generativelanguage.googleapis.com/v1beta`, `https://REGION-aiplatform.googleapis.com/v1/projects/P/locations/L`,
/// `https://bedrock-runtime.REGION.amazonaws.com`. An operation of the caller's that the endpoint has natively is passed
/// on; chat in another wire is translated to the first chat API the model has.
struct OperationPlanner {
    /// Name of the endpoint's document.
    let endpoint: String
    let flavor: ProviderFlavor
    let basePath: String
    /// The endpoint's own name for the model.
    let modelName: String
    let apiVersion: String?
    let modalities: Set<Modality>
    /// The endpoint's own name for the model where tokens are counted; `nil` where none is declared.
    var countName: String?

    func plans(for declared: [ServedAPI]) -> OperationPlans {
        let apis = declared.isEmpty ? Self.defaultAPIs(flavor, modalities) : declared
        var plans = OperationPlans()
        for api in apis { add(api, to: &plans) }
        if let preferred = apis.lazy.compactMap(chatTarget).first { addTranslations(to: preferred, &plans) }
        addCounts(of: apis, to: &plans)
        for operation in Operation.allCases {
            guard let plan = plans[operation] else { continue }
            plans[operation]?.origin = origin(operation, plan)
        }
        return plans
    }

    // MARK: What there is

    /// Facts: the servers' own references (read 2026-11). vLLM and SGLang differ by version in Responses and Messages,
    /// so only what every version has is assumed. llama.cpp's server has both, but ignores `text.format` and
    /// `output_config` there and calls an answer that its token limit cut `completed`: what passes through would lose a
    /// schema without a word, so such callers are translated to its chat, which keeps both.
    static func defaultAPIs(_ flavor: ProviderFlavor, _ modalities: Set<Modality>) -> [ServedAPI] {
        let chat: [ServedAPI] =
            switch flavor {
            case .openai, .azure: [.chat, .responses, .completions]
            case .vllm, .sglang, .llamaCpp, .ollama, .tgi, .generic: [.chat, .completions]
            case .anthropic: [.messages]
            case .bedrock: [.converse]
            case .vertex, .gemini: [.generateContent]
            }
        guard !modalities.isEmpty else { return chat + embeddings(flavor) }
        return (modalities.contains(.text) ? chat : []) + special(flavor, modalities)
    }

    private static func embeddings(_ flavor: ProviderFlavor) -> [ServedAPI] {
        switch flavor {
        case .vertex: [.vertexEmbeddings]
        case .gemini: [.geminiEmbeddings]
        case .anthropic, .bedrock: []
        default: [.embeddings]
        }
    }

    private static func special(_ flavor: ProviderFlavor, _ modalities: Set<Modality>) -> [ServedAPI] {
        var apis: [ServedAPI] = modalities.contains(.embedding) ? embeddings(flavor) : []
        switch flavor {
        // Sound, images and ranks have other paths and words there, which nobody here translates.
        case .anthropic, .bedrock, .vertex, .gemini: return apis
        case .openai, .azure, .vllm, .sglang, .llamaCpp, .ollama, .tgi, .generic: break
        }
        if modalities.contains(.audio), !modalities.contains(.text) { apis += [.transcriptions, .translations] }
        if modalities.contains(.speech) { apis.append(.speech) }
        if modalities.contains(.imageGeneration) { apis.append(.images) }
        if modalities.contains(.rerank) { apis.append(.rerank) }
        return apis
    }

    // MARK: Native

    private func add(_ api: ServedAPI, to plans: inout OperationPlans) {
        switch api {
        case .chat: plans[.chatCompletions] = openAI("/chat/completions")
        case .completions: plans[.completions] = openAI("/completions")
        case .embeddings: plans[.embeddings] = openAI("/embeddings")
        case .responses: plans[.responses] = openAI("/responses")
        case .transcriptions: plans[.transcriptions] = openAI("/audio/transcriptions")
        case .translations: plans[.translations] = openAI("/audio/translations")
        case .speech: plans[.speech] = openAI("/audio/speech")
        case .images: plans[.images] = openAI("/images/generations")
        case .rerank: plans[.rerank] = openAI("/rerank")
        case .messages: addMessages(to: &plans)
        case .generateContent: plans[.generateContent] = generateContent(.same)
        case .converse: break
        case .titanEmbeddings: plans[.embeddings] = invoked(.titan)
        case .novaEmbeddings: plans[.embeddings] = invoked(.nova)
        case .cohereEmbeddings: plans[.embeddings] = invoked(.cohere)
        case .vertexEmbeddings:
            plans[.embeddings] = embeddings(.vertex, "/publishers/google/models/\(segment):predict")
        case .geminiEmbeddings: plans[.embeddings] = embeddings(.gemini, "/models/\(segment):batchEmbedContents")
        }
    }

    /// Azure's older API has the deployment in the path and its version behind it.
    private func openAI(_ path: String) -> OperationPlan {
        guard flavor == .azure, let apiVersion else { return OperationPlan(path: basePath + path) }
        let place = path == "/responses" ? "/openai" : "/openai/deployments/\(segment)"
        return OperationPlan(path: "\(basePath)\(place)\(path)?api-version=\(apiVersion)")
    }

    private func addMessages(to plans: inout OperationPlans) {
        switch flavor {
        // Both want a body without `model`, which only writing it anew can give.
        case .bedrock, .vertex: plans[.messages] = messages(.chat(.messages, home))
        default: plans[.messages] = messages(.same)
        }
    }

    // MARK: Chat

    private func chatTarget(_ api: ServedAPI) -> ChatWire? {
        switch api {
        case .chat: .chatCompletions
        case .responses: .responses
        case .messages: .messages
        case .generateContent: .generateContent
        case .converse: .converse
        default: nil
        }
    }

    private func addTranslations(to wire: ChatWire, _ plans: inout OperationPlans) {
        for operation in Operation.allCases where operation.chatWire != nil && plans[operation] == nil {
            plans[operation] = chat(wire)
        }
    }

    private func chat(_ wire: ChatWire) -> OperationPlan {
        let speech = OperationPlan.Speech.chat(wire, home)
        switch wire {
        case .chatCompletions:
            var plan = openAI("/chat/completions")
            plan.speech = speech
            return plan
        case .responses:
            var plan = openAI("/responses")
            plan.speech = speech
            return plan
        case .messages: return messages(speech)
        case .generateContent: return generateContent(speech)
        case .converse:
            return OperationPlan(
                speech: speech, path: "\(basePath)/model/\(segment)/converse",
                streamPath: "\(basePath)/model/\(segment)/converse-stream", framing: .eventStream, modelPlace: .path)
        }
    }

    var home: OperationPlan.Home {
        switch flavor {
        case .openai, .azure, .anthropic, .gemini: .own
        case .bedrock: .bedrock
        case .vertex: .vertex
        case .vllm, .sglang, .llamaCpp, .ollama, .tgi, .generic: .compatible
        }
    }

    private func messages(_ speech: OperationPlan.Speech) -> OperationPlan {
        switch flavor {
        case .bedrock:
            return OperationPlan(
                speech: speech, path: "\(basePath)/model/\(segment)/invoke",
                streamPath: "\(basePath)/model/\(segment)/invoke-with-response-stream", framing: .invokeChunks,
                modelPlace: .path)
        case .vertex:
            let place = "\(basePath)/publishers/anthropic/models/\(segment)"
            return OperationPlan(
                speech: speech, path: place + ":rawPredict", streamPath: place + ":streamRawPredict", modelPlace: .path)
        default:
            return OperationPlan(speech: speech, path: basePath + "/messages", headerLines: Self.version)
        }
    }

    static let version = "anthropic-version: 2023-06-01\r\n"

    private func generateContent(_ speech: OperationPlan.Speech) -> OperationPlan {
        let place = flavor == .vertex ? "/publishers/google/models/" : "/models/"
        return OperationPlan(
            speech: speech, path: "\(basePath)\(place)\(segment):generateContent",
            streamPath: "\(basePath)\(place)\(segment):streamGenerateContent?alt=sse", modelPlace: .path)
    }

    // MARK: Embeddings

    private func invoked(_ family: OperationPlan.EmbeddingsFamily) -> OperationPlan {
        embeddings(family, "/model/\(segment)/invoke")
    }

    private func embeddings(_ family: OperationPlan.EmbeddingsFamily, _ path: String) -> OperationPlan {
        OperationPlan(speech: .embeddings(family), path: basePath + path, modelPlace: .path)
    }

    /// The model's name as one segment of a path: whatever is in it can never lead to another path.
    var segment: String { Self.segment(modelName) }

    static func segment(_ name: String) -> String {
        name.utf8.reduce(into: "") { text, byte in
            switch byte {
            case 65...90, 97...122, 48...57, 45, 46, 95, 126: text.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }
}
