// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes

// Roles, from AWS STS (API version 2011-06-15): with a token of someone AWS trusts, or with another key.

extension AWSKeyFetch {
    /// How our sessions are called in AWS's own records.
    static let sessionNameDefault = "isobar"

    private var sessionName: String { surroundings.variable("AWS_ROLE_SESSION_NAME") ?? Self.sessionNameDefault }

    private func stsURL() throws(CredentialError) -> ServiceURL {
        let domain = AWSPartition.domain(ofRegion: identity.region)
        return try surroundings.address(
            identity.stsURL, field: "stsURL", variable: "AWS_ENDPOINT_URL_STS",
            otherwise: "https://sts.\(identity.region).\(domain)")
    }

    // MARK: Web identity

    /// Unsigned: the token is the proof.
    func webIdentity(role: String?, tokenFile: String?) throws(CredentialError) -> FetchStep {
        let role = try surroundings.value(role, field: "roleARN", variable: "AWS_ROLE_ARN")
        let file = try surroundings.value(
            tokenFile, field: "tokenFile", variable: "AWS_WEB_IDENTITY_TOKEN_FILE")
        let request = TokenRequest.form(
            try stsURL(),
            [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", .text(role)),
                ("RoleSessionName", .text(sessionName)),
                ("WebIdentityToken", .secret(try surroundings.token(in: file))),
            ], accept: "application/xml")
        let hints = [
            ("ExpiredToken", "is \(file) still renewed?"),
            ("InvalidIdentityToken", "does the role's account trust the token's issuer and audience?"),
            ("AccessDenied", "does the trust policy of \(role) allow this token's subject?"),
        ]
        return .ask(request) { answer throws(CredentialError) in
            try roleKey(in: answer.accepted(hints: hints), action: "AssumeRoleWithWebIdentity")
        }
    }

    // MARK: Assume role

    func assume(_ role: AWSIdentity.Role, with issued: IssuedCredential) throws(CredentialError) -> FetchStep {
        guard case .aws(let key) = issued.credential else {
            throw CredentialError("only a key of AWS can take on \(role.arn)")
        }
        return try assume(role, with: key, unixSeconds: surroundings.nowUnixSeconds, isCorrected: false)
    }

    private func assume(
        _ role: AWSIdentity.Role, with key: AWSCredential, unixSeconds: Int64, isCorrected: Bool
    ) throws(CredentialError) -> FetchStep {
        let hints = [
            ("AccessDenied", "may this key assume \(role.arn), and does the role trust it (and its external id)?"),
            ("InvalidClientTokenId", "is the access key active?"),
            ("SignatureDoesNotMatch", "is the secret access key right?"),
            ("ExpiredToken", "the source's temporary key has expired"),
        ]
        let request = try assumeRequest(role, with: key, unixSeconds: unixSeconds)
        return .ask(request) { answer throws(CredentialError) in
            // A clock that is wrong by minutes is corrected once; the service says what time it is.
            if !isCorrected, answer.isAboutClock, let serverTime = answer.serverUnixSeconds,
                abs(serverTime - unixSeconds) > Self.skewSecondsMin
            {
                return try assume(role, with: key, unixSeconds: serverTime, isCorrected: true)
            }
            return try roleKey(in: answer.accepted(hints: hints), action: "AssumeRole")
        }
    }

    private func assumeRequest(
        _ role: AWSIdentity.Role, with key: AWSCredential, unixSeconds: Int64
    ) throws(CredentialError) -> TokenRequest {
        var pairs: [(String, FormValue)] = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", .text(role.arn)),
            ("RoleSessionName", .text(sessionName)),
        ]
        if let externalID = role.externalID { pairs.append(("ExternalId", .text(externalID))) }
        var request = TokenRequest.form(try stsURL(), pairs, accept: "application/xml")
        sign(&request, with: key, unixSeconds: unixSeconds)
        return request
    }

    /// AWS refuses more than five minutes of difference.
    private static let skewSecondsMin: Int64 = 240

    private func sign(_ request: inout TokenRequest, with key: AWSCredential, unixSeconds: Int64) {
        let signer = AWSSigner(credential: key, region: identity.region, service: "sts")
        let url = request.url
        let bodyHash = request.body.withUnsafeBytes { SHA256.hash($0) }
        var lines: [UInt8] = []
        let parts = [url.target, "", request.fields["content-type"] ?? ""].map { Array($0.utf8) }
        parts[0].withUnsafeBytes { path in
            parts[2].withUnsafeBytes { type in
                signer.sign(
                    AWSRequest(
                        method: request.method, host: url.authority, path: path,
                        query: UnsafeRawBufferPointer(start: nil, count: 0), contentType: type, bodyHash: bodyHash),
                    unixSeconds: unixSeconds, into: &lines)
            }
        }
        for line in String(decoding: lines, as: UTF8.self).split(separator: "\r\n") {
            guard let range = line.firstRange(of: ": ") else { continue }
            request.fields.append(String(line[..<range.lowerBound]), String(line[range.upperBound...]))
        }
    }

    // MARK: Answers

    private func roleKey(in answer: TokenAnswer, action: String) throws(CredentialError) -> FetchStep {
        guard let texts = XMLTexts(parsing: answer.body) else { throw answer.malformed("it is not XML") }
        func text(_ name: String) -> String? { texts["\(action)Response/\(action)Result/Credentials/\(name)"] }
        guard let token = text("SessionToken") else { throw answer.malformed("it has no Credentials of \(action)") }
        let credential = try credential(
            id: text("AccessKeyId"), secret: BearerToken.of(text("SecretAccessKey")), token: token,
            from: "\(answer.request.url)")
        return .done(
            IssuedCredential(credential: credential, life: try answer.life(until: text("Expiration")), recheck: nil))
    }
}

extension TokenAnswer {
    /// Whether the signature may have been refused for its date.
    fileprivate var isAboutClock: Bool {
        status / 100 == 4
            && ["RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"].contains(errorWords.code)
    }
}

/// The separate clouds of AWS.
enum AWSPartition {
    /// Under which a region's services have their names.
    static func domain(ofRegion region: String) -> String {
        switch region.split(separator: "-").first {
        case "cn": "amazonaws.com.cn"
        case "eusc": "amazonaws.eu"
        default: "amazonaws.com"
        }
    }
}
