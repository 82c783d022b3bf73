// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Budgets
internal import ConfigurationFiles
internal import ResourceTypes

/// Budgets to the accounts of each key. A limit can only be kept where the most that a request may use is known, so what
/// is missing for that is an error and no guess.
extension SnapshotCompiler {
    mutating func compileBudgets() -> BudgetPlan {
        guard !resources.budgets.isEmpty else { return .none }
        checkBounds()
        let holders = resources.keys.map { BudgetPlan.Holder(key: $0.name, tenant: $0.tenant, team: $0.team) }
        checkTeams()
        do throws(BudgetPlan.TooMany) {
            return try BudgetPlan(resources.budgets, holders: holders)
        } catch {
            refuse(
                ResourceName(.key, error.key), "spec",
                "\(error.count) limits apply to its requests; allowed: \(BudgetCharges.countMax)",
                hint: "put limits of one scope into fewer Budgets")
            return .none
        }
    }

    /// A team that no key belongs to is a misspelling of one.
    private mutating func checkTeams() {
        let teams = Set(resources.keys.compactMap(\.team)).sorted()
        for budget in resources.budgets {
            guard case .team(let name) = budget.scope, !teams.contains(name) else { continue }
            refuse(
                ResourceName(.budget, budget.name), "spec.scope.team", "no Key has the team \"\(name)\"",
                hint: NearestName.hint(for: name, among: teams) ?? "write team: \(name) at the Keys that belong to it")
        }
    }

    private mutating func checkBounds() {
        let meters = Set(resources.budgets.filter(\.isEnforced).flatMap { $0.limits.map(\.meter) })
        guard meters.contains(.money) || meters.contains(.tokens) else { return }
        let models = Dictionary(resources.models.map { ($0.name, $0) }) { first, _ in first }
        let used = Set(resources.routes.flatMap { $0.tiers.flatMap(\.endpoints) })
        var told: Set<String> = []
        for endpoint in resources.endpoints where used.contains(endpoint.name) {
            for (index, served) in endpoint.serves.enumerated() {
                if meters.contains(.money), served.prices == nil, served.mediaPrices == nil {
                    refuse(
                        ResourceName(.endpoint, endpoint.name), "spec.serves[\(index)].prices",
                        "a Budget limits money, and nobody knows what this costs", hint: "state its prices, also if they are 0")
                }
                guard let model = models[served.model], told.insert(model.name).inserted else { continue }
                checkBounds(of: model)
            }
        }
    }

    private mutating func checkBounds(of model: Model) {
        guard model.modalities.isEmpty || model.modalities.contains(.text) else { return }
        for (field, value) in [("contextTokensMax", model.contextTokensMax), ("outputTokensMax", model.outputTokensMax)]
        where value == nil {
            refuse(
                ResourceName(.model, model.name), "spec.\(field)",
                "a Budget limits money or tokens, and nobody knows how much this model can take or give",
                hint: "state \(field)")
        }
    }
}
