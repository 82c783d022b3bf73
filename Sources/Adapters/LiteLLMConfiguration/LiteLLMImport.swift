// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ConfigurationFiles
internal import ResourceTypes

/// From a LiteLLM proxy's configuration to documents of ours, and a list of what has no counterpart.
///
/// What the proxy calls a model group is a Route here: its deployments are Endpoints, by `order` in tiers. Nothing is
/// invented: what cannot be expressed is left out and said, a secret in the file is never copied, and what the proxy
/// would have read from its environment is either a secret's reference or is looked up now.
///
/// Facts about the proxy: its documentation of `config.yaml` (settings, routing, load balancing, reliability, provider
/// pages; read 2026-11).
public enum LiteLLMImport {
    /// Pure: the same tree and environment give the same documents.
    /// - Parameter environment: where `os.environ/NAME` is looked up for values that are no secrets.
    public static func translate(_ root: YAMLTree, environment: [String: String]) -> ImportedConfiguration {
        let context = TranslationContext(root, environment: environment)
        let fields = ForeignFields(root)
        fields.ignore(["environment_variables"])
        // 1. What holds for all deployments, then the deployments.
        let settings = ProxySettings(fields, context)
        let deployments = deployments(fields, settings, context)
        // 2. Groups to routes; then what leads from one to another.
        var assembly = RouteAssembly(settings: settings, context: context)
        for deployment in deployments { assembly.add(deployment) }
        assembly.finishRoutes()
        assembly.addFallbacks()
        assembly.addAliases()
        // 3. Who may call, and what nobody asked for.
        assembly.addCaller(root)
        SettingAdvice.report(fields, of: "", context)
        var imported = assembly.imported
        noteWhole(&imported, root, settings, context)
        imported.findings = context.findings.all.sorted { ($0.location.line, $0.path) < ($1.location.line, $1.path) }
        return imported
    }

    private static func deployments(
        _ fields: ForeignFields, _ settings: ProxySettings, _ context: TranslationContext
    ) -> [Deployment] {
        var credentials: [String: YAMLTree] = [:]
        for entry in fields["credential_list"]?.elements ?? [] {
            if let name = entry["credential_name"]?.text { credentials[name] = entry["credential_values"] }
        }
        let entries = fields["model_list"]?.elements ?? []
        return entries.compactMap {
            Deployment($0, settings: settings, credentials: credentials, context: context)
        }
    }

    /// What is true of the import as a whole.
    private static func noteWhole(
        _ imported: inout ImportedConfiguration, _ root: YAMLTree, _ settings: ProxySettings,
        _ context: TranslationContext
    ) {
        let unknown = imported.regions.filter { $0.jurisdiction == Jurisdictions.unknown }.map(\.name)
        if !unknown.isEmpty {
            let some = unknown.prefix(8).joined(separator: ", ") + (unknown.count > 8 ? ", …" : "")
            context.toDo(
                root, "the country of \(some) is not known: state the Region's jurisdiction",
                hint: "ZZ stands for it until then; no rule that names a country holds for it")
        }
        if settings.timeout == nil, imported.endpoints.contains(where: { $0.firstByte == nil }) {
            context.differs(
                root, "where no timeout is stated an answer must begin within 60 s; the proxy waited 10 minutes",
                hint: "state spec.timeouts.firstByte for endpoints that think long without streaming")
        }
    }
}
