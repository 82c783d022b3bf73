// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles

/// `litellm_params.model`: a provider and what it calls the model.
struct ModelString {
    var provider: String
    var model: String

    /// `nil`, and reported, when it does not say whose model it is.
    init?(_ params: ForeignFields, _ entry: YAMLTree, _ context: TranslationContext) {
        let stated = context.plain(params["custom_llm_provider"])
        guard let field = params["model"], let text = context.plain(field) else {
            context.toDo(entry, "an entry without litellm_params.model is left out")
            return nil
        }
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        if let stated {
            provider = stated
            model = parts.count == 2 && parts[0] == stated ? parts[1] : text
        } else if parts.count == 2 {
            (provider, model) = (parts[0], parts[1])
        } else if let known = Self.provider(ofBare: text) {
            (provider, model) = (known, text)
        } else {
            context.toDo(
                field, "the model's name does not say who serves it: left out",
                hint: "write PROVIDER/MODEL, e.g. openai/MODEL with api_base for a server of your own")
            return nil
        }
    }

    /// Without a prefix the proxy looks into its table of models; these beginnings are unambiguous in it.
    private static func provider(ofBare name: String) -> String? {
        let beginnings: [(String, [String])] = [
            (
                "openai",
                ["gpt-", "chatgpt-", "o1", "o3", "o4-", "text-embedding-", "whisper-", "tts-", "dall-e-", "*"]
            ),
            ("anthropic", ["claude-"]), ("vertex_ai", ["gemini-"]),
            ("bedrock", ["anthropic.", "amazon.", "meta.", "cohere.", "us.", "eu.", "apac.", "global."]),
        ]
        return beginnings.first { $0.1.contains(where: name.hasPrefix) }?.0
    }
}

/// A model, by a name that does not depend on who serves it.
struct UnderlyingModel: Hashable {
    /// `nil`: the name is one that someone gave to a deployment.
    var name: String?
    /// Whether somebody stated it, or it is only what the deployment is called.
    var isStated: Bool

    /// - Parameter base: `model_info.base_model`, with or without a provider in front.
    init(provider: String, model: String, base: String?) {
        let isOwnName = base == nil && ["azure", "azure_text"].contains(provider)
        isStated = !isOwnName
        let text = base.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? model
        name = text.hasPrefix("arn:") ? nil : Self.canonical(text)
    }

    /// Bedrock's and Vertex AI's ways to write a maker's name, undone: `us.anthropic.claude-x-20250929-v1:0` and
    /// `claude-x@20250929` are `claude-x-20250929`.
    private static func canonical(_ text: String) -> String {
        var name = text.lowercased().replacing("@", with: "-")
        for group in ["us.", "eu.", "apac.", "global.", "jp.", "au.", "us-gov."] where name.hasPrefix(group) {
            name = String(name.dropFirst(group.count))
        }
        guard name.hasPrefix("anthropic.") else { return name }
        name = String(name.dropFirst("anthropic.".count))
        if let colon = name.lastIndex(of: ":") { name = String(name[..<colon]) }
        let ending = name.suffix(3)
        return ending.hasPrefix("-v") ? String(name.dropLast(3)) : name
    }
}
