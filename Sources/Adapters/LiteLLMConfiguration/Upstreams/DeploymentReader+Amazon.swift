// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

// Amazon Bedrock. Facts: the proxy's Bedrock page, Bedrock's API reference (read 2026-11).

extension DeploymentReader {
    func bedrock(_ text: String) -> Upstream? {
        guard let name = BedrockName(text) else {
            context.leftOut(entry, "agents, imported models and other special Bedrock routes are left out")
            return nil
        }
        let region = awsRegion(inName: name.region)
        let model = context.plain(params["model_id"]) ?? name.model
        var upstream = Upstream(
            provider: "aws", flavor: .bedrock, region: "aws-\(region)", jurisdiction: Jurisdictions.aws(region),
            url: runtimeURL(region), modelName: model)
        upstream.credential = awsCredential(region)
        upstream.apis = apis(of: name, model)
        noteProfile(model)
        return upstream
    }

    private func awsRegion(inName named: String?) -> String {
        if let stated = context.plain(params["aws_region_name"]) ?? named { return stated }
        if let found = context.variable("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION") {
            context.differs(entry, "the AWS region \(found) is taken from the environment as it is now")
            return found
        }
        context.differs(entry, "no AWS region is stated anywhere: us-west-2, as the proxy does")
        return "us-west-2"
    }

    private func runtimeURL(_ region: String) -> String {
        let domain =
            region.hasPrefix("cn-") ? "amazonaws.com.cn" : region.hasPrefix("eusc-") ? "amazonaws.eu" : "amazonaws.com"
        let own = "https://bedrock-runtime.\(region).\(domain)"
        if let stated = context.plain(params["aws_bedrock_runtime_endpoint"]) {
            return (try? EndpointURL(stated)) != nil ? stated : own
        }
        return base(default: own, stem: "bedrock")
    }

    private func awsCredential(_ region: String) -> ImportedCredential? {
        if params["api_key"] != nil {
            return key(.bearer, stem: "AWS_BEARER_TOKEN_BEDROCK", fallback: nil)
        }
        return .aws(
            AWSCredential(
                region: region, source: awsSource(), roleARN: context.plain(params["aws_role_name"]),
                externalID: context.plain(params["aws_external_id"])))
    }

    /// In the order in which the proxy looks.
    private func awsSource() -> AWSCredential.Source {
        if let token = params["aws_web_identity_token"] {
            context.toDo(
                token, "the gateway reads a web identity's token from a file: name it in the credential",
                hint: "without tokenFile it is the one that AWS_WEB_IDENTITY_TOKEN_FILE names")
            return .webIdentity(tokenFile: nil)
        }
        if let profile = context.plain(params["aws_profile_name"]) { return .profile(profile) }
        guard let id = params["aws_access_key_id"], let secret = params["aws_secret_access_key"] else {
            return .environment
        }
        return .fixed(
            id: context.secret(id, stem: "AWS_ACCESS_KEY_ID"),
            secret: context.secret(secret, stem: "AWS_SECRET_ACCESS_KEY"),
            token: params["aws_session_token"].map { context.secret($0, stem: "AWS_SESSION_TOKEN") })
    }

    private func apis(of name: BedrockName, _ model: String) -> [ServedAPI] {
        if mode == .embedding || model.contains("embed") {
            if model.contains("titan") { return [.titanEmbeddings] }
            if model.contains("nova") { return [.novaEmbeddings] }
            if model.contains("cohere") { return [.cohereEmbeddings] }
            context.toDo(entry, "which family's embeddings \(model) has is not known: write the endpoint's apis")
            return []
        }
        guard name.isInvoke else { return [] }
        if model.contains("claude") { return [.messages] }
        context.differs(entry, "asked by Converse: InvokeModel is used for Claude only")
        return []
    }

    /// Inference profiles answer from any region of their group.
    private func noteProfile(_ model: String) {
        guard let group = model.split(separator: ".").first,
            ["eu", "apac", "global", "jp", "au", "ca", "us-gov"].contains(String(group))
        else { return }
        context.differs(
            entry, "the inference profile `\(group).` may answer from other countries than its region's",
            hint: "for a rule about countries, serve the model without the profile, or state the jurisdiction yourself")
    }
}

/// `bedrock/[converse/|invoke/][REGION/]MODEL`, without its beginning.
struct BedrockName {
    private(set) var model: String
    private(set) var region: String?
    private(set) var isInvoke = false

    private static let special: Set<String> = [
        "agent", "agentcore", "llama", "deepseek_r1", "qwen2", "qwen3", "openai", "moonshot", "async_invoke",
        "converse_like",
    ]

    init?(_ text: String) {
        var rest = text[...]
        func first() -> String? {
            guard let slash = rest.firstIndex(of: "/"), !rest.hasPrefix("arn:") else { return nil }
            return String(rest[..<slash])
        }
        if let route = first(), route == "converse" || route == "invoke" {
            isInvoke = route == "invoke"
            rest = rest.dropFirst(route.count + 1)
        }
        if let route = first(), Self.special.contains(route) { return nil }
        // A commitment stands before the model in names that carry one.
        while let part = first(), part.hasSuffix("-commitment") || Self.isRegion(part) {
            if Self.isRegion(part) { region = part }
            rest = rest.dropFirst(part.count + 1)
        }
        guard !rest.isEmpty else { return nil }
        model = String(rest)
    }

    /// `us-east-1`, `ap-southeast-2`, `us-gov-west-1`
    private static func isRegion(_ text: String) -> Bool {
        let parts = text.split(separator: "-")
        return (3...4).contains(parts.count) && parts[0].count <= 4 && parts.last.flatMap { Int($0) } != nil
    }
}
