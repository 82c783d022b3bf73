// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Writes the documents of `isobar up`: the same kind of file that a user writes.
struct DemoConfiguration {
    var regions: [DemoRegion]
    /// Model server of each region.
    var ports: [UInt16]
    var flavor: String
    var model: String
    var keyFile: String

    var text: String {
        let documents = [providers, regionDocuments, [modelDocument], endpoints, [route, tenant, key]].flatMap { $0 }
        return "# Written by `isobar up`; edit it while it runs: changes apply at once.\n"
            + documents.joined(separator: "---\n")
    }

    private var providers: [String] {
        regions.map { document("Provider", $0.provider, ["flavor: \(flavor)"]) }
    }

    private var regionDocuments: [String] {
        regions.map { region in
            var spec = ["provider: \(region.provider)", "jurisdiction: \(region.jurisdiction)"]
            if !region.roundTrips.isEmpty {
                spec.append("roundTrips:")
                spec += zip(regions, region.roundTrips).map { "  \($0.region): \($1)ms" }
            }
            return document("Region", region.region, spec)
        }
    }

    private var modelDocument: String { document("Model", model, ["contextTokensMax: 2048"]) }

    private var endpoints: [String] {
        zip(regions, ports).map { region, port in
            document(
                "Endpoint", region.region,
                [
                    "region: \(region.region)", "url: http://127.0.0.1:\(port)/v1", "serves:", "  - model: \(model)",
                    "    prices:",
                    "      currency: USD", "      inputPerMillionTokens: \(region.inputPrice)",
                    "      outputPerMillionTokens: \(region.outputPrice)", "limits:",
                    "  inFlightMax: \(region.inFlightMax)", "health:",
                    "  path: /health", "  interval: 1s", "  timeout: 1s", "  loadPath: /metrics",
                ])
        }
    }

    private var route: String {
        var spec = [
            "models: [\(model)]", "model: \(model)", "tiers:", "  - name: default",
            "    endpoints: [\(regions[0].region)]",
        ]
        if regions.count > 1 {
            let others = regions.dropFirst().map(\.region).joined(separator: ", ")
            spec += [
                "  - name: overflow", "    endpoints: [\(others)]", "    objective: {latency: 2, cost: 1, affinity: 1}",
            ]
        }
        return document("Route", model, spec)
    }

    private var tenant: String { document("Tenant", "demo", ["region: \(regions[0].region)"]) }
    private var key: String { document("Key", "demo", ["tenant: demo", "secret: file:\(keyFile)"]) }

    private func document(_ kind: String, _ name: String, _ spec: [String]) -> String {
        let lines = spec.map { "  \($0)\n" }.joined()
        return "apiVersion: isobar/v1\nkind: \(kind)\nmetadata:\n  name: \(name)\nspec:\n\(lines)"
    }
}
