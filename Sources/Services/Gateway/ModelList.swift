// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// `GET /v1/models` and `/v1/models/{id}`: the public names that the caller's key may use.
enum ModelList {
    static func answer(_ exchange: Exchange) {
        let entries = names(exchange).map { entry($0) }
        exchange.sendJSON(.object([("object", .string("list")), ("data", .array(entries))]))
    }

    static func answer(_ exchange: Exchange, model range: ByteRange) {
        let encoded = String(decoding: range.slice(exchange.client.headBytes), as: UTF8.self)
        let name = PercentEncoding.decoded(encoded) ?? encoded
        guard names(exchange).contains(name) else {
            return RequestLifecycle.refuse(exchange, .unknownModel(String(name.prefix(256))))
        }
        exchange.sendJSON(entry(name))
    }

    private static func names(_ exchange: Exchange) -> [String] {
        guard let principal = exchange.principal else { return [] }
        let snapshot = exchange.worker.generation.snapshot
        let allowed = snapshot.keys[Int(principal.key.index)].routes
        return snapshot.routes.enumerated().flatMap { index, route in
            allowed.map { $0.contains(RouteID(index)) } ?? true ? route.modelNames : []
        }
    }

    private static func entry(_ name: String) -> JSONValue {
        .object([
            ("id", .string(name)), ("object", .string("model")), ("created", .number("0")),
            ("owned_by", .string("isobar")),
        ])
    }
}
