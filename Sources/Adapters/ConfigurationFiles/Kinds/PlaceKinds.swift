// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Where things run, and what runs: Provider, Region, Model.

extension Shape where Value == Provider {
    static func provider(named name: String) -> Shape {
        .object { fields in
            Provider(name: name, flavor: fields.optional("flavor", .oneOf(ProviderFlavor.self)) ?? .generic)
        }
    }
}

extension Shape where Value == Region {
    static func region(named name: String) -> Shape {
        .object { fields in
            let provider = fields.required("provider", .reference(to: .provider))
            let jurisdiction = fields.required("jurisdiction", .jurisdiction)
            let roundTrips = fields.optional("roundTrips", .roundTrips(from: name)) ?? [:]
            guard let provider, let jurisdiction else { return nil }
            return Region(name: name, provider: provider, jurisdiction: jurisdiction, roundTrips: roundTrips)
        }
    }
}

extension Shape where Value == [String: TimeSpan] {
    /// Region names and how far they are.
    fileprivate static func roundTrips(from region: String) -> Shape {
        .object { fields in
            fields.all(.duration(.microseconds(1) ... .seconds(10))) { key, name in
                guard name != region else {
                    key.report(
                        "a round trip from region \"\(region)\" to itself", hint: "remove it: inside a region it is 1ms"
                    )
                    return false
                }
                let path = key.path.isEmpty ? name : "\(key.path).\(name)"
                key.context.refer(to: ResourceName(.region, name), at: key.location, path: path)
                return true
            }
        }
    }
}

extension Shape where Value == Model {
    static func model(named name: String) -> Shape {
        .object { fields in
            let modalities = fields.optional("modalities", .list(.oneOf(Modality.self), count: 1...7))
            let languages = fields.optional(
                "languages", .list(.language, count: 1...256).unique("language", by: \.self))
            return Model(
                name: name, contextTokensMax: fields.optional("contextTokensMax", .integer(1...100_000_000)),
                outputTokensMax: fields.optional("outputTokensMax", .integer(1...100_000_000)),
                modalities: Set(modalities ?? []), languages: languages ?? [], origin: fields.origin())
        }
    }
}
