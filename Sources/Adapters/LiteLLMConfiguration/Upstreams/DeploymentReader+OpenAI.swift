// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// OpenAI and everything that speaks its API. Facts: the proxy's provider pages and its table of compatible providers
// (read 2026-11).

extension DeploymentReader {
    func openAI(_ model: String, apis: [ServedAPI] = []) -> Upstream? {
        let stated = context.variable("OPENAI_BASE_URL", "OPENAI_API_BASE")
        let url = base(default: stated ?? "https://api.openai.com/v1", stem: "openai")
        var model = model
        var apis = apis
        if model.hasPrefix("responses/") {
            model = String(model.dropFirst("responses/".count))
            apis = [.responses]
        }
        let host = Self.host(of: url)
        guard host == "api.openai.com" || host.hasSuffix(".api.openai.com") else {
            return server(
                url, flavor: .generic, provider: "openai-compatible", model, apis: apis, stem: "OPENAI_API_KEY")
        }
        var upstream = Upstream(
            provider: "openai", flavor: .openai,
            region: host == "api.openai.com" ? "openai" : "openai-\(place(of: url))", url: url, modelName: model)
        upstream.credential = key(.bearer, stem: "OPENAI_API_KEY", fallback: "OPENAI_API_KEY")
        upstream.apis = apis
        return upstream
    }

    /// vLLM serves its API below `/v1`; the proxy's examples leave it out.
    func vllm(_ model: String) -> Upstream? {
        var url = base(default: context.variable("HOSTED_VLLM_API_BASE"), stem: "vllm")
        if Self.path(of: url).isEmpty { url += "/v1" }
        return server(url, flavor: .vllm, provider: "vllm", model, stem: "VLLM_API_KEY")
    }

    /// Ollama's compatible API is below `/v1`; its own is not used.
    func ollama(_ model: String) -> Upstream? {
        var url = base(default: context.variable("OLLAMA_API_BASE") ?? "http://localhost:11434", stem: "ollama")
        if url.hasSuffix("/api") { url = String(url.dropLast("/api".count)) }
        if !url.hasSuffix("/v1") { url += "/v1" }
        return server(url, flavor: .ollama, provider: "ollama", model, stem: "OLLAMA_API_KEY")
    }

    /// Providers of whom only the address and the name of the key differ, and servers of one's own.
    func compatible(_ provider: String, _ model: String) -> Upstream? {
        if let known = CompatibleProvider.all[provider] {
            let name = known.name(of: model)
            var upstream = Upstream(
                provider: provider, flavor: .generic, region: provider,
                url: base(default: known.url, stem: provider), modelName: name)
            upstream.credential = key(.bearer, stem: known.keyVariable, fallback: known.keyVariable)
            return upstream
        }
        guard CompatibleProvider.servers.contains(provider) else {
            context.leftOut(
                entry, "deployments of \"\(provider)\" are left out: no API of theirs that Isobar speaks is known",
                hint: "if the server is compatible with OpenAI's API, write openai/MODEL and api_base, and import again"
            )
            return nil
        }
        let url = base(default: nil, stem: provider)
        return server(url, flavor: .generic, provider: "openai-compatible", model, stem: "API_KEY")
    }

    /// A server that only its address tells.
    private func server(
        _ url: String, flavor: ProviderFlavor, provider: String, _ model: String, apis: [ServedAPI] = [], stem: String
    ) -> Upstream {
        var upstream = Upstream(
            provider: provider, flavor: flavor, region: "\(provider)-\(place(of: url))", url: url, modelName: model)
        upstream.credential = key(.bearer, stem: stem, fallback: nil)
        upstream.apis = apis
        return upstream
    }
}

/// A provider with OpenAI's API at a well-known address.
struct CompatibleProvider {
    var url: String
    var keyVariable: String
    /// What stands before a model's name that lacks it.
    var modelPrefix = ""

    func name(of model: String) -> String {
        modelPrefix.isEmpty || model.hasPrefix("accounts/") ? model : modelPrefix + model
    }

    static let all: [String: CompatibleProvider] = [
        "groq": .init(url: "https://api.groq.com/openai/v1", keyVariable: "GROQ_API_KEY"),
        "mistral": .init(url: "https://api.mistral.ai/v1", keyVariable: "MISTRAL_API_KEY"),
        "deepseek": .init(url: "https://api.deepseek.com/v1", keyVariable: "DEEPSEEK_API_KEY"),
        "together_ai": .init(url: "https://api.together.xyz/v1", keyVariable: "TOGETHERAI_API_KEY"),
        "fireworks_ai": .init(
            url: "https://api.fireworks.ai/inference/v1", keyVariable: "FIREWORKS_API_KEY",
            modelPrefix: "accounts/fireworks/models/"),
        "openrouter": .init(url: "https://openrouter.ai/api/v1", keyVariable: "OPENROUTER_API_KEY"),
        "xai": .init(url: "https://api.x.ai/v1", keyVariable: "XAI_API_KEY"),
        "cerebras": .init(url: "https://api.cerebras.ai/v1", keyVariable: "CEREBRAS_API_KEY"),
        "nvidia_nim": .init(url: "https://integrate.api.nvidia.com/v1", keyVariable: "NVIDIA_NIM_API_KEY"),
        "deepinfra": .init(url: "https://api.deepinfra.com/v1/openai", keyVariable: "DEEPINFRA_API_KEY"),
        "sambanova": .init(url: "https://api.sambanova.ai/v1", keyVariable: "SAMBANOVA_API_KEY"),
        "perplexity": .init(url: "https://api.perplexity.ai", keyVariable: "PERPLEXITYAI_API_KEY"),
    ]

    /// Servers with OpenAI's API that people run themselves.
    static let servers: Set<String> = [
        "openai_like", "custom_openai", "litellm_proxy", "lm_studio", "llamafile", "xinference",
    ]
}
