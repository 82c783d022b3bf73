// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ControlPlane
import ResourceTypes
import Routing

@testable import LiteLLMConfiguration

/// Reads and translates one file `config.yaml` with the given text.
func imported(_ text: String, environment: [String: String] = [:]) throws(ConfigurationProblems)
    -> ImportedConfiguration
{
    let file = ConfigurationReader.File(path: "config.yaml", bytes: Array(text.utf8))
    return LiteLLMImport.translate(try YAMLTree.read(file), environment: environment)
}

/// One deployment of the group `m`; each line is a field of `litellm_params`.
func deployment(_ params: String..., info: String = "{}", beside: String = "") -> String {
    let lines = params.flatMap { $0.split(separator: "\n") }.map { "      \($0)\n" }.joined()
    return "model_list:\n  - model_name: m\n    litellm_params:\n\(lines)    model_info: \(info)\n\(beside)"
        + "general_settings: {master_key: os.environ/MASTER}\n"
}

/// The one endpoint of the one deployment.
func endpoint(_ params: String..., info: String = "{}", environment: [String: String] = [:]) throws
    -> ImportedEndpoint
{
    let lines = params.joined(separator: "\n")
    let result = try imported(deployment(lines, info: info), environment: environment)
    guard let only = result.endpoints.first, result.endpoints.count == 1 else {
        throw Unexpected(findings: result.findings.map(\.description))
    }
    return only
}

struct Unexpected: Error { var findings: [String] }

/// What `isobar check` does with the documents, secrets included: reader, references, snapshot.
func check(_ imported: ImportedConfiguration) throws -> RoutingSnapshot {
    let file = ConfigurationReader.File(path: "isobar.yaml", bytes: Array(imported.text.utf8))
    let configuration = try ConfigurationReader.decode([file])
    var environment: [String: String] = [:]
    for reference in imported.text.split(separator: "\"env:").dropFirst() {
        environment[String(reference.prefix { $0 != "\"" })] = "0123456789abcdef"
    }
    let (secrets, problems) = ResolvedSecrets.resolve(
        configuration, with: SecretResolver(environment: environment))
    guard problems.isEmpty else { throw ConfigurationProblems(problems) }
    return try SnapshotCompiler.compile(
        configuration, secrets: secrets, slots: GaugeSlots(), credentialIDs: CredentialIDs(), version: 1,
        at: WallTime(unixSeconds: 1_790_000_000)
    ).snapshot
}

extension ImportedConfiguration {
    func messages(_ kind: ImportFinding.Kind) -> [String] { findings.filter { $0.kind == kind }.map(\.message) }
}
