// SPDX-License-Identifier: Apache-2.0
// Isobar

public import BudgetStore
public import Budgets
internal import Pricing
internal import ResourceTypes
internal import Routing

/// The budgets of a configuration, with the accounts that the process's holder has for them.
public struct PublishedBudgets: Sendable {
    public var shared: SharedBudgets
    /// By position in the plan's accounts.
    public var accounts: [BudgetAccountID]
    public var plan: BudgetPlan

    /// Makes the plan's accounts known.
    public init(_ plan: BudgetPlan, shared: SharedBudgets) {
        self.shared = shared
        self.plan = plan
        accounts = shared.adopt(plan.accounts)
    }
}

/// What requests of one key reserve: for the request as a whole, and for each attempt.
struct KeyBudgets {
    struct Item {
        var account: BudgetAccountID
        var meter: BudgetMeter
    }

    var items: [Item] = []
}

extension BudgetMeter {
    /// An attempt that was lost may have been billed, so the next one needs its own.
    var isPerAttempt: Bool { self == .money || self == .tokens }
}

extension Generation {
    /// By stable position of the key; empty where no budget is declared, or none for any key.
    static func keyBudgets(_ budgets: PublishedBudgets?, at slots: [Int]) -> [KeyBudgets] {
        guard let budgets, !budgets.plan.isEmpty else { return [] }
        var found = [KeyBudgets](repeating: KeyBudgets(), count: (slots.max() ?? -1) + 1)
        for (positions, slot) in zip(budgets.plan.byKey, slots) {
            found[slot].items = positions.map {
                KeyBudgets.Item(account: budgets.accounts[$0], meter: budgets.plan.accounts[$0].meter)
            }
        }
        return found
    }

    /// By `RouteID`: the most that an attempt on the route can use.
    static func ceilings(_ snapshot: RoutingSnapshot) -> [PriceCeiling] {
        snapshot.routes.map { route in
            var ceiling = PriceCeiling()
            for endpoint in route.tiers.flatMap(\.endpoints).map({ snapshot.endpoints[Int($0.index)] }) {
                ceiling.include(
                    tokens: endpoint.prices, media: endpoint.mediaPrices,
                    contextTokensMax: endpoint.contextTokensMax, outputTokensMax: endpoint.outputTokensDefault)
            }
            return ceiling
        }
    }
}
