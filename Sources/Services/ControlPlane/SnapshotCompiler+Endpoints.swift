// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    mutating func compileEndpoints(regions: Regions, slots: GaugeSlots) -> Endpoints {
        let flavors = Dictionary(resources.providers.map { ($0.name, $0.flavor) }) { first, _ in first }
        let models = Dictionary(resources.models.map { ($0.name, $0) }) { first, _ in first }
        var endpoints = Endpoints { EndpointID($0) }
        for endpoint in resources.endpoints {
            guard let region = regionID(endpoint.region, regions, of: ResourceName(.endpoint, endpoint.name)),
                let address = compileAddress(of: endpoint), let slot = slots[endpoint.name]
            else { continue }
            let provider = regions.records[Int(region.index)].provider
            guard let flavor = flavors[provider] else {
                refuse(
                    ResourceName(.endpoint, endpoint.name), "spec.region",
                    "its region's provider \"\(provider)\" is not declared")
                continue
            }
            for (index, served) in endpoint.serves.enumerated() {
                let model = models[served.model]
                let planner = OperationPlanner(
                    endpoint: endpoint.name, flavor: flavor, basePath: address.basePath,
                    modelName: served.upstreamName ?? served.model, apiVersion: endpoint.apiVersion,
                    modalities: model?.modalities ?? [], countName: served.countsAs)
                var record = EndpointRecord(
                    name: endpoint.recordName(served.model, isFirst: index == 0), provider: provider,
                    flavor: flavor, region: region, gaugeSlot: slot, address: address,
                    upstreamModel: JSONText.escaped(served.upstreamName ?? served.model), prices: served.prices,
                    limits: endpoint.limits, timeouts: endpoint.timeouts, health: endpoint.health,
                    plans: planner.plans(for: served.apis))
                record.contextTokensMax = Int64(model?.contextTokensMax ?? 0)
                record.outputTokensDefault = Int64(model?.outputTokensMax ?? 4096)
                record.thinking = served.thinking
                record.takesSampling = served.takesSampling
                record.schemas = served.schemas
                record.mediaPrices = served.mediaPrices
                record.languages = model?.languageCodes ?? []
                endpoints.append(record, for: ServedName(endpoint: endpoint.name, model: served.model))
            }
        }
        return endpoints
    }

    private mutating func compileAddress(of endpoint: Endpoint) -> UpstreamAddress? {
        let resource = ResourceName(.endpoint, endpoint.name)
        let url: EndpointURL
        do throws(EndpointURL.Defect) {
            url = try EndpointURL(endpoint.url)
        } catch {
            refuse(resource, "spec.url", "not an endpoint's address", hint: error.description)
            return nil
        }
        guard let credentials = compileCredentials(of: endpoint) else { return nil }
        return UpstreamAddress(
            isTLS: url.isTLS, host: url.host, port: url.port, basePath: url.basePath, credentials: credentials,
            certificateAuthorityFile: endpoint.certificateAuthorityFile)
    }
}
