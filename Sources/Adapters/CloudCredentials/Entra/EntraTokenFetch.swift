// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes

/// From an identity of Microsoft Entra to an access token, by the client-credentials grant (OAuth 2.0, version 2.0 of
/// the platform) or from the machine's metadata service.
struct EntraTokenFetch {
    let identity: EntraIdentity
    let secrets: [SecretReference: Secret]
    let surroundings: Surroundings

    static let authorityURLDefault = "https://login.microsoftonline.com"
    static let metadataURLDefault = "http://169.254.169.254"
    private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    /// The codes with which Entra says what to change (Microsoft Entra authentication error codes).
    private static let hints = [
        ("AADSTS7000215", "the client secret is wrong: state its value, not its id"),
        ("AADSTS7000222", "the client secret has expired: make a new one, or use a federated credential"),
        ("AADSTS700016", "the tenant has no such application: check client and tenant"),
        ("AADSTS700213", "no federated credential of the application has this subject"),
        ("AADSTS700211", "no federated credential of the application has this issuer"),
        ("AADSTS700212", "the token's audience must be that of the federated credential"),
        ("AADSTS70021", "no federated credential has this issuer, subject and audience; a new one takes minutes"),
        ("AADSTS700024", "the federated token has expired: is its file still renewed?"),
        ("AADSTS700027", "the token's signature fits no key of its issuer: were the keys rotated?"),
        ("AADSTS90002", "there is no such tenant"),
        ("AADSTS500011", "there is no such resource in the tenant: check scope"),
        ("AADSTS1002012", "scope must be a resource followed by /.default"),
    ]

    func begin() throws(CredentialError) -> FetchStep {
        switch identity.source {
        case .clientSecret(let tenant, let client, let reference):
            guard let secret = secrets[reference] else { throw CredentialError("the client secret was not read") }
            return try ask(tenant: tenant, client: client, [("client_secret", .secret(secret))])
        case .federated(let tenant, let client, let tokenFile):
            let tenant = try surroundings.value(tenant, field: "tenant", variable: "AZURE_TENANT_ID")
            let client = try surroundings.value(client, field: "client", variable: "AZURE_CLIENT_ID")
            let file = try surroundings.value(tokenFile, field: "tokenFile", variable: "AZURE_FEDERATED_TOKEN_FILE")
            let proof: [(String, FormValue)] = [
                ("client_assertion_type", .text(Self.assertionType)),
                ("client_assertion", .secret(try surroundings.token(in: file))),
            ]
            return try ask(tenant: tenant, client: client, proof)
        case .managedIdentity(let client):
            return try askMachine(client: client)
        }
    }

    private func ask(
        tenant: String, client: String, _ proof: [(String, FormValue)]
    ) throws(CredentialError) -> FetchStep {
        let authority = try surroundings.address(
            identity.authorityURL, field: "authorityURL", variable: "AZURE_AUTHORITY_HOST",
            otherwise: Self.authorityURLDefault)
        let request = TokenRequest.form(
            authority.appending(path: "/\(tenant.percentEncoded)/oauth2/v2.0/token"),
            [
                ("grant_type", "client_credentials"), ("client_id", .text(client)), ("scope", .text(identity.scope)),
            ] + proof)
        return .ask(request) { answer throws(CredentialError) in
            try BearerToken.issued(by: answer.accepted(hints: Self.hints))
        }
    }

    // MARK: Managed identity

    private func askMachine(client: String?) throws(CredentialError) -> FetchStep {
        let base = try ServiceURL(identity.metadataURL ?? Self.metadataURLDefault, from: "metadataURL")
        var query = "api-version=2018-02-01&resource=\(resource.percentEncoded)"
        if let client { query += "&client_id=\(client.percentEncoded)" }
        let request = TokenRequest(
            method: "GET", url: base.appending(path: "/metadata/identity/oauth2/token", query: query),
            fields: ["metadata": "true", "accept": "application/json"])
        let hints = [
            ("Identity not found", "assign a managed identity to the machine, and state client if it has several"),
            ("invalid_resource", "check scope"),
        ]
        return .ask(request) { answer throws(CredentialError) in
            try BearerToken.issued(by: answer.accepted(hints: hints))
        }
    }

    /// The metadata service speaks version 1.0: a resource instead of a scope.
    private var resource: String {
        let suffix = "/.default"
        return identity.scope.hasSuffix(suffix) ? String(identity.scope.dropLast(suffix.count)) : identity.scope
    }
}
