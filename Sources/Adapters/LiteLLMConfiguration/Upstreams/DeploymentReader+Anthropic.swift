// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Anthropic's own API. Facts: its reference, the proxy's page for it (read 2026-11).

extension DeploymentReader {
    /// `api_base` there is the host, sometimes with the path of the messages; ours ends with the version.
    func anthropic(_ model: String) -> Upstream? {
        let stated = context.variable("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")
        var url = base(default: stated ?? "https://api.anthropic.com", stem: "anthropic")
        if url.hasSuffix("/messages") { url = String(url.dropLast("/messages".count)) }
        if !url.hasSuffix("/v1") { url += "/v1" }
        let isOwn = Self.host(of: url) == "api.anthropic.com"
        var upstream = Upstream(
            provider: isOwn ? "anthropic" : "anthropic-compatible", flavor: .anthropic,
            region: isOwn ? "anthropic" : "anthropic-compatible-\(place(of: url))", url: url, modelName: model)
        upstream.credential = key(
            .xAPIKey, stem: "ANTHROPIC_API_KEY", fallback: isOwn ? "ANTHROPIC_API_KEY" : nil)
        return upstream
    }
}
