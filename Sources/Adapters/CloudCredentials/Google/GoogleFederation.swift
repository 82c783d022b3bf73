// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes
internal import WireFormats

/// Workload identity federation: a token of someone Google trusts, traded for one of Google (RFC 8693), and that for
/// one of a service account if the file says so.
struct GoogleFederation {
    let identity: GoogleIdentity
    let surroundings: Surroundings
    let file: GoogleCredentialFile

    static let tokenURLDefault = "https://sts.googleapis.com/v1/token"
    private static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    private static let lifeSecondsDefault: Int64 = 3_600

    private var quotaProject: String? { identity.quotaProject ?? file.optional("quota_project_id") }

    func begin() throws(CredentialError) -> FetchStep {
        try file.require(type: "external_account")
        guard quotaProject == nil || BearerToken.of(quotaProject) != nil else {
            throw CredentialError("quota_project_id in \(file.path) cannot stand in a header")
        }
        guard let source = file.json["credential_source"], source.members != nil else {
            throw CredentialError("\(file.path) has no credential_source")
        }
        if let path = source["file"]?.stringValue {
            let bytes = try surroundings.file(path, "token file")
            return try exchange(try subjectToken(in: bytes, source, of: path))
        }
        if let text = source["url"]?.stringValue { return try askIssuer(text, source) }
        throw CredentialError(
            "credential_source in \(file.path) is neither a file nor a url", hint: "other kinds are not supported")
    }

    // MARK: 1. The subject token

    private func askIssuer(_ text: String, _ source: JSONValue) throws(CredentialError) -> FetchStep {
        let url = try ServiceURL(text, from: "credential_source.url in \(file.path)")
        var request = TokenRequest(method: "GET", url: url)
        for (name, value) in (source["headers"]?.members ?? []).prefix(Self.headersMax) {
            guard let value = value.stringValue, Self.isFieldName(name) else {
                throw CredentialError("credential_source.headers in \(file.path) has a field that cannot be sent")
            }
            request.fields.append(name, value)
            request.confidential.append(Secret(Array(value.utf8)))
        }
        return .ask(request) { answer throws(CredentialError) in
            let bytes = try answer.accepted(hints: []).body
            return try exchange(try subjectToken(in: bytes, source, of: url.description))
        }
    }

    private static let headersMax = 16

    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte | 0x20 >= 97 && byte | 0x20 <= 122 || (48...57).contains(byte) || byte == 45 || byte == 95
            }
    }

    /// Plain text, or a field of a JSON object.
    private func subjectToken(
        in bytes: [UInt8], _ source: JSONValue, of origin: String
    ) throws(CredentialError) -> Secret {
        var token = BearerToken.trimmed(bytes)
        if source["format"]?["type"]?.stringValue == "json" {
            let field = source["format"]?["subject_token_field_name"]?.stringValue ?? "access_token"
            let json = try? JSONValue(parsing: bytes)
            token = BearerToken.of(json?[field]?.stringValue)
        }
        guard let token else {
            throw CredentialError(
                "\(origin) holds no subject token in the form that \(file.path) describes",
                hint: "check credential_source.format", isLasting: false)
        }
        return token
    }

    // MARK: 2. The exchange

    private func exchange(_ subject: Secret) throws(CredentialError) -> FetchStep {
        let tokenURL = file.optional("token_url") ?? Self.tokenURLDefault
        let impersonation = file.optional("service_account_impersonation_url")
        // The federated token only has to be good for asking for the service account's, which then has the scope.
        let scope = impersonation == nil ? identity.scope : GoogleIdentity.scopeDefault
        let request = TokenRequest.form(
            try ServiceURL(tokenURL, from: "token_url in \(file.path)"),
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("audience", .text(try file.required("audience"))), ("scope", .text(scope)),
                ("requested_token_type", .text(Self.accessTokenType)), ("subject_token", .secret(subject)),
                ("subject_token_type", .text(try file.required("subject_token_type"))),
            ])
        let hints = [
            ("audience in ID Token", "the token's audience must be one that the pool's provider allows"),
            (
                "credential's issuer",
                "can Google reach the issuer's keys, and does one of them fit the token's signature?"
            ),
            ("stale", "the subject token has expired: is it still renewed?"),
            ("invalid_grant", "is the subject token still renewed, and does the pool's provider trust its issuer?"),
            ("invalid_target", "check audience: it names the pool's provider"),
            ("unauthorized_client", "the provider's attribute condition refuses this subject"),
        ]
        return .ask(request) { answer throws(CredentialError) in
            let answer = try answer.accepted(hints: hints)
            guard let impersonation else {
                return try BearerToken.issued(by: answer, quotaProject: quotaProject)
            }
            return try impersonate(impersonation, with: BearerToken.accessToken(in: answer.json(), of: answer))
        }
    }

    // MARK: 3. The service account

    private func impersonate(_ text: String, with token: Secret) throws(CredentialError) -> FetchStep {
        let url = try ServiceURL(text, from: "service_account_impersonation_url in \(file.path)")
        let stated = file.json["service_account_impersonation"]?["token_lifetime_seconds"]?.seconds
        let body = JSONValue.object([
            ("scope", .array([.string(identity.scope)])),
            ("lifetime", .string("\(stated ?? Self.lifeSecondsDefault)s")),
        ])
        var request = TokenRequest(
            method: "POST", url: url,
            fields: ["content-type": "application/json", "accept": "application/json"], body: body.bytes)
        request.confidential = [token]
        token.withBytes { request.fields.append("authorization", "Bearer \(String(decoding: $0, as: UTF8.self))") }
        let hints = [
            ("PERMISSION_DENIED", "grant the federated principal roles/iam.workloadIdentityUser on the service account")
        ]
        return .ask(request) { answer throws(CredentialError) in
            let json = try answer.accepted(hints: hints).json()
            guard let token = BearerToken.of(json["accessToken"]?.stringValue) else {
                throw answer.malformed("it has no accessToken")
            }
            let life = try answer.life(until: json["expireTime"]?.stringValue)
            return .done(BearerToken.issued(token, life: life, quotaProject: quotaProject))
        }
    }
}
