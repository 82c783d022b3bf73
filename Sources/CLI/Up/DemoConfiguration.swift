// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes

/// Writes the documents of `isobar up`: the same kind of file that a user writes.
struct DemoConfiguration {
    var plan: DemoPlan
    var flavor: String
    var keyFile: String
    /// Tenants besides the first, whose data may not go everywhere; each with its key's file.
    var keyFiles: [(tenant: DemoTenant, file: String)]

    private static let chatTokensMax = 2_048

    var text: String {
        let documents = [[bundle], providers, regionDocuments, models, endpoints, routes, [tenant, key], tenants]
            .flatMap { $0 }
        return "# Written by `isobar up`; edit it while it runs: changes apply at once.\n"
            + documents.joined(separator: "---\n")
    }

    private var providers: [String] {
        plan.regions.map { document("Provider", $0.provider, ["flavor: \(flavor)"]) }
    }

    private var regionDocuments: [String] {
        plan.regions.map { region in
            var spec = ["provider: \(region.provider)", "jurisdiction: \(region.jurisdiction)"]
            if !region.roundTrips.isEmpty {
                spec.append("roundTrips:")
                spec += zip(plan.regions, region.roundTrips).map { "  \($0.region): \($1)ms" }
            }
            return document("Region", region.region, spec)
        }
    }

    private var models: [String] {
        [
            document("Model", plan.chatModel, [
                    "contextTokensMax: \(Self.chatTokensMax)", "outputTokensMax: \(Self.chatTokensMax)",
                    "rights: none",
                ]),
            document("Model", plan.embeddingModel, [
                    "contextTokensMax: \(plan.embeddingTokensMax)", "modalities: [embedding]", "rights: none",
                ]),
        ]
    }

    private var endpoints: [String] {
        plan.servers.map { server in
            document(
                "Endpoint", server.name,
                ["region: \(server.region.region)", "url: http://127.0.0.1:\(server.port)/v1", "serves:"]
                    + server.serves.flatMap { served($0, by: server) }
                    + [
                        "limits:", "  inFlightMax: \(server.region.inFlightMax)", "health:", "  path: /health",
                        "  interval: 1s", "  timeout: 1s", "  loadPath: /metrics",
                    ] + residency(server.region))
        }
    }

    private func served(_ model: String, by server: DemoServer) -> [String] {
        // A vector costs what was read for it.
        let outputPrice = model == plan.embeddingModel ? "0.00" : server.region.outputPrice
        return ["  - model: \(model)"] + (model == server.model ? [] : ["    as: \(server.model)"]) + [
            "    prices:", "      currency: USD", "      inputPerMillionTokens: \(server.region.inputPrice)",
            "      outputPerMillionTokens: \(outputPrice)",
        ]
    }

    private var routes: [String] {
        [
            route(plan.chatModel, objective: "{latency: 2, cost: 1, affinity: 1}"),
            route(plan.embeddingModel, objective: "{latency: 2, cost: 1}"),
        ]
    }

    /// The default region alone in the first tier, all others in the second.
    private func route(_ model: String, objective: String) -> String {
        let endpoints = plan.servers(of: model).map(\.name)
        var spec = [
            "models: [\(model)]", "model: \(model)", "tiers:", "  - name: default",
            "    endpoints: [\(endpoints[0])]",
        ]
        if endpoints.count > 1 {
            spec += [
                "  - name: overflow", "    endpoints: [\(endpoints.dropFirst().joined(separator: ", "))]",
                "    objective: \(objective)",
            ]
        }
        return document("Route", model, spec)
    }

    /// All servers run on this machine; what they state is what the places they stand for would.
    private func residency(_ region: DemoRegion) -> [String] {
        ["residency:"]
            + Facet.allCases.map { "  \($0.rawValue): [\(region.jurisdiction)]" } + [
                "  processor: \(region.provider)", "  retention: 0s", "  notAfter: \(Self.notAfter)",
                "  source: \"illustration\"", "  readOn: 2026-11-21",
            ]
    }

    private static let notAfter = "2036-12-31"

    private var bundle: String { document("PolicyBundle", "demo", ["notAfter: \(Self.notAfter)"]) }

    private var tenant: String {
        document(
            "Tenant", "demo",
            ["region: \(plan.regions[0].region)", "residency: {subjects: anyone, classes: [public]}"])
    }

    private var tenants: [String] {
        keyFiles.flatMap { tenant, file in
            [
                document(
                    "Tenant", tenant.name,
                    [
                        "residency: {subjects: \(tenant.subjects), classes: [\(tenant.classes)]}",
                        "audit: required",
                    ]),
                document("Key", tenant.name, ["tenant: \(tenant.name)", "secret: file:\(file)"]),
            ]
                + (tenant.dollarsPerDay.map { amount in
                    document(
                        "Budget", tenant.name,
                        ["scope: {tenant: \(tenant.name)}", "limits: [{money: \"\(amount)\", per: day}]"])
                }.map { [$0] } ?? [])
        }
    }

    private var key: String { document("Key", "demo", ["tenant: demo", "secret: file:\(keyFile)"]) }

    private func document(_ kind: String, _ name: String, _ spec: [String]) -> String {
        let lines = spec.map { "  \($0)\n" }.joined()
        return "apiVersion: isobar/v1\nkind: \(kind)\nmetadata:\n  name: \(name)\nspec:\n\(lines)"
    }
}
