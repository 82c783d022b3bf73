// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Budgets
internal import Pricing
internal import ResourceTypes

// Budget: what a scope may use, of what, in which time.

extension Shape where Value == Budget {
    static func budget(named name: String) -> Shape {
        .object { fields in
            let scope = fields.isWritten("scope") ? fields.required("scope", .budgetScope) : .everything
            if !fields.isWritten("scope") { fields.ignore("scope") }
            let limits = fields.required("limits", .list(.budgetLimit, count: 1...8).distinct)
            let isEnforced = fields.optional("enforced", .bool) ?? true
            guard let scope, let limits else { return nil }
            return Budget(name: name, scope: scope, limits: limits, isEnforced: isEnforced)
        }
    }
}

extension Shape where Value == Budget.Scope {
    fileprivate static let budgetScope = Shape.object { fields in
        let found: [Budget.Scope?] = [
            fields.optional("tenant", .reference(to: .tenant)).map { .tenant($0) },
            fields.optional("team", .name).map { .team($0) },
            fields.optional("key", .reference(to: .key)).map { .key($0) },
        ]
        let stated = found.compactMap { $0 }
        if stated.count == 1 { return stated[0] }
        let names = ["tenant", "team", "key"]
        // A wrong one was reported already.
        if stated.isEmpty, names.contains(where: { fields.isWritten($0) }) { return nil }
        fields.cursor.report(
            stated.isEmpty ? "the scope is empty" : "the scope has several parts",
            hint: "state one of tenant, team or key; without scope it is everything")
        return nil
    }
}

extension Shape where Value == Budget.Limit {
    private enum Period: String, CaseIterable { case minute, hour, day, month, total }

    /// One meter and, but for concurrency, a period.
    fileprivate static let budgetLimit = Shape.object { fields in
        let amounts: [(BudgetMeter, Int64)?] = [
            fields.optional("money", .nanoMoney).map { (.money, $0) },
            fields.optional("tokens", .integer(0...1_000_000_000_000_000)).map { (.tokens, Int64($0)) },
            fields.optional("requests", .integer(0...1_000_000_000_000)).map { (.requests, Int64($0)) },
            fields.optional("concurrency", .integer(0...1_000_000)).map { (.concurrency, Int64($0)) },
        ]
        let meters = ["money", "tokens", "requests", "concurrency"].filter { fields.isWritten($0) }
        guard meters.count == 1 else {
            fields.ignore("per")
            fields.cursor.report(
                meters.isEmpty ? "nothing is limited" : "several limits in one",
                hint: "write one of money, tokens, requests and concurrency; one list item each")
            return nil
        }
        let isPlaces = meters[0] == "concurrency"
        let period = isPlaces ? Period.total : fields.required("per", .oneOf(Period.self))
        guard let period, let window = BudgetWindow(rawValue: period.rawValue), let (meter, amount) = amounts.compactMap({ $0 }).first
        else { return nil }
        return Budget.Limit(meter: meter, window: window, amount: amount)
    }
}

extension Shape where Value == [Budget.Limit] {
    /// Two limits of one meter and period would be a mistake of one of them.
    fileprivate var distinct: Shape {
        checked { limits, cursor in
            var seen: Set<String> = []
            for limit in limits {
                let name = "\(limit.meter.rawValue) per \(limit.window.rawValue)"
                if !seen.insert(name).inserted {
                    cursor.report("\(name) is limited twice", hint: "keep the smaller one")
                    return false
                }
            }
            return true
        }
    }
}

extension Shape where Value == Int64 {
    /// An amount of the configuration's currency in nano-units.
    fileprivate static let nanoMoney = leaf("an amount such as 250.00 with at most 9 decimals, below 9 billion") {
        scalar in
        guard let money = Money(text: scalar.text), money.pico >= 0, money.pico % 1_000 == 0,
            money.pico / 1_000 <= Int128(Int64.max)
        else { return .refused() }
        return .value(Int64(money.pico / 1_000))
    }
}
