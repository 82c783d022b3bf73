// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

// A fallback leads from one model group to another. A Route serves one Model, so only a group that stands for the same
// model becomes a further tier; any other would answer with a model that nobody asked for.

extension RouteAssembly {
    mutating func addFallbacks() {
        let own = settings.fallbacks.filter { $0.group != "*" }
        let defaults = settings.fallbacks.filter { $0.group == "*" }
        for fallback in own {
            guard let group = group(named: fallback.group) else {
                if let place = fallback.targets.first {
                    context.leftOut(place, "a fallback of a group that is not there")
                }
                continue
            }
            for target in fallback.targets { addFallback(target, to: group) }
        }
        let without = groups.filter { group in !own.contains { $0.group == group.name } }
        for group in without {
            for target in defaults.flatMap(\.targets) where target.text != group.name { addFallback(target, to: group) }
        }
    }

    private mutating func addFallback(_ target: YAMLTree, to group: Group) {
        guard let name = target.text else {
            return context.leftOut(target, "a fallback that changes the request is left out")
        }
        let members = self.group(named: name)?.members ?? deployment(withID: name).map { [$0] } ?? []
        guard let first = members.first else {
            return context.leftOut(target, "a fallback to a group that is not there is left out")
        }
        guard let isCertain = isSameModel(group.members, members) else {
            return context.leftOut(
                target, "a fallback from \(group.name) to \(name) is left out: a route serves one model",
                hint: "callers that get an error ask for \(name) themselves; if its answers may stand for "
                    + "\(group.name)'s, let its endpoints serve \(group.resource) too and make them a further tier of "
                    + "the Route")
        }
        let taken = Set(tiersOfRoute(group).flatMap(\.endpoints))
        let fresh = members.filter { !taken.contains(imported.endpoints[$0.endpoint].name) }
        guard !fresh.isEmpty else { return }
        guard tiersOfRoute(group).count < Self.tiersMax else {
            return context.toDo(target, "a route has \(Self.tiersMax) tiers: this fallback is left out")
        }
        addTier("fallback-\(first.deployment.group)", fresh, to: group)
        let doubt = isCertain ? "" : "; that both are the same model is told by the deployments' names only"
        context.differs(
            target, "the fallback became a tier, which also takes what the tiers before it are too full for\(doubt)")
    }

    private func deployment(withID id: String) -> Member? {
        groups.lazy.flatMap(\.members).first { $0.deployment.id == id }
    }

    /// - Returns: whether it is stated, `nil` when they are not the same, or nobody can tell.
    private func isSameModel(_ some: [Member], _ others: [Member]) -> Bool? {
        let models = (some + others).map(\.deployment.underlying)
        guard let name = models.first?.name, models.allSatisfy({ $0.name == name }) else { return nil }
        return models.allSatisfy(\.isStated)
    }
}
