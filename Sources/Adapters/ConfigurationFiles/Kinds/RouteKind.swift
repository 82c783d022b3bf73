// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Route: what callers ask for, and where it may go in which order.

extension Shape where Value == Route {
    static func route(named name: String) -> Shape {
        .object { fields in
            let models = fields.required(
                "model", .oneOrList(.reference(to: .model), count: 1...16).unique("model", by: \.self))
            // Left out, callers use the model's own name; of several, none may answer to the others' names.
            let shape = Shape<[String]>.list(.modelName, count: 1...64).unique("name", by: \.self)
            let isOne = models.map { $0.count == 1 } ?? true
            let names = isOne ? fields.optional("models", shape) ?? models : fields.required("models", shape)
            let require = fields.optional("require", .requirement) ?? RouteRequirement()
            let tiers = fields.required("tiers", .list(.tier, count: 1...8).unique("name", by: \.name))
            let retry = fields.optional("retry", .retry) ?? RetryPolicy()
            let overflow = fields.optional("overflow", .overflow) ?? OverflowPolicy()
            let hedge = fields.optional("hedge", .hedge)
            let onUnsupported = fields.optional("onUnsupported", .oneOf(UnsupportedPolicy.self)) ?? .refuse
            guard let models, let names, let tiers else { return nil }
            return Route(
                name: name, modelNames: names, models: models, require: require, tiers: tiers, retry: retry,
                overflow: overflow, hedge: hedge, onUnsupported: onUnsupported)
        }
    }
}

extension Shape where Value == RouteRequirement {
    static let requirement = Shape.object { fields in
        let modalities = fields.optional(
            "modalities", .list(.oneOf(Modality.self), count: 1...7).unique("modality", by: \.self))
        let languages = fields.optional("languages", .list(.language, count: 1...64).unique("language", by: \.self))
        return RouteRequirement(modalities: modalities ?? [], languages: languages ?? [])
    }
}

extension Shape where Value == RouteTier {
    static let tier = Shape.object { fields in
        let name = fields.required("name", .name)
        let endpoints = fields.required(
            "endpoints", .list(.reference(to: .endpoint), count: 1...256).unique("endpoint", by: \.self))
        let objective = fields.optional("objective", .objective) ?? Objective()
        guard let name, let endpoints else { return nil }
        return RouteTier(name: name, endpoints: endpoints, objective: objective)
    }
}

extension Shape where Value == Objective {
    /// A weight left out is 0: who names one part of the score wants that part.
    static let objective = Shape.object { fields in
        Objective(
            latency: fields.optional("latency", .integer(0...100)) ?? 0,
            cost: fields.optional("cost", .integer(0...100)) ?? 0,
            affinity: fields.optional("affinity", .integer(0...100)) ?? 0)
    }
}

extension Shape where Value == RetryPolicy {
    static let retry = Shape.object { fields in
        let defaults = RetryPolicy()
        return RetryPolicy(
            attemptsMax: fields.optional("attemptsMax", .integer(1...10)) ?? defaults.attemptsMax,
            totalTimeout: fields.optional("totalTimeout", .duration(.milliseconds(1) ... .seconds(86_400)))
                ?? defaults.totalTimeout)
    }
}

extension Shape where Value == OverflowPolicy {
    static let overflow = Shape.object { fields in
        let defaults = OverflowPolicy()
        return OverflowPolicy(
            enterPercent: fields.optional("enterPercent", .percent) ?? defaults.enterPercent,
            returnPercent: fields.optional("returnPercent", .percent) ?? defaults.returnPercent,
            holdMin: fields.optional("holdMin", .duration(.zero ... .seconds(3_600))) ?? defaults.holdMin)
    }
    .checked { policy, cursor in
        guard policy.returnPercent >= policy.enterPercent else { return true }
        cursor.report(
            "returnPercent \(policy.returnPercent) is not below enterPercent \(policy.enterPercent)",
            hint: "the gap keeps traffic from flapping between tiers; 25 is usual")
        return false
    }
}

extension Shape where Value == HedgePolicy {
    static let hedge = Shape.object { fields in
        let defaults = HedgePolicy()
        return HedgePolicy(
            extraRequestsPercentMax: fields.optional("extraRequestsPercentMax", .percent)
                ?? defaults.extraRequestsPercentMax,
            delayMin: fields.optional("delayMin", .duration(.zero ... .seconds(60))) ?? defaults.delayMin)
    }
}
