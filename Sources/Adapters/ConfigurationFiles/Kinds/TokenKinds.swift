// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import ResourceTypes

// Whose tokens are believed, and which Key a token or a workload's certificate stands for.

extension Shape where Value == TokenIssuer {
    static func tokenIssuer(named name: String) -> Shape {
        .object { fields in
            let issuer = fields.required("issuer", .issuerURL)
            let audiences = fields.required(
                "audiences", .list(.sentence, count: 1...16).unique("audience", by: \.self))
            let algorithms = fields.optional(
                "algorithms",
                .list(.oneOf(TokenAlgorithm.self), count: 1...TokenAlgorithm.allCases.count).unique(
                    "algorithm", by: \.self))
            let lifetimeMax = fields.optional("lifetimeMax", .duration(.seconds(60) ... .seconds(30 * 86_400)))
            let keysAgeMax = fields.optional("keysAgeMax", .duration(.seconds(300) ... .seconds(7 * 86_400)))
            let keysFile = fields.optional("keysFile", .filePath)
            let authorities = fields.optional("certificateAuthorityFile", .filePath)
            guard let issuer, let audiences else { return nil }
            return TokenIssuer(
                name: name, issuer: issuer, audiences: audiences,
                algorithms: (algorithms ?? [.rs256, .es256]).map(\.rawValue), lifetimeMax: lifetimeMax ?? .seconds(86_400),
                keysAgeMax: keysAgeMax ?? .seconds(86_400), keysFile: keysFile, certificateAuthorityFile: authorities)
        }
    }
}

extension Shape where Value == String {
    /// Compared letter by letter with `iss`, so nothing is made of it.
    fileprivate static var issuerURL: Shape {
        text("the issuer's https:// address (http:// on this machine), as its tokens name it") { text in
            do throws(EndpointURL.Defect) {
                let url = try EndpointURL(text)
                guard url.isTLS || PlainHosts.contains(url.host) else {
                    return .refused(hint: "write https://: whoever can change its keys on their way can be anybody")
                }
                return .value(text)
            } catch { return .refused(hint: error.description) }
        }
    }
}

extension Shape where Value == String {
    /// Its one spelling.
    static var spiffeID: Shape {
        text("a workload's SPIFFE id, e.g. spiffe://example.org/ns/prod/sa/web") { text in
            SPIFFEID(text).map { .value($0.description) } ?? .refused()
        }
    }
}

extension Shape where Value == TokenMatch {
    static let tokenMatch = Shape.object { fields in
        let issuer = fields.required("issuer", .reference(to: .tokenIssuer))
        let claims = fields.required("claims", .claimTests)
        guard let issuer, let claims else { return nil }
        return TokenMatch(issuer: issuer, claims: claims)
    }
}

extension Shape where Value == [ClaimTest] {
    /// Names of claims, each with a value or a list of values of which one is enough.
    fileprivate static var claimTests: Shape {
        let values = Shape<[String: [String]]>.object { fields in
            fields.all(.oneOrList(.sentence, count: 1...256)) { _, _ in true }
        }
        return Shape(allowed: values.allowed) { cursor in
            guard let tests = values.parse(cursor) else { return nil }
            guard !tests.isEmpty else {
                cursor.report(
                    "no claim is asked for: every token of the issuer would be this key",
                    hint: "name what tells its bearers, e.g. claims: {sub: service-7}")
                return nil
            }
            return tests.sorted { $0.key < $1.key }.map { ClaimTest(name: $0.key, values: $0.value) }
        }
    }
}
