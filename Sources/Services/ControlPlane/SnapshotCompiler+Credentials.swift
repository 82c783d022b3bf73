// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    /// - Returns: `nil`, with the reason in `problems`, when one of them cannot be used.
    mutating func compileCredentials(of endpoint: Endpoint) -> [CredentialRecord]? {
        guard endpoint.credentials.count <= EndpointCredential.perEndpointMax else {
            refuse(
                ResourceName(.endpoint, endpoint.name), "spec.credentials",
                "\(endpoint.credentials.count) credentials; allowed: \(EndpointCredential.perEndpointMax)")
            return nil
        }
        var records: [CredentialRecord] = []
        for (index, credential) in endpoint.credentials.enumerated() {
            guard let secrets = secrets(of: credential, at: index, of: endpoint),
                let record = compile(credential, secrets)
            else { return nil }
            records.append(record)
        }
        return records
    }

    private mutating func secrets(
        of credential: EndpointCredential, at index: Int, of endpoint: Endpoint
    ) -> [SecretReference: Secret]? {
        var found: [SecretReference: Secret] = [:]
        for (field, reference) in credential.secretReferences {
            guard let secret = secrets[reference] else {
                let path = "\(configuration.credentialPath(index, of: endpoint)).\(field)"
                refuse(ResourceName(.endpoint, endpoint.name), path, "the secret was not read")
                return nil
            }
            found[reference] = secret
        }
        return found
    }

    private mutating func compile(
        _ credential: EndpointCredential, _ secrets: [SecretReference: Secret]
    ) -> CredentialRecord? {
        if case .key(let header, let reference) = credential {
            return secrets[reference].map { .header(header.line(with: $0)) }
        }
        guard let identity = credential.identity, let id = credentialIDs[identity] else { return nil }
        credentialSources[id] = CredentialSource(identity: identity, secrets: secrets)
        if case .awsSignature(let aws, let service) = credential {
            return .dynamic(id: id, use: .awsSignature(region: aws.region, service: service))
        }
        return .dynamic(id: id, use: .headerLines)
    }
}

extension KeyHeader {
    /// The complete header line without CRLF; the content of `secret` goes from one `Secret` into another.
    func line(with secret: Secret) -> Secret {
        secret.withBytes { Secret(Array(prefix.utf8) + $0) }
    }

    private var prefix: String {
        switch self {
        case .bearer: "Authorization: Bearer "
        case .apiKey: "api-key: "
        case .xAPIKey: "x-api-key: "
        case .xGoogAPIKey: "x-goog-api-key: "
        }
    }
}

extension Configuration {
    /// Where an endpoint's credential is written: alone, or in a list.
    func credentialPath(_ index: Int, of endpoint: Endpoint) -> String {
        let resource = ResourceName(.endpoint, endpoint.name)
        return sources.isWritten("spec.credential", of: resource) ? "spec.credential" : "spec.credentials[\(index)]"
    }
}
