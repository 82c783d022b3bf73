// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

/// Puts deployments together: endpoints, models and routes, and the names that bind them.
struct RouteAssembly {
    let settings: ProxySettings
    let context: TranslationContext
    private(set) var imported = ImportedConfiguration()

    /// A model group on its way to a route.
    struct Group {
        var name: String
        /// Name of its Model and its Route.
        var resource: String
        var members: [Member] = []
    }

    struct Member {
        var deployment: Deployment
        /// Position in `imported.endpoints`.
        var endpoint: Int
    }

    private(set) var groups: [Group] = []
    private var groupIndices: [String: Int] = [:]
    private var modelNames = ResourceNames()
    private var endpointNames = ResourceNames()

    /// As many as the configuration reader takes.
    static let tiersMax = 8
    static let endpointsPerTierMax = 256
    static let namesMax = 64

    init(settings: ProxySettings, context: TranslationContext) {
        self.settings = settings
        self.context = context
    }

    // MARK: Deployments

    mutating func add(_ deployment: Deployment) {
        let index = groupIndex(deployment.group)
        declarePlace(of: deployment.upstream)
        let resource = groups[index].resource
        let name = endpointNames.unique("\(resource.prefix(40))-\(deployment.upstream.region.name)")
        groups[index].members.append(Member(deployment: deployment, endpoint: imported.endpoints.count))
        imported.endpoints.append(
            ImportedEndpoint(
                name: name, region: deployment.upstream.region.name, url: deployment.upstream.url,
                apiVersion: deployment.upstream.apiVersion, credential: deployment.upstream.credential,
                serves: [served(deployment, as: resource)], limits: deployment.limits, firstByte: deployment.firstByte,
                idle: deployment.idle))
    }

    private mutating func groupIndex(_ name: String) -> Int {
        if let index = groupIndices[name] { return index }
        groupIndices[name] = groups.count
        groups.append(Group(name: name, resource: modelNames.unique(name)))
        return groups.count - 1
    }

    private mutating func declarePlace(of upstream: Upstream) {
        if !imported.providers.contains(where: { $0.name == upstream.provider.name }) {
            imported.providers.append(upstream.provider)
        }
        if !imported.regions.contains(where: { $0.name == upstream.region.name }) {
            imported.regions.append(upstream.region)
        }
    }

    private func served(_ deployment: Deployment, as model: String) -> ServedModel {
        let upstream = deployment.upstream
        return ServedModel(
            model: model, upstreamName: upstream.modelName == model ? nil : upstream.modelName,
            prices: deployment.prices, apis: upstream.apis, thinking: deployment.thinking)
    }

    // MARK: Routes

    mutating func finishRoutes() {
        for group in groups {
            imported.models.append(model(of: group))
            imported.routes.append(route(of: group))
            noteMixture(in: group)
        }
    }

    /// What holds wherever a request goes: the tightest of what the deployments state.
    private func model(of group: Group) -> Model {
        let deployments = group.members.map(\.deployment)
        return Model(
            name: group.resource, contextTokensMax: deployments.compactMap(\.contextTokensMax).min(),
            outputTokensMax: deployments.compactMap(\.outputTokensMax).min(),
            modalities: Set(deployments.flatMap(\.modalities)))
    }

    private func route(of group: Group) -> Route {
        let wishes = group.members.map { $0.deployment.dropsUnsupported ?? settings.dropsUnsupported }
        var retry = RetryPolicy()
        retry.attemptsMax = settings.attemptsMax ?? retry.attemptsMax
        let longest = group.members.compactMap(\.deployment.firstByte).max() ?? .zero
        retry.totalTimeout = max(retry.totalTimeout, longest)
        return Route(
            name: group.resource, modelNames: [group.name], models: [group.resource], tiers: tiers(of: group),
            retry: retry, onUnsupported: wishes.allSatisfy(\.self) ? .drop : .refuse)
    }

    /// One tier for each `order`, lower first; usually there is only one.
    private func tiers(of group: Group) -> [RouteTier] {
        let orders = Set(group.members.map(\.deployment.order)).sorted()
        if orders.count > Self.tiersMax {
            context.differs(
                group.members[0].deployment.place, "a route has \(Self.tiersMax) tiers; later orders share the last")
        }
        let last = orders[min(orders.count, Self.tiersMax) - 1]
        return orders.prefix(Self.tiersMax).enumerated().map { position, order in
            let members = group.members.filter {
                $0.deployment.order == order || (order == last && $0.deployment.order > last)
            }
            return tier(position == 0 ? "default" : "order-\(order)", members)
        }
    }

    func tier(_ name: String, _ members: [Member]) -> RouteTier {
        if members.count > Self.endpointsPerTierMax {
            context.toDo(
                members[0].deployment.place,
                "a tier has \(Self.endpointsPerTierMax) endpoints at most: the others are not routed to")
        }
        let names = members.prefix(Self.endpointsPerTierMax).map { imported.endpoints[$0.endpoint].name }
        return RouteTier(name: name, endpoints: names, objective: settings.objective)
    }

    private func noteMixture(in group: Group) {
        let stated = group.members.map(\.deployment.underlying).filter(\.isStated)
        let names = Set(stated.compactMap(\.name)).sorted()
        guard names.count > 1 else { return }
        context.differs(
            group.members[0].deployment.place,
            "the group mixes models (\(names.prefix(4).joined(separator: ", "))); they are routed as one, as before",
            hint: "here a Model means the same weights everywhere: make it several groups if answers must be alike")
    }

    // MARK: Changes by what leads from one group to another

    func group(named name: String) -> Group? { groupIndices[name].map { groups[$0] } }

    /// Appends a tier with members of another group, which then serve this group's model too.
    mutating func addTier(_ name: String, _ members: [Member], to group: Group) {
        guard let route = imported.routes.firstIndex(where: { $0.name == group.resource }) else { return }
        for member in members {
            let model = served(member.deployment, as: group.resource)
            if !imported.endpoints[member.endpoint].serves.contains(where: { $0.model == model.model }) {
                imported.endpoints[member.endpoint].serves.append(model)
            }
        }
        let names = Set(imported.routes[route].tiers.map(\.name))
        var unique = ResourceNames.name(from: name)
        while names.contains(unique) { unique = ResourceNames.name(from: "x-" + unique) }
        imported.routes[route].tiers.append(tier(unique, members))
    }

    func tiersOfRoute(_ group: Group) -> [RouteTier] {
        imported.routes.first { $0.name == group.resource }?.tiers ?? []
    }

    mutating func addAliases() {
        for entry in settings.aliases { addAlias(entry) }
    }

    private mutating func addAlias(_ entry: YAMLTree.Entry) {
        let target = entry.value.text ?? entry.value["model"]?.text
        guard let target, let group = group(named: target),
            let route = imported.routes.firstIndex(where: { $0.name == group.resource })
        else {
            return context.toDo(entry.value, "an alias of a group that is not there is left out")
        }
        guard groupIndices[entry.name] == nil else {
            return context.toDo(entry.value, "an alias with the name of a group is left out: callers reach the group")
        }
        guard !imported.routes.contains(where: { $0.modelNames.contains(entry.name) }) else { return }
        guard imported.routes[route].modelNames.count < Self.namesMax else {
            return context.toDo(entry.value, "a route has \(Self.namesMax) names: this alias is left out")
        }
        imported.routes[route].modelNames.append(entry.name)
        if entry.value["hidden"]?.truth == true {
            context.differs(entry.value, "hidden aliases are listed in /v1/models like all names")
        }
    }

    // MARK: Callers

    /// The proxy lets everybody in when it has no key; there is no such mode here.
    mutating func addCaller(_ root: YAMLTree) {
        let secret: SecretReference
        if let field = settings.masterKey {
            secret = context.secret(field, stem: "LITELLM_MASTER_KEY")
        } else {
            secret = .environment("ISOBAR_KEY")
            context.toDo(
                root, "there is no master_key: callers need one here; put it into the environment variable ISOBAR_KEY",
                hint: "openssl rand -hex 24 makes one")
        }
        imported.tenants = [Tenant(name: "litellm")]
        imported.keys = [Key(name: "master", tenant: "litellm", secret: secret)]
    }
}
