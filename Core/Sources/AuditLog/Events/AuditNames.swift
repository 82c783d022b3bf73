// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The configuration's names as the entries of requests write them, rendered once per configuration.
public final class AuditNames: Sendable {
    public struct Key: Hashable, Sendable {
        public var name: String
        public var tenant: String
        public init(name: String, tenant: String) {
            self.name = name
            self.tenant = tenant
        }
    }

    public struct Endpoint: Hashable, Sendable {
        public var name: String
        public var provider: String
        public var region: String
        public var model: String
        public init(name: String, provider: String, region: String, model: String) {
            self.name = name
            self.provider = provider
            self.region = region
            self.model = model
        }
    }

    public let keys: [Key]
    public let endpoints: [Endpoint]
    public let routes: [String]
    let keyTexts: [KeyText]
    let endpointTexts: [EndpointText]
    let routeTexts: [[UInt8]]

    struct KeyText: Sendable {
        /// `"app_uid":"…"`
        var actor: [UInt8]
        /// `"tenant_uid":"…",`
        var tenant: [UInt8]
    }

    struct EndpointText: Sendable {
        /// `"ai_model":{…},`
        var model: [UInt8]
        /// `"cloud":{…},"dst_endpoint":{…},`
        var place: [UInt8]
        /// `,"region":"…"`
        var region: [UInt8]
    }

    public init(keys: [Key], endpoints: [Endpoint], routes: [String]) {
        self.keys = keys
        self.endpoints = endpoints
        self.routes = routes
        keyTexts = keys.map { key in
            KeyText(
                actor: Self.text("\"app_uid\":", key.name, ""), tenant: Self.text("\"tenant_uid\":", key.tenant, ","))
        }
        endpointTexts = endpoints.map { endpoint in
            EndpointText(
                model: Self.text("\"ai_model\":{\"ai_provider\":", endpoint.provider, ",\"name\":")
                    + Self.text("", endpoint.model, "},"),
                place: Self.text("\"cloud\":{\"provider\":", endpoint.provider, "},\"dst_endpoint\":{\"uid\":")
                    + Self.text("", endpoint.name, "},"),
                region: Self.text(",\"region\":", endpoint.region, ""))
        }
        routeTexts = routes.map { Self.text(",\"route\":", $0, "") }
    }

    private static func text(_ before: String, _ value: String, _ after: String) -> [UInt8] {
        var bytes = Array(before.utf8)
        CanonicalJSON.appendString(value, to: &bytes)
        return bytes + after.utf8
    }
}
