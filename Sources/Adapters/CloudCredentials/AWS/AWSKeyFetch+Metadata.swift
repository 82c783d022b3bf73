// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes
internal import WireFormats

// Keys from where the process runs: the container's agent (ECS, EKS Pod Identity), the machine (EC2).

extension AWSKeyFetch {
    static let instanceURLDefault = "http://169.254.169.254"
    static let containerURLDefault = "http://169.254.170.2"
    /// Six hours, the longest that the instance's service grants.
    private static let sessionSeconds = "21600"

    // MARK: Container

    /// `GET` with the agent's token → `{AccessKeyId, SecretAccessKey, Token, Expiration}`.
    func containerKey() throws(CredentialError) -> FetchStep {
        var request = TokenRequest(method: "GET", url: try containerURL(), fields: ["accept": "application/json"])
        if let token = try containerToken() {
            request.confidential = [token]
            token.withBytes { request.fields.append("authorization", String(decoding: $0, as: UTF8.self)) }
        }
        return .ask(request) { answer throws(CredentialError) in
            try temporaryKey(in: answer.accepted(hints: [("AccessDenied", "is a role bound to this container?")]))
        }
    }

    private func containerURL() throws(CredentialError) -> ServiceURL {
        if let full = surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            return try ServiceURL(full, from: "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        }
        guard let relative = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), relative.hasPrefix("/")
        else {
            throw CredentialError(
                "neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set",
                hint: "bind a role to the task or pod, or choose another source")
        }
        let base = identity.metadataURL ?? Self.containerURLDefault
        return try ServiceURL(base + relative, from: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    }

    private func containerToken() throws(CredentialError) -> Secret? {
        if let file = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            return try surroundings.token(in: file)
        }
        return surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { Secret(Array($0.utf8)) }
    }

    // MARK: Instance

    /// Version 2: a session first, then the role's name, then its key.
    func instanceKey() throws(CredentialError) -> FetchStep {
        if surroundings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            throw CredentialError(
                "AWS_EC2_METADATA_DISABLED forbids the instance's metadata", hint: "choose another source")
        }
        let base = try surroundings.address(
            identity.metadataURL, field: "metadataURL", variable: "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            otherwise: Self.instanceURLDefault)
        let session = TokenRequest(
            method: "PUT", url: base.appending(path: "/latest/api/token"),
            fields: ["x-aws-ec2-metadata-token-ttl-seconds": Self.sessionSeconds])
        return .ask(session) { answer throws(CredentialError) in
            guard let token = BearerToken.trimmed(try answer.accepted(hints: []).body) else {
                throw answer.malformed("it is no session token")
            }
            return try roleName(base.appending(path: "/latest/meta-data/iam/security-credentials/"), session: token)
        }
    }

    private func roleName(_ url: ServiceURL, session: Secret) throws(CredentialError) -> FetchStep {
        .ask(metadataRequest(url, session)) { answer throws(CredentialError) in
            if answer.status == 404 {
                throw CredentialError(
                    "the instance has no role", hint: "attach an instance profile, or choose another source")
            }
            let lines = try answer.accepted(hints: []).body.split(separator: 10, omittingEmptySubsequences: true)
            guard let name = lines.first.flatMap({ BearerToken.trimmed(Array($0)) }) else {
                throw answer.malformed("it names no role")
            }
            let segment = name.withBytes { String(decoding: $0, as: UTF8.self) }.percentEncoded
            return .ask(metadataRequest(url.appending(path: "/\(segment)"), session)) {
                answer throws(CredentialError) in try temporaryKey(in: answer.accepted(hints: []))
            }
        }
    }

    private func metadataRequest(_ url: ServiceURL, _ session: Secret) -> TokenRequest {
        var request = TokenRequest(method: "GET", url: url)
        request.confidential = [session]
        session.withBytes { request.fields.append("x-aws-ec2-metadata-token", String(decoding: $0, as: UTF8.self)) }
        return request
    }

    // MARK: Answers

    private func temporaryKey(in answer: TokenAnswer) throws(CredentialError) -> FetchStep {
        let json = try answer.json()
        if let code = json["Code"]?.stringValue, code != "Success" { throw answer.malformed("its Code is \(code)") }
        guard let token = json["Token"]?.stringValue else { throw answer.malformed("it has no Token") }
        let credential = try credential(
            id: json["AccessKeyId"]?.stringValue, secret: BearerToken.of(json["SecretAccessKey"]?.stringValue),
            token: token, from: "\(answer.request.url)")
        let life = try answer.life(until: json["Expiration"]?.stringValue)
        return .done(IssuedCredential(credential: credential, life: life, recheck: nil))
    }
}
