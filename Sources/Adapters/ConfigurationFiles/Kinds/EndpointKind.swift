// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Endpoint: one address, what it serves, what it can take.

extension Shape where Value == Endpoint {
    static func endpoint(named name: String) -> Shape {
        .object { fields in
            let region = fields.required("region", .reference(to: .region))
            let url = fields.required("url", .endpointURL)
            let credentials = fields.credentials()
            let serves = fields.required("serves", .list(.servedModel, count: 1...256).unique("model", by: \.model))
            let limits = fields.optional("limits", .limits) ?? EndpointLimits()
            let timeouts = fields.optional("timeouts", .timeouts) ?? EndpointTimeouts()
            let health = fields.optional("health", .healthCheck)
            let authorities = fields.optional("certificateAuthorityFile", .filePath)
            let apiVersion = fields.optional("apiVersion", .apiVersion)
            guard let region, let url, let serves else { return nil }
            return Endpoint(
                name: name, region: region, url: url, credentials: credentials, serves: serves, limits: limits,
                timeouts: timeouts,
                health: health, certificateAuthorityFile: authorities, apiVersion: apiVersion)
        }
    }
}

extension Shape where Value == ServedModel {
    static let servedModel = Shape.object { fields in
        let model = fields.required("model", .reference(to: .model))
        let upstreamName = fields.optional("as", .modelName)
        let prices = fields.optional("prices", .prices)
        let apis = fields.optional("apis", .list(.oneOf(ServedAPI.self), count: 1...12).unique("API", by: \.self))
        let thinking = fields.optional("thinking", .oneOf(ThinkingStyle.self)) ?? .adaptive
        let takesSampling = fields.optional("takesSampling", .bool) ?? true
        let schemas = fields.optional("schemas", .oneOf(SchemaDialect.self)) ?? .jsonSchema
        let countsAs = fields.optional("countsAs", .modelName)
        return model.map {
            ServedModel(
                model: $0, upstreamName: upstreamName, prices: prices?.tokens, mediaPrices: prices?.media,
                apis: apis ?? [], thinking: thinking, takesSampling: takesSampling, schemas: schemas,
                countsAs: countsAs)
        }
    }
}

extension Shape where Value == EndpointLimits {
    static let limits = Shape.object { fields in
        EndpointLimits(
            inFlightMax: fields.optional("inFlightMax", .integer(1...1_000_000)),
            queueMax: fields.optional("queueMax", .integer(1...1_000_000)),
            tokensPerMinute: fields.optional("tokensPerMinute", .integer(1...1_000_000_000_000)),
            requestsPerMinute: fields.optional("requestsPerMinute", .integer(1...1_000_000_000)))
    }
}

extension Shape where Value == EndpointTimeouts {
    static let timeouts = Shape.object { fields in
        let defaults = EndpointTimeouts()
        return EndpointTimeouts(
            connect: fields.optional("connect", .duration(.milliseconds(1) ... .seconds(300))) ?? defaults.connect,
            firstByte: fields.optional("firstByte", .duration(.milliseconds(1) ... .seconds(3_600)))
                ?? defaults.firstByte,
            idle: fields.optional("idle", .duration(.milliseconds(1) ... .seconds(3_600))) ?? defaults.idle)
    }
}

extension Shape where Value == HealthCheck {
    static let healthCheck = Shape.object { fields in
        let path = fields.required("path", .absolutePath)
        let interval = fields.optional("interval", .duration(.milliseconds(100) ... .seconds(3_600)))
        let timeout = fields.optional("timeout", .duration(.milliseconds(10) ... .seconds(300)))
        let loadPath = fields.optional("loadPath", .absolutePath)
        guard let path else { return nil }
        var check = HealthCheck(path: path, loadPath: loadPath)
        check.interval = interval ?? check.interval
        // A probe must end before the next one begins; without a word on it, the timeout follows a short interval.
        check.timeout = timeout ?? min(check.timeout, check.interval)
        return check
    }
    .checked { check, cursor in
        guard check.timeout > check.interval else { return true }
        let spans = "\(DurationText.write(check.timeout)) is longer than interval \(DurationText.write(check.interval))"
        cursor.report("timeout \(spans)", hint: "a probe must end before the next begins")
        return false
    }
}
