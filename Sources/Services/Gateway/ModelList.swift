// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// `GET /v1/models` and `/v1/models/{id}`, Google's below `/v1beta` too: the public names that the caller's key may use,
/// in the words of whoever asks.
enum ModelList {
    static func answer(_ exchange: Exchange) {
        if case .model(let name) = exchange.target { return answer(exchange, model: name) }
        let query = exchange.client.head.query.slice(exchange.client.headBytes)
        let page = ModelPage(models(exchange), QueryString(String(decoding: query, as: UTF8.self)), exchange.wire)
        exchange.sendJSON(page.document)
    }

    private static func answer(_ exchange: Exchange, model range: ByteRange) {
        let encoded = String(decoding: range.slice(exchange.client.headBytes), as: UTF8.self)
        let name = PercentEncoding.decoded(encoded) ?? encoded
        guard let model = models(exchange).first(where: { $0.name == name }) else {
            return RequestLifecycle.refuse(exchange, .unknownModel(String(name.prefix(256))))
        }
        exchange.sendJSON(model.document(in: exchange.wire))
    }

    private static func models(_ exchange: Exchange) -> [ListedModel] {
        let generation = exchange.worker.generation
        guard let key = exchange.principal.flatMap({ generation.key(at: $0.slot) }) else { return [] }
        let snapshot = generation.snapshot
        let allowed = snapshot.keys[Int(key.index)].routes
        return snapshot.routes.enumerated().flatMap { index, route in
            guard allowed.map({ $0.contains(RouteID(index)) }) ?? true else { return [ListedModel]() }
            let scopes = snapshot.keys[Int(key.index)].scopes
            let endpoints = route.tiers.flatMap(\.endpoints).filter { scopes.endpoints?.contains($0) ?? true }
            let operations = endpoints.reduce(into: OperationSet()) {
                $0.formUnion(snapshot.endpoints[Int($1.index)].plans.served)
            }.intersection(scopes.operations)
            // A name that the key's scopes leave nothing of would be refused.
            guard !operations.isEmpty || endpoints.count == route.tiers.flatMap(\.endpoints).count else { return [] }
            return route.modelNames.map {
                ListedModel(name: $0, contextTokensMax: route.contextTokensMax, operations: operations)
            }
        }
    }
}
