// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles

/// Decodes one file `isobar.yaml` with the given text.
func decode(_ text: String) throws(ConfigurationProblems) -> Configuration {
    try ConfigurationReader.decode([.init(path: "isobar.yaml", bytes: Array(text.utf8))])
}

func problems(_ text: String) -> [ConfigurationProblem] {
    do throws(ConfigurationProblems) {
        _ = try decode(text)
        return []
    } catch { return error.all }
}

/// A document with one line of spec per element, indented by two.
func document(_ kind: String, _ name: String, _ spec: String...) -> String {
    let lines = spec.flatMap { $0.split(separator: "\n") }.map { "  \($0)\n" }.joined()
    return "---\napiVersion: isobar/v1\nkind: \(kind)\nmetadata: {name: \(name)}\n"
        + (lines.isEmpty ? "" : "spec:\n\(lines)")
}

/// Everything an endpoint, a route and a key need around them.
let surroundings =
    document("Provider", "p") + document("Region", "r", "provider: p", "jurisdiction: US") + document("Model", "m")
    + document("Tenant", "t")

let endpoint = document("Endpoint", "e", "region: r", "url: http://localhost:1/v1", "serves: [{model: m}]")
