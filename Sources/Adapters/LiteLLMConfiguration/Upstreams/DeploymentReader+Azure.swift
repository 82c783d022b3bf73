// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

// Azure OpenAI, and Foundry's other models. Facts: Azure's inference reference and the proxy's Azure pages (read
// 2026-11): the older API has the deployment in its path and wants `api-version`, the v1 API has neither.

extension DeploymentReader {
    func azure(_ deployment: String, apis: [ServedAPI] = []) -> Upstream? {
        let base = base(default: context.variable("AZURE_API_BASE"), stem: "azure-openai", allowsQuery: true)
        if isClaude(deployment) { return foundryClaude(base, deployment) }
        var address = AzureAddress(base)
        var deployment = deployment
        var apis = apis
        for prefix in ["o_series/", "gpt5_series/"] where deployment.hasPrefix(prefix) {
            deployment = String(deployment.dropFirst(prefix.count))
        }
        if deployment.hasPrefix("responses/") {
            deployment = String(deployment.dropFirst("responses/".count))
            apis = [.responses]
        }
        if let stated = address.deployment { deployment = stated }
        let version = apiVersion(stated: address.apiVersion)
        if version == nil {
            address.takeV1()
            if params["api_version"] == nil {
                context.differs(entry, "without api_version the v1 API is asked (/openai/v1)")
            }
        }
        return azure(address.url, deployment, apis: apis, version: version)
    }

    /// Foundry serves every model of a resource on the v1 API; the address of the older one leads to the same resource.
    func azureAI(_ model: String) -> Upstream? {
        let base = base(default: context.variable("AZURE_AI_API_BASE"), stem: "azure-ai", allowsQuery: true)
        if isClaude(model) { return foundryClaude(base, model) }
        var address = AzureAddress(base)
        params.ignore(["api_version"])
        let host = Self.host(of: address.url)
        if [".services.ai.azure.com", ".openai.azure.com"].contains(where: host.hasSuffix) {
            address.takeV1()
            context.differs(entry, "Foundry is asked on its v1 API (/openai/v1) instead of /models")
            return azure(address.url, model, apis: [], version: nil)
        }
        var upstream = Upstream(
            provider: "azure-ai", flavor: .generic, region: "azure-ai-\(place(of: address.url))", url: address.url,
            modelName: model)
        upstream.credential = key(.bearer, stem: "AZURE_AI_API_KEY", fallback: "AZURE_AI_API_KEY")
        return upstream
    }

    private func azure(_ url: String, _ deployment: String, apis: [ServedAPI], version: String?) -> Upstream {
        var upstream = Upstream(
            provider: "azure", flavor: .azure, region: "azure-\(place(of: url))", url: url, modelName: deployment)
        upstream.apiVersion = version
        upstream.credential = azureCredential()
        upstream.apis = apis
        return upstream
    }

    private func isClaude(_ model: String) -> Bool { model.lowercased().hasPrefix("claude") }

    /// Anthropic's API on Foundry: `…/anthropic/v1`, the key as `x-api-key`.
    private func foundryClaude(_ base: String, _ model: String) -> Upstream {
        var url = base.split(separator: "?").first.map(String.init) ?? base
        if let range = url.firstRange(of: "/anthropic") { url = String(url[..<range.lowerBound]) }
        params.ignore(["api_version"])
        var upstream = Upstream(
            provider: "azure-anthropic", flavor: .anthropic, region: "azure-anthropic-\(place(of: url))",
            url: url + "/anthropic/v1", modelName: model)
        upstream.credential = key(.xAPIKey, stem: "AZURE_AI_API_KEY", fallback: "AZURE_AI_API_KEY")
        return upstream
    }

    /// - Returns: `nil` for the v1 API: `v1`, `latest` and `preview` are its names, and so is silence.
    private func apiVersion(stated: String?) -> String? {
        let version =
            context.plain(params["api_version"]) ?? stated ?? context.variable("AZURE_API_VERSION")
        guard let version, !["v1", "latest", "preview"].contains(version) else { return nil }
        return version
    }

    private func azureCredential() -> ImportedCredential? {
        let names = ("tenant_id", "client_id", "client_secret")
        if params["api_key"] == nil, let secret = params[names.2] {
            guard let tenant = context.plain(params[names.0]), let client = context.plain(params[names.1]) else {
                context.toDo(secret, "tenant_id and client_id are missing: write the endpoint's credential by hand")
                return nil
            }
            return .entraClientSecret(
                tenant: tenant, client: client, secret: context.secret(secret, stem: "AZURE_CLIENT_SECRET"))
        }
        if params["api_key"] == nil, let token = params["azure_ad_token"] {
            context.differs(
                token, "a token that is stated ends after about an hour",
                hint: "let the gateway fetch tokens: credential: {scheme: entra, …}")
            return .key(.bearer, context.secret(token, stem: "AZURE_AD_TOKEN"))
        }
        return key(.apiKey, stem: "AZURE_API_KEY", fallback: "AZURE_API_KEY")
    }
}

/// An Azure `api_base`, with what people put behind the resource's own address taken apart.
struct AzureAddress {
    /// Without the API's own path, unless it is the v1 one.
    private(set) var url: String
    /// Named in the path.
    private(set) var deployment: String?
    /// Named in the query.
    private(set) var apiVersion: String?

    init(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1)
        url = String(parts.first ?? "")
        if parts.count == 2 {
            for item in parts[1].split(separator: "&") where item.hasPrefix("api-version=") {
                apiVersion = String(item.dropFirst("api-version=".count))
            }
        }
        if let range = url.firstRange(of: "/openai/deployments/") {
            deployment = url[range.upperBound...].split(separator: "/").first.map(String.init)
            url = String(url[..<range.lowerBound])
        }
        for ending in ["/", "/chat/completions", "/models", "/openai"] where url.hasSuffix(ending) {
            url = String(url.dropLast(ending.count))
        }
    }

    mutating func takeV1() {
        if !url.hasSuffix("/openai/v1") { url += "/openai/v1" }
    }
}
