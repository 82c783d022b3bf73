// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

/// A route that nothing can serve as it requires is an error; an endpoint that never serves the route it stands in is
/// probably one.
extension SnapshotCompiler {
    mutating func checkRequirement(of route: Route, _ tiers: [TierRecord], _ models: Models, _ endpoints: Endpoints) {
        let excluded = tiers.flatMap(\.excluded)
        guard !excluded.isEmpty else { return }
        guard tiers.allSatisfy(\.endpoints.isEmpty) else {
            return warnOfIdle(route, tiers, endpoints)
        }
        let unmet = unmetByAll(excluded.map(\.lacks))
        for lack in unmet { refuse(lack, of: route, models) }
        if unmet.isEmpty {
            refuse(
                ResourceName(.route, route.name), "spec.require", "nothing that serves the route meets all of it",
                hint: excluded.prefix(4).map { "\(name($0, endpoints)) \(text($0.lacks))" }.joined(separator: "; "))
        }
    }

    private func unmetByAll(_ lacks: [[Lack]]) -> [Lack] {
        (lacks.first ?? []).filter { lack in lacks.allSatisfy { $0.contains(lack) } }
    }

    private mutating func refuse(_ lack: Lack, of route: Route, _ models: Models) {
        let resource = ResourceName(.route, route.name)
        let served = route.models.compactMap { models[$0] }
        switch lack {
        case .language(let language):
            let index = route.require.languages.firstIndex { LanguageCode($0) == language } ?? 0
            let declared = Set(served.flatMap(\.languageCodes)).sorted().map(\.description)
            refuse(
                resource, "spec.require.languages[\(index)]",
                "\(subject(route)) \"\(language)\": \(declarations(served) { $0.languageCodes.map(\.description) })",
                hint: NearestName.hint(for: language.description, among: declared)
                    ?? "add it to the languages of a Model that is good at it")
        case .modality(let modality):
            refuse(
                resource, path(modality, route),
                "\(subject(route)) \(modality.rawValue): \(declarations(served) { $0.modalitiesServed.map(\.rawValue) })",
                hint: "add it to the modalities of a Model that has it")
        case .api(let modality):
            refuse(
                resource, path(modality, route), "none of the route's endpoints has an API for \(modality.rawValue)",
                hint: "see apis of the endpoints' spec.serves, and the flavor of their Providers")
        }
    }

    private func subject(_ route: Route) -> String {
        route.models.count == 1 ? "the route's model does not declare" : "none of the route's models declares"
    }

    private func path(_ modality: Modality, _ route: Route) -> String {
        "spec.require.modalities[\(route.require.modalities.firstIndex(of: modality) ?? 0)]"
    }

    /// `indic-asr has hi, ta; general-asr has none`.
    private func declarations(_ models: [Model], _ names: (Model) -> [String]) -> String {
        models.prefix(4).map { model in
            let declared = names(model).sorted()
            let more = declared.count > 8 ? " and \(declared.count - 8) more" : ""
            return "\(model.name) has "
                + (declared.isEmpty ? "none" : declared.prefix(8).joined(separator: ", ") + more)
        }.joined(separator: "; ")
    }

    // MARK: Endpoints that never serve

    private mutating func warnOfIdle(_ route: Route, _ tiers: [TierRecord], _ endpoints: Endpoints) {
        for (tierIndex, (tier, record)) in zip(route.tiers, tiers).enumerated() {
            for (index, name) in tier.endpoints.enumerated() {
                let pairs = Set(route.models.compactMap { endpoints.ids[ServedName(endpoint: name, model: $0)] })
                let idle = record.excluded.filter { pairs.contains($0.endpoint) }
                guard !idle.isEmpty, idle.count == pairs.count else { continue }
                warnings.append(
                    configuration.sources.problem(
                        .warning, at: ResourceName(.route, route.name), "spec.tiers[\(tierIndex)].endpoints[\(index)]",
                        "Endpoint \(name) never serves this route: its model \(text(idle[0].lacks))",
                        hint: "remove it, or state in its Model what it can do"))
            }
        }
    }

    private func name(_ excluded: ExcludedEndpoint, _ endpoints: Endpoints) -> String {
        endpoints.records[Int(excluded.endpoint.index)].name
    }

    private func text(_ lacks: [Lack]) -> String { lacks.map(\.description).joined(separator: ", ") }
}
