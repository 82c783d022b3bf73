// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// From an identity of AWS to its key, one source per function. When a role is named, the key is the role's or there is
/// none: a failure never falls back to whatever identity is around.
struct AWSKeyFetch {
    let identity: AWSIdentity
    let secrets: [SecretReference: Secret]
    let surroundings: Surroundings

    func begin() throws(CredentialError) -> FetchStep {
        let key = try key(from: identity.source)
        guard let role = identity.role else { return key }
        return try key.then { issued throws(CredentialError) in try assume(role, with: issued) }
    }

    private func key(from source: AWSIdentity.Source) throws(CredentialError) -> FetchStep {
        switch source {
        case .environment: try environmentKey()
        case .static(let id, let secret, let token): try staticKey(id, secret, token)
        case .profile(let name): try profileKey(named: name)
        case .webIdentity(let role, let file): try webIdentity(role: role, tokenFile: file)
        case .container: try containerKey()
        case .instance: try instanceKey()
        }
    }

    // MARK: Keys at hand

    func environmentKey() throws(CredentialError) -> FetchStep {
        let id = try surroundings.required("AWS_ACCESS_KEY_ID")
        let secret = try surroundings.required("AWS_SECRET_ACCESS_KEY")
        return .done(
            IssuedCredential(
                credential: try credential(
                    id: id, secret: BearerToken.of(secret), token: surroundings.variable("AWS_SESSION_TOKEN"),
                    from: "the environment"),
                life: nil, recheck: nil))
    }

    private func staticKey(
        _ id: SecretReference, _ secret: SecretReference, _ token: SecretReference?
    ) throws(CredentialError) -> FetchStep {
        func read(_ reference: SecretReference?) -> Secret? { reference.flatMap { secrets[$0] } }
        let idText = read(id).map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }
        let tokenText = read(token).map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }
        let credential = try credential(id: idText, secret: read(secret), token: tokenText, from: "the configuration")
        return .done(IssuedCredential(credential: credential, life: nil, recheck: nil))
    }

    /// Checked, because it goes into headers: an id of letters and digits, a token that can stand in one.
    func credential(
        id: String?, secret: Secret?, token: String?, from origin: String
    ) throws(CredentialError) -> CloudCredential {
        guard let id, (16...128).contains(id.utf8.count), id.utf8.allSatisfy(Self.isWordByte) else {
            throw CredentialError(
                "the access key id of \(origin) is missing or malformed", hint: "it has 16 to 128 letters and digits")
        }
        guard let secret, !secret.isEmpty else {
            throw CredentialError("the secret access key of \(origin) is missing or malformed")
        }
        let sessionToken = BearerToken.of(token)
        guard sessionToken != nil || token == nil else {
            throw CredentialError("the session token of \(origin) is malformed")
        }
        return .aws(AWSCredential(accessKeyID: id, secretAccessKey: secret, sessionToken: sessionToken))
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || byte | 0x20 >= 97 && byte | 0x20 <= 122 || byte == UInt8(ascii: "_")
    }
}
