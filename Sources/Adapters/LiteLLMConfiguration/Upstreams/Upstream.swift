// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

/// Where a deployment's requests go, in our words.
struct Upstream {
    var provider: Provider
    var region: Region
    /// Base URL as `OperationPlanner` wants it for the provider's flavor.
    var url: String
    var apiVersion: String?
    var credential: ImportedCredential?
    /// What the endpoint calls the model.
    var modelName: String
    /// Empty means what the flavor has.
    var apis: [ServedAPI] = []

    init(
        provider: String, flavor: ProviderFlavor, region: String, jurisdiction: String = Jurisdictions.unknown,
        url: String, modelName: String
    ) {
        self.provider = Provider(name: ResourceNames.name(from: provider), flavor: flavor)
        self.region = Region(
            name: ResourceNames.name(from: region), provider: self.provider.name, jurisdiction: jurisdiction)
        self.url = url
        self.modelName = modelName
    }
}

/// How an imported endpoint proves who it is.
enum ImportedCredential: Hashable {
    /// A key in a header.
    case key(KeyScheme, SecretReference)
    case aws(AWSCredential)
    /// `nil`: the file that `GOOGLE_APPLICATION_CREDENTIALS` names.
    case googleServiceAccount(file: String?)
    case entraClientSecret(tenant: String, client: String, secret: SecretReference)
}

/// Headers that keys go into, by the names that the configuration has for them.
enum KeyScheme: String {
    case bearer
    case apiKey = "api-key"
    case xAPIKey = "x-api-key"
    case xGoogAPIKey = "x-goog-api-key"
}

/// An identity of AWS, and the role that it takes on.
struct AWSCredential: Hashable {
    enum Source: Hashable {
        case environment
        case fixed(id: SecretReference, secret: SecretReference, token: SecretReference?)
        case profile(String)
        /// A token file for the role; `nil`: the one that `AWS_WEB_IDENTITY_TOKEN_FILE` names.
        case webIdentity(tokenFile: String?)
    }

    var region: String
    var source = Source.environment
    var roleARN: String?
    var externalID: String?
}

/// What a model is for, `model_info.mode` there.
enum ModelMode: String {
    case chat, completion, responses, embedding, rerank
    case transcription = "audio_transcription"
    case speech = "audio_speech"
    case image = "image_generation"

    var modality: Modality? {
        switch self {
        case .chat, .completion, .responses: nil
        case .embedding: .embedding
        case .rerank: .rerank
        case .transcription: .audio
        case .speech: .speech
        case .image: .imageGeneration
        }
    }
}

/// Reads one deployment: its fields, and how they become an upstream, family by family in the files beside this one.
struct DeploymentReader {
    let context: TranslationContext
    let entry: YAMLTree
    /// `litellm_params`
    let params: ForeignFields
    /// `model_info`
    let info: ForeignFields
    let mode: ModelMode

    /// - Parameters:
    ///   - provider: what stands before the first slash of `model`.
    ///   - model: what stands behind it.
    /// - Returns: `nil`, and reported, when there is nothing to send it to.
    func upstream(provider: String, model: String) -> Upstream? {
        switch provider {
        case "openai": openAI(model)
        case "text-completion-openai": openAI(model, apis: [.completions])
        case "azure": azure(model)
        case "azure_text": azure(model, apis: [.completions])
        case "azure_ai": azureAI(model)
        case "anthropic": anthropic(model)
        case "bedrock": bedrock(model)
        case "vertex_ai", "vertex_ai_beta": vertex(model)
        case "gemini": gemini(model)
        case "hosted_vllm", "vllm": vllm(model)
        case "ollama", "ollama_chat": ollama(model)
        default: compatible(provider, model)
        }
    }

    // MARK: What several families need

    /// `api_base`, checked. Where it cannot be known an address stands for it that never resolves (RFC 2606).
    /// - Parameters:
    ///   - fallback: when nothing is stated.
    ///   - stem: of the placeholder.
    ///   - allowsQuery: the family takes it off; anywhere else it may hold a key.
    func base(default fallback: String?, stem: String, allowsQuery: Bool = false) -> String {
        guard let field = params.first(of: "api_base", "base_url") else {
            if let fallback { return fallback }
            context.toDo(
                entry, "there is no api_base, and the environment has none: write the endpoint's url",
                hint: "a host under .invalid stands for it until then")
            return Self.placeholder(stem)
        }
        guard let text = context.plain(field) else {
            return Self.placeholder(field.text.flatMap(TranslationContext.variable) ?? stem)
        }
        let address = allowsQuery ? text.split(separator: "?").first.map(String.init) ?? "" : text
        guard (try? EndpointURL(address)) != nil else {
            context.toDo(field, "not an address that can be used; not shown, it may hold a key")
            return Self.placeholder(stem)
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    static func placeholder(_ stem: String) -> String { "https://\(ResourceNames.name(from: stem)).invalid" }

    /// The key in `api_key`, or where the proxy would have looked for one.
    /// - Parameter fallback: the variable that the provider's own tools use; `nil`: without a stated key there is none.
    func key(_ scheme: KeyScheme, stem: String, fallback: String?) -> ImportedCredential? {
        guard let field = params["api_key"] else { return fallback.map { .key(scheme, .environment($0)) } }
        return TranslationContext.isNoKey(field) ? nil : .key(scheme, context.secret(field, stem: stem))
    }

    /// The host of a URL; the whole text when it is none.
    static func host(of url: String) -> String { (try? EndpointURL(url))?.host ?? url }

    /// The path of a URL, without trailing slash.
    static func path(of url: String) -> String { (try? EndpointURL(url))?.basePath ?? "" }

    /// A place name for a host: what `region_name` says, else the first label of a name, else the address.
    func place(of url: String) -> String {
        if let stated = context.plain(params["region_name"]) { return stated }
        let host = Self.host(of: url)
        let isAddress = host.contains(":") || host.split(separator: ".").allSatisfy { UInt8($0) != nil }
        return isAddress ? host : String(host.split(separator: ".").first ?? "")
    }
}
