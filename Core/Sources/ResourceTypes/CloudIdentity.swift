// SPDX-License-Identifier: Apache-2.0
// Isobar

// Who we are in a cloud, and what proves it. Values only; `Adapters/CloudCredentials` turns them into keys and tokens.
// Wherever an address can be stated, `nil` means the cloud's own; sovereign clouds and tests have others.

/// One identity in one cloud. Two endpoints that state the same one share its key or token.
public enum CloudIdentity: Hashable, Sendable {
    case aws(AWSIdentity)
    case entra(EntraIdentity)
    case google(GoogleIdentity)
}

/// A principal of AWS.
public struct AWSIdentity: Hashable, Sendable {
    /// Where the key comes from. Exactly this source is used: there is no chain that ends with whatever else is around.
    public enum Source: Hashable, Sendable {
        /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, for temporary keys, `AWS_SESSION_TOKEN`.
        case environment
        case `static`(accessKeyID: SecretReference, secretAccessKey: SecretReference, sessionToken: SecretReference?)
        /// A profile of the files `~/.aws/credentials` and `~/.aws/config` (or where `AWS_SHARED_CREDENTIALS_FILE` and
        /// `AWS_CONFIG_FILE` point). `nil`: the one in `AWS_PROFILE`, else `default`.
        case profile(String?)
        /// A token file for a role (STS AssumeRoleWithWebIdentity). `nil`: `AWS_ROLE_ARN`,
        /// `AWS_WEB_IDENTITY_TOKEN_FILE`.
        case webIdentity(roleARN: String?, tokenFile: String?)
        /// The container agent that `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `…_RELATIVE_URI` names.
        case container
        /// The role of the machine, from its metadata service, version 2.
        case instance
    }

    /// A role to take on with the source's key (STS AssumeRole).
    public struct Role: Hashable, Sendable {
        public var arn: String
        /// Agreed with the owner of the role, when it is another company's.
        public var externalID: String?
        public init(arn: String, externalID: String? = nil) {
            self.arn = arn
            self.externalID = externalID
        }
    }

    /// Whose STS is asked, e.g. `eu-central-1`.
    public var region: String
    public var source: Source
    /// `nil`: the source's key is used as it is.
    public var role: Role?
    /// `nil`: `AWS_ENDPOINT_URL_STS`, else `https://sts.{region}.{the partition's domain}`.
    public var stsURL: String?
    /// Of machine or container. `nil`: `AWS_EC2_METADATA_SERVICE_ENDPOINT`, else `http://169.254.169.254`, and
    /// `http://169.254.170.2`.
    public var metadataURL: String?

    public init(
        region: String, source: Source, role: Role? = nil, stsURL: String? = nil, metadataURL: String? = nil
    ) {
        self.region = region
        self.source = source
        self.role = role
        self.stsURL = stsURL
        self.metadataURL = metadataURL
    }
}

/// An application or managed identity of Microsoft Entra.
public struct EntraIdentity: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        case clientSecret(tenant: String, client: String, secret: SecretReference)
        /// A token file that the tenant trusts. `nil`: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
        /// `AZURE_FEDERATED_TOKEN_FILE`.
        case federated(tenant: String?, client: String?, tokenFile: String?)
        /// The identity of the machine. `client` chooses among several; `nil`: the system-assigned one.
        case managedIdentity(client: String?)
    }

    public static let scopeDefault = "https://cognitiveservices.azure.com/.default"

    public var source: Source
    /// What the token is for; a token for another audience is refused with 401 although it is valid.
    public var scope: String
    /// `nil`: `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`.
    public var authorityURL: String?
    /// `nil`: `http://169.254.169.254`.
    public var metadataURL: String?

    public init(
        source: Source, scope: String = EntraIdentity.scopeDefault, authorityURL: String? = nil,
        metadataURL: String? = nil
    ) {
        self.source = source
        self.scope = scope
        self.authorityURL = authorityURL
        self.metadataURL = metadataURL
    }
}

/// A service account or federated principal of Google Cloud.
public struct GoogleIdentity: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        /// A key file (JSON, type `service_account`); it names the token endpoint. `nil`:
        /// `GOOGLE_APPLICATION_CREDENTIALS`.
        case serviceAccount(file: String?)
        /// The service account of the machine.
        case metadata
        /// A description of a workload identity federation (JSON, type `external_account`); it names all endpoints.
        /// `nil`: `GOOGLE_APPLICATION_CREDENTIALS`.
        case federation(file: String?)
    }

    public static let scopeDefault = "https://www.googleapis.com/auth/cloud-platform"

    public var source: Source
    public var scope: String
    /// Project that quota and bill go to, sent as `x-goog-user-project`. `nil`: the credential's own.
    public var quotaProject: String?
    /// `nil`: `GCE_METADATA_HOST`, else `http://metadata.google.internal`.
    public var metadataURL: String?

    public init(
        source: Source, scope: String = GoogleIdentity.scopeDefault, quotaProject: String? = nil,
        metadataURL: String? = nil
    ) {
        self.source = source
        self.scope = scope
        self.quotaProject = quotaProject
        self.metadataURL = metadataURL
    }
}

extension CloudIdentity {
    /// Secrets that the configuration points at, with the name of the field.
    public var secretReferences: [(field: String, reference: SecretReference)] {
        switch self {
        case .aws(let identity):
            guard case .static(let id, let secret, let token) = identity.source else { return [] }
            return [("accessKeyID", id), ("secretAccessKey", secret)] + (token.map { [("sessionToken", $0)] } ?? [])
        case .entra(let identity):
            guard case .clientSecret(_, _, let secret) = identity.source else { return [] }
            return [("secret", secret)]
        case .google: return []
        }
    }
}

/// A cloud identity with the secrets that its source needs.
public struct CredentialSource: Sendable {
    public var identity: CloudIdentity
    /// By every reference of `identity`.
    public var secrets: [SecretReference: Secret]
    public init(identity: CloudIdentity, secrets: [SecretReference: Secret]) {
        self.identity = identity
        self.secrets = secrets
    }

    /// Whether a key or token of `other` is one of this source too.
    public func isSame(as other: CredentialSource) -> Bool {
        guard identity == other.identity, secrets.count == other.secrets.count else { return false }
        return secrets.allSatisfy { reference, secret in
            other.secrets[reference].map { $0.withBytes(secret.matches) } ?? false
        }
    }
}
