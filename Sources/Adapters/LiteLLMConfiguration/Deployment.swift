// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

/// One entry of `model_list`, in our words.
struct Deployment {
    /// What callers ask for.
    var group: String
    var place: YAMLTree
    var upstream: Upstream
    var limits: EndpointLimits
    /// `nil`: ours.
    var firstByte: TimeSpan?
    var idle: TimeSpan?
    var prices: TokenPrices?
    var contextTokensMax: Int?
    var outputTokensMax: Int?
    var modalities: [Modality]
    var thinking: ThinkingStyle
    /// Lower first; equal ones share.
    var order: Int
    /// `model_info.id`
    var id: String?
    /// What stands behind it, comparable over providers.
    var underlying: UnderlyingModel
    /// `nil`: as the proxy's settings say.
    var dropsUnsupported: Bool?
}

extension Deployment {
    /// Reads an entry; `nil`, and reported, when it cannot be translated.
    /// - Parameter credentials: named ones, by name.
    init?(
        _ entry: YAMLTree, settings: ProxySettings, credentials: [String: YAMLTree], context: TranslationContext
    ) {
        let fields = ForeignFields(entry)
        guard let group = fields["model_name"]?.text, let written = fields["litellm_params"] else {
            context.toDo(entry, "an entry without model_name or litellm_params is left out")
            return nil
        }
        let named = written["litellm_credential_name"]?.text
        let params = ForeignFields(written, defaults: named.flatMap { credentials[$0] })
        params.ignore(["litellm_credential_name"])
        let info = ForeignFields(fields["model_info"] ?? YAMLTree(.mapping([]), at: entry.location))
        guard let name = ModelString(params, entry, context) else { return nil }
        guard !group.contains("*"), !name.model.contains("*") else {
            context.leftOut(
                entry, "wildcards are left out: Isobar serves models that are named",
                hint: "add one entry per model that callers use")
            return nil
        }
        guard let mode = Self.mode(info, context) else { return nil }
        let reader = DeploymentReader(context: context, entry: entry, params: params, info: info, mode: mode)
        guard let upstream = reader.upstream(provider: name.provider, model: name.model) else { return nil }

        self.init(group: group, reader, fields, upstream, name.provider, settings)
        SettingAdvice.report(params, of: "litellm_params", context)
        SettingAdvice.report(info, of: "model_info", context)
        SettingAdvice.report(fields, of: "model_list", context)
    }

    private init(
        group: String, _ reader: DeploymentReader, _ fields: ForeignFields, _ upstream: Upstream, _ provider: String,
        _ settings: ProxySettings
    ) {
        let (context, params, info) = (reader.context, reader.params, reader.info)
        func either(_ name: String) -> YAMLTree? {
            let (inside, beside) = (params[name], fields[name])
            return inside ?? beside
        }
        self.group = group
        place = reader.entry
        self.upstream = upstream
        if upstream.apis.isEmpty {
            switch reader.mode {
            case .completion: self.upstream.apis = [.completions]
            case .responses: self.upstream.apis = [.responses]
            default: break
            }
        }
        limits = EndpointLimits(
            inFlightMax: context.count(params["max_parallel_requests"], in: 1...1_000_000) ?? settings.inFlightMax,
            tokensPerMinute: context.count(either("tpm"), in: 1...1_000_000_000_000),
            requestsPerMinute: context.count(either("rpm"), in: 1...1_000_000_000))
        let range = ProxySettings.timeoutRange
        firstByte = context.seconds(params["timeout"], in: range) ?? settings.timeout
        idle = context.seconds(params["stream_timeout"], in: range) ?? settings.streamTimeout
        prices = reader.prices()
        let tokens = reader.tokenLimits()
        (contextTokensMax, outputTokensMax) = (tokens.context, tokens.output)
        modalities = reader.modalities()
        thinking = info["supports_reasoning"]?.truth == false ? .none : .adaptive
        order = context.count(params["order"], in: 0...1_000_000) ?? 0
        id = info["id"]?.text
        underlying = UnderlyingModel(
            provider: provider, model: upstream.modelName, base: info["base_model"]?.text ?? params["base_model"]?.text)
        dropsUnsupported = params["drop_params"]?.truth
    }

    private static func mode(_ info: ForeignFields, _ context: TranslationContext) -> ModelMode? {
        guard let field = info["mode"], let text = field.text else { return .chat }
        if let mode = ModelMode(rawValue: text) { return mode }
        context.leftOut(field, "models of mode \(text) are left out")
        return nil
    }
}

extension DeploymentReader {
    /// `max_tokens` alone may mean either (the proxy's table of models calls it legacy): for embeddings it is the
    /// prompt, else the answer.
    func tokenLimits() -> (context: Int?, output: Int?) {
        let range = 1...100_000_000
        let prompt = context.count(info["max_input_tokens"], in: range)
        let answer = context.count(info["max_output_tokens"], in: range)
        guard let field = info["max_tokens"], let either = context.count(field, in: range) else {
            return (prompt, answer)
        }
        if mode == .embedding || mode == .rerank { return (prompt ?? either, answer) }
        if prompt == nil {
            context.differs(
                field, "max_tokens is taken for the longest answer", hint: "state the Model's contextTokensMax too")
        }
        return (prompt, answer ?? either)
    }

    /// Empty means that nothing is said.
    func modalities() -> [Modality] {
        if let only = mode.modality { return [only] }
        let (image, audio) = (info["supports_vision"]?.truth == true, info["supports_audio_input"]?.truth == true)
        guard image || audio else { return [] }
        return [.text] + (image ? [.image] : []) + (audio ? [.audio] : [])
    }
}
