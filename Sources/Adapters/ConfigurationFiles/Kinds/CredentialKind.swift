// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// What identifies us at an endpoint: a key in a header, or an identity in a cloud. Which fields are allowed follows
// from `scheme`, then from `source`; the others are reported as unknown.

extension Fields {
    /// `credential: …`, or `credentials: […]` when there are several to rotate.
    func credentials() -> [EndpointCredential] {
        let single = optional("credential", .credential)
        let several = optional("credentials", .list(.credential, count: 1...EndpointCredential.perEndpointMax))
        if isWritten("credential"), isWritten("credentials") {
            cursor.context.report(
                at: place(of: "credentials"), path: "\(cursor.path).credentials",
                "credential and credentials are both stated", hint: "put all of them into credentials")
        }
        return several ?? single.map { [$0] } ?? []
    }
}

/// The value of `scheme`.
private enum CredentialScheme: String, CaseIterable {
    case bearer
    case apiKey = "api-key"
    case xAPIKey = "x-api-key"
    case xGoogAPIKey = "x-goog-api-key"
    case aws, entra, google
}

extension Shape where Value == EndpointCredential {
    static let credential = Shape.object { fields in
        let stated = fields.optional("scheme", .oneOf(CredentialScheme.self))
        guard stated != nil || !fields.isWritten("scheme") else {
            fields.ignoreAll()
            return nil
        }
        switch stated ?? .bearer {
        case .bearer: return key(.bearer, fields)
        case .apiKey: return key(.apiKey, fields)
        case .xAPIKey: return key(.xAPIKey, fields)
        case .xGoogAPIKey: return key(.xGoogAPIKey, fields)
        case .aws: return awsSignature(fields)
        case .entra: return entraToken(fields)
        case .google: return googleToken(fields)
        }
    }

    private static func key(_ header: KeyHeader, _ fields: Fields) -> EndpointCredential? {
        fields.required("secret", .secret).map { .key(header, $0) }
    }

    /// The source decides on the fields: without one, none is wrong.
    private static func source<Source: RawRepresentable & CaseIterable & SendableMetatype>(
        _ type: Source.Type, _ fields: Fields
    ) -> Source? where Source.RawValue == String {
        let source = fields.required("source", .oneOf(type))
        if source == nil { fields.ignoreAll() }
        return source
    }
}

// MARK: AWS

private enum AWSSourceName: String, CaseIterable {
    case environment, `static`, profile
    case webIdentity = "web-identity"
    case container, instance
}

extension Shape where Value == EndpointCredential {
    private static func awsSignature(_ fields: Fields) -> EndpointCredential? {
        let region = fields.required("region", .awsRegion)
        let service = fields.optional("service", .awsService) ?? EndpointCredential.awsServiceDefault
        guard let name = source(AWSSourceName.self, fields) else { return nil }
        let source = awsSource(name, fields)
        let role = name == .webIdentity ? nil : awsRole(fields)
        let stsURL = fields.optional("stsURL", .tokenServiceURL)
        let isMetadata = name == .container || name == .instance || name == .profile
        let metadataURL = isMetadata ? fields.optional("metadataURL", .tokenServiceURL) : nil
        guard let region, let source else { return nil }
        return .awsSignature(
            AWSIdentity(region: region, source: source, role: role, stsURL: stsURL, metadataURL: metadataURL),
            service: service)
    }

    private static func awsSource(_ name: AWSSourceName, _ fields: Fields) -> AWSIdentity.Source? {
        switch name {
        case .environment: return .environment
        case .container: return .container
        case .instance: return .instance
        case .profile: return .profile(fields.optional("profile", .profileName))
        case .webIdentity:
            let role = fields.optional("roleARN", .roleARN)
            return .webIdentity(roleARN: role, tokenFile: fields.optional("tokenFile", .filePath))
        case .static:
            let id = fields.required("accessKeyID", .secret)
            let secret = fields.required("secretAccessKey", .secret)
            let token = fields.optional("sessionToken", .secret)
            guard let id, let secret else { return nil }
            return .static(accessKeyID: id, secretAccessKey: secret, sessionToken: token)
        }
    }

    private static func awsRole(_ fields: Fields) -> AWSIdentity.Role? {
        let role = fields.optional("roleARN", .roleARN)
        let externalID = fields.optional("externalID", .externalID)
        if externalID != nil, !fields.isWritten("roleARN") {
            fields.cursor.context.report(
                at: fields.place(of: "externalID"), path: "\(fields.cursor.path).externalID",
                "an external id goes with a role", hint: "add roleARN, or remove it")
        }
        return role.map { AWSIdentity.Role(arn: $0, externalID: externalID) }
    }
}

// MARK: Entra

private enum EntraSourceName: String, CaseIterable {
    case clientSecret = "client-secret"
    case federated
    case managedIdentity = "managed-identity"
}

extension Shape where Value == EndpointCredential {
    private static func entraToken(_ fields: Fields) -> EndpointCredential? {
        guard let name = source(EntraSourceName.self, fields) else { return nil }
        let source = entraSource(name, fields)
        let scope = fields.optional("scope", .scope) ?? EntraIdentity.scopeDefault
        let isMachine = name == .managedIdentity
        let authorityURL = isMachine ? nil : fields.optional("authorityURL", .tokenServiceURL)
        let metadataURL = isMachine ? fields.optional("metadataURL", .tokenServiceURL) : nil
        return source.map {
            .entraToken(
                EntraIdentity(source: $0, scope: scope, authorityURL: authorityURL, metadataURL: metadataURL))
        }
    }

    private static func entraSource(_ name: EntraSourceName, _ fields: Fields) -> EntraIdentity.Source? {
        switch name {
        case .clientSecret:
            let tenant = fields.required("tenant", .entraName)
            let client = fields.required("client", .entraName)
            let secret = fields.required("secret", .secret)
            guard let tenant, let client, let secret else { return nil }
            return .clientSecret(tenant: tenant, client: client, secret: secret)
        case .federated:
            let tenant = fields.optional("tenant", .entraName)
            let client = fields.optional("client", .entraName)
            return .federated(tenant: tenant, client: client, tokenFile: fields.optional("tokenFile", .filePath))
        case .managedIdentity:
            return .managedIdentity(client: fields.optional("client", .entraName))
        }
    }
}

// MARK: Google

private enum GoogleSourceName: String, CaseIterable {
    case serviceAccount = "service-account"
    case metadata, federation
}

extension Shape where Value == EndpointCredential {
    private static func googleToken(_ fields: Fields) -> EndpointCredential? {
        guard let name = source(GoogleSourceName.self, fields) else { return nil }
        let file = name == .metadata ? nil : fields.optional("file", .filePath)
        let scope = fields.optional("scope", .scope) ?? GoogleIdentity.scopeDefault
        let quotaProject = fields.optional("quotaProject", .projectName)
        let metadataURL = name == .metadata ? fields.optional("metadataURL", .tokenServiceURL) : nil
        let source: GoogleIdentity.Source =
            switch name {
            case .serviceAccount: .serviceAccount(file: file)
            case .metadata: .metadata
            case .federation: .federation(file: file)
            }
        return .googleToken(
            GoogleIdentity(source: source, scope: scope, quotaProject: quotaProject, metadataURL: metadataURL))
    }
}
