// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

// Google: Vertex AI and AI Studio. Facts: both references, the proxy's pages for them (read 2026-11).

extension DeploymentReader {
    func gemini(_ model: String) -> Upstream? {
        let own = "https://generativelanguage.googleapis.com/v1beta"
        var upstream = Upstream(
            provider: "google-ai-studio", flavor: .gemini, region: "google-ai-studio",
            url: base(default: own, stem: "gemini"), modelName: model)
        upstream.credential = key(.xGoogAPIKey, stem: "GEMINI_API_KEY", fallback: "GEMINI_API_KEY")
        return upstream
    }

    func vertex(_ model: String) -> Upstream? {
        let isGemini = model.hasPrefix("gemini")
        let isClaude = model.hasPrefix("claude")
        let isEmbedding = mode == .embedding || model.contains("embedding")
        guard isGemini || isClaude || isEmbedding, !model.contains("/") else {
            context.leftOut(
                entry, "Vertex AI models other than Gemini, Claude and Google's embeddings are left out",
                hint: "where Vertex serves the model by OpenAI's API, add an endpoint of flavor generic with its URL")
            return nil
        }
        let location =
            context.plain(params.first(of: "vertex_location", "vertex_ai_location"))
            ?? context.variable("VERTEXAI_LOCATION", "VERTEX_LOCATION") ?? "us-central1"
        var upstream = Upstream(
            provider: "google", flavor: .vertex, region: "google-\(location)",
            jurisdiction: Jurisdictions.google(location), url: vertexURL(location), modelName: model)
        upstream.credential = googleCredential()
        if isClaude { upstream.apis = [.messages] }
        if isEmbedding { upstream.apis = [.vertexEmbeddings] }
        return upstream
    }

    private func vertexURL(_ location: String) -> String {
        let host = location == "global" ? "aiplatform.googleapis.com" : "\(location)-aiplatform.googleapis.com"
        let stated =
            context.plain(params.first(of: "vertex_project", "vertex_ai_project"))
            ?? context.variable("VERTEXAI_PROJECT", "VERTEX_PROJECT")
        guard let project = stated else {
            context.toDo(entry, "there is no vertex_project, and the environment has none: write it into the url")
            return "https://\(host)/v1/projects/PROJECT/locations/\(location)"
        }
        return "https://\(host)/v1/projects/\(project)/locations/\(location)"
    }

    private func googleCredential() -> ImportedCredential {
        let fields = params.first(of: "vertex_credentials", "vertex_ai_credentials")
        guard let field = fields else {
            context.differs(
                entry, "the proxy uses Google's application default credentials; the endpoint a service account's file",
                hint: "GOOGLE_APPLICATION_CREDENTIALS names the file; on a Google machine write source: metadata")
            return .googleServiceAccount(file: nil)
        }
        if let path = field.text, TranslationContext.variable(in: path) == nil, path.hasSuffix(".json"),
            !path.contains("{")
        {
            return .googleServiceAccount(file: path)
        }
        context.toDo(
            field, "a service account's key is not copied: write it into a file and name it in the credential",
            hint: "credential: {scheme: google, source: service-account, file: PATH}")
        return .googleServiceAccount(file: nil)
    }
}
