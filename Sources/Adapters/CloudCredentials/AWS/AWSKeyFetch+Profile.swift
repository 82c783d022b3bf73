// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// Profiles of the shared files: a key, or a role with another profile's or source's key.

extension AWSKeyFetch {
    /// Somebody may put a fresh key into the files.
    private static let recheck = TimeSpan.seconds(600)
    /// Profiles that may lead to one another.
    private static let profilesMax = 5

    func profileKey(named name: String?) throws(CredentialError) -> FetchStep {
        let files = try ProfileFiles(surroundings)
        let name = name ?? surroundings.variable("AWS_PROFILE") ?? "default"
        return try key(of: name, in: files, after: [])
    }

    private func key(
        of name: String, in files: ProfileFiles, after visited: [String]
    ) throws(CredentialError) -> FetchStep {
        guard let profile = files.profile(name) else {
            throw CredentialError("no profile \(name) in \(files.places)", hint: "add it, or name another")
        }
        guard visited.count < Self.profilesMax else {
            throw CredentialError("the profiles \((visited + [name]).joined(separator: " → ")) lead too far")
        }
        // A profile that names itself as its source means its own key.
        guard let role = profile["role_arn"], visited.last != name else { return try ownKey(of: name, profile) }
        if let file = profile["web_identity_token_file"] { return try webIdentity(role: role, tokenFile: file) }
        let assumed = AWSIdentity.Role(arn: role, externalID: profile["external_id"])
        return try sourceKey(of: name, profile, in: files, after: visited)
            .then { issued throws(CredentialError) in try assume(assumed, with: issued) }
    }

    private func sourceKey(
        of name: String, _ profile: AWSProfileFile.Section, in files: ProfileFiles, after visited: [String]
    ) throws(CredentialError) -> FetchStep {
        if let source = profile["source_profile"] {
            guard !visited.contains(source) else {
                throw CredentialError(
                    "the profiles \((visited + [name, source]).joined(separator: " → ")) go in circles")
            }
            return try key(of: source, in: files, after: visited + [name])
        }
        switch profile["credential_source"] {
        case "Environment": return try environmentKey()
        case "Ec2InstanceMetadata": return try instanceKey()
        case "EcsContainer": return try containerKey()
        default:
            throw CredentialError(
                "profile \(name) has a role_arn, but no key to take it on with",
                hint: "add source_profile, credential_source (Environment, Ec2InstanceMetadata, EcsContainer) or "
                    + "web_identity_token_file")
        }
    }

    private func ownKey(of name: String, _ profile: AWSProfileFile.Section) throws(CredentialError) -> FetchStep {
        for unsupported in ["credential_process", "sso_session", "sso_start_url"] where profile[unsupported] != nil {
            guard profile["aws_access_key_id"] == nil else { break }
            throw CredentialError(
                "profile \(name) uses \(unsupported), which needs a program or a person",
                hint: "give a server a role: source web-identity, container or instance")
        }
        let credential = try credential(
            id: profile["aws_access_key_id"], secret: BearerToken.of(profile["aws_secret_access_key"]),
            token: profile["aws_session_token"], from: "profile \(name)")
        return .done(IssuedCredential(credential: credential, life: nil, recheck: Self.recheck))
    }
}

/// Both files, one of which may be missing.
private struct ProfileFiles {
    private let credentials: AWSProfileFile
    private let configuration: AWSProfileFile
    let places: String

    init(_ surroundings: Surroundings) throws(CredentialError) {
        func path(_ variable: String, _ name: String) -> String? {
            surroundings.variable(variable) ?? surroundings.variable("HOME").map { "\($0)/.aws/\(name)" }
        }
        let paths = [
            path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), path("AWS_CONFIG_FILE", "config"),
        ].compactMap(\.self)
        guard paths.count == 2 else {
            throw CredentialError(
                "HOME is not set, so nobody knows where profiles are",
                hint: "set HOME, or AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE")
        }
        places = paths.joined(separator: " and ")
        let contents = paths.map { path in try? surroundings.read(path) }
        guard contents.contains(where: { $0 != nil }) else {
            throw CredentialError("cannot read \(places)", hint: "check the paths and who may read them")
        }
        credentials = AWSProfileFile(contents[0] ?? [], isConfiguration: false)
        configuration = AWSProfileFile(contents[1] ?? [], isConfiguration: true)
    }

    /// What both files say; the credentials file counts more.
    func profile(_ name: String) -> AWSProfileFile.Section? {
        let (secret, open) = (credentials.profiles[name], configuration.profiles[name])
        guard secret != nil || open != nil else { return nil }
        return (open ?? [:]).merging(secret ?? [:]) { _, fromCredentials in fromCredentials }
    }
}
