// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes
internal import WireFormats

/// From an identity of Google Cloud to an access token.
struct GoogleTokenFetch {
    let identity: GoogleIdentity
    let surroundings: Surroundings

    static let metadataURLDefault = "http://metadata.google.internal"
    static let tokenURLDefault = "https://oauth2.googleapis.com/token"

    func begin() throws(CredentialError) -> FetchStep {
        switch identity.source {
        case .serviceAccount(let path):
            let file = try GoogleCredentialFile(stated: path, surroundings)
            return try askWithAssertion(file)
        case .metadata:
            return try askMachine()
        case .federation(let path):
            let file = try GoogleCredentialFile(stated: path, surroundings)
            return try GoogleFederation(identity: identity, surroundings: surroundings, file: file).begin()
        }
    }

    // MARK: Service account

    /// A statement signed with the account's key is traded for a token (RFC 7523 §2.1).
    private func askWithAssertion(_ file: GoogleCredentialFile) throws(CredentialError) -> FetchStep {
        try file.require(type: "service_account")
        let tokenURL = file.optional("token_uri") ?? Self.tokenURLDefault
        let url = try ServiceURL(tokenURL, from: "token_uri in \(file.path)")
        let assertion = try ServiceAccountAssertion(file: file, audience: tokenURL, scope: identity.scope)
            .signed(at: surroundings.nowUnixSeconds)
        let request = TokenRequest.form(
            url,
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", .secret(assertion)),
            ])
        let hints = [
            ("invalid_grant", "is the key of \(file.path) still active, and this machine's clock right?"),
            ("invalid_scope", "check scope"),
        ]
        let quotaProject = identity.quotaProject
        return .ask(request) { answer throws(CredentialError) in
            try BearerToken.issued(by: answer.accepted(hints: hints), quotaProject: quotaProject)
        }
    }

    // MARK: Metadata server

    private func askMachine() throws(CredentialError) -> FetchStep {
        let fromVariable = surroundings.variable("GCE_METADATA_HOST").map { "http://\($0)" }
        let stated = identity.metadataURL ?? fromVariable
        let base = try ServiceURL(stated ?? Self.metadataURLDefault, from: "metadataURL")
        // Without a wish the server gives the scopes of the machine.
        let isDefault = identity.scope == GoogleIdentity.scopeDefault
        let request = TokenRequest(
            method: "GET",
            url: base.appending(
                path: "/computeMetadata/v1/instance/service-accounts/default/token",
                query: isDefault ? "" : "scopes=\(identity.scope.percentEncoded)"),
            fields: ["metadata-flavor": "Google"])
        let quotaProject = identity.quotaProject
        return .ask(request) { answer throws(CredentialError) in
            if answer.status == 404 {
                throw CredentialError(
                    "the machine has no service account", hint: "attach one, or choose another source")
            }
            return try BearerToken.issued(by: answer.accepted(hints: []), quotaProject: quotaProject)
        }
    }
}

/// A JSON file with what Google calls application credentials.
struct GoogleCredentialFile {
    let path: String
    let json: JSONValue

    /// - Parameter stated: `nil`: `GOOGLE_APPLICATION_CREDENTIALS`.
    init(stated: String?, _ surroundings: Surroundings) throws(CredentialError) {
        path = try surroundings.value(stated, field: "file", variable: "GOOGLE_APPLICATION_CREDENTIALS")
        let bytes = try surroundings.file(path, "credential file")
        do throws(JSONFault) {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw CredentialError("\(path) is not JSON: \(error.explanation)", hint: "download it again")
        }
    }

    func require(type: String) throws(CredentialError) {
        let found = try required("type")
        guard found == type else {
            let other = type == "service_account" ? "federation" : "service-account"
            throw CredentialError(
                "\(path) is of type \(found.prefix(64)), not \(type)",
                hint: "choose the source that fits the file, e.g. \(other)")
        }
    }

    func optional(_ name: String) -> String? { json[name]?.stringValue }

    func required(_ name: String) throws(CredentialError) -> String {
        guard let text = optional(name), !text.isEmpty else {
            throw CredentialError("\(path) has no \(name)", hint: "download it again")
        }
        return text
    }
}
