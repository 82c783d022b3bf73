// SPDX-License-Identifier: Apache-2.0
// Isobar

import COpenSSL
import PlainHTTP
import ResourceTypes
import Testing
import WireFormats

@testable import CloudCredentials

private let tokenAnswer = #"{"access_token":"ya29.google","expires_in":3599,"token_type":"Bearer"}"#

/// RSA keys made by the `openssl` command, once for all tests.
private struct TestKeys {
    var privatePEM: String
    var publicPEM: String
    var encryptedPEM: String
    var shortPEM: String
    var ellipticPEM: String

    static let made: Result<TestKeys, any Error> = Result {
        let folder = try TemporaryFolder()
        func make(_ algorithm: String) throws -> String { try folder.run("openssl genpkey -quiet \(algorithm)") }
        let key = try make("-algorithm RSA -pkeyopt rsa_keygen_bits:2048")
        try folder.write("key.pem", key)
        return TestKeys(
            privatePEM: key, publicPEM: try folder.run("openssl pkey -in key.pem -pubout"),
            encryptedPEM: try folder.run("openssl pkey -in key.pem -aes256 -passout pass:x"),
            shortPEM: try make("-algorithm RSA -pkeyopt rsa_keygen_bits:1024"),
            ellipticPEM: try make("-algorithm EC -pkeyopt ec_paramgen_curve:P-256"))
    }
}

/// A JSON Web Token taken apart, its signature checked by OpenSSL.
private struct VerifiedToken {
    var header: JSONValue
    var claims: JSONValue
    var isGenuine: Bool

    init(_ text: String, publicPEM: String) throws {
        let parts = text.split(separator: ".").map { Self.decoded($0) }
        try #require(parts.count == 3)
        header = try JSONValue(parsing: parts[0])
        claims = try JSONValue(parsing: parts[1])
        let signed = Array(text.utf8.prefix(text.utf8.count - text.split(separator: ".")[2].utf8.count - 1))
        isGenuine = Self.verifies(signed, parts[2], publicPEM)
    }

    private static func decoded(_ part: Substring) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var (bits, count, bytes) = (UInt32(0), 0, [UInt8]())
        for byte in part.utf8 {
            bits = bits << 6 | UInt32(alphabet.firstIndex(of: byte) ?? 0)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    private static func verifies(_ message: [UInt8], _ signature: [UInt8], _ publicPEM: String) -> Bool {
        let pem = Array(publicPEM.utf8)
        let source = BIO_new_mem_buf(pem, Int32(pem.count))
        defer { BIO_free(source) }
        let key = PEM_read_bio_PUBKEY(source, nil, nil, nil)
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

@Suite struct GoogleSourceTests {
    private let cloud: CloudDouble
    private let folder: TemporaryFolder
    private let keys: TestKeys

    init() throws {
        cloud = try CloudDouble()
        folder = try TemporaryFolder()
        keys = try TestKeys.made.get()
    }

    private func google(
        _ source: GoogleIdentity.Source, scope: String = GoogleIdentity.scopeDefault, quota: String? = nil
    )
        -> CloudIdentity
    {
        .google(GoogleIdentity(source: source, scope: scope, quotaProject: quota, metadataURL: cloud.url))
    }

    // MARK: Service account

    private func accountFile(key: String? = nil, _ change: (inout [(String, JSONValue)]) -> Void = { _ in }) throws
        -> String
    {
        var members: [(String, JSONValue)] = [
            ("type", .string("service_account")), ("project_id", .string("p")), ("private_key_id", .string("key-1")),
            ("private_key", .string(key ?? keys.privatePEM)),
            ("client_email", .string("gateway@p.iam.gserviceaccount.com")),
            ("token_uri", .string("\(cloud.url)/token")),
        ]
        change(&members)
        return try folder.write("key.json", JSONValue.object(members).text)
    }

    /// A question whose assertion is genuine and says what it must.
    private func assertionQuestion(scope: String = GoogleIdentity.scopeDefault) -> Question {
        var question = Question.form("/token", [:])
        question.inspect = { [keys, url = cloud.url] request in
            let body = String(decoding: request.body, as: UTF8.self)
            let prefix = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
            #expect(body.hasPrefix(prefix))
            guard let token = try? VerifiedToken(String(body.dropFirst(prefix.count)), publicPEM: keys.publicPEM) else {
                Issue.record("no token in \(body)")
                return
            }
            #expect(token.isGenuine)
            #expect(token.header.text == #"{"alg":"RS256","typ":"JWT","kid":"key-1"}"#)
            let account = "gateway@p.iam.gserviceaccount.com"
            #expect(
                token.claims.text == #"{"iss":"\#(account)","sub":"\#(account)","aud":"\#(url)/token","#
                    + #""scope":"\#(scope)","iat":\#(exampleTime),"exp":\#(exampleTime + 3_600)}"#)
        }
        return question
    }

    @Test func `a service account's key signs for a token`() throws {
        cloud.expect(assertionQuestion().answering(tokenAnswer))
        let outcome = try cloud.obtain(google(.serviceAccount(file: try accountFile()), quota: "billed"))
        #expect(outcome.headerLines == "Authorization: Bearer ya29.google\r\nx-goog-user-project: billed")
        #expect(outcome.life == 3_599)
        #expect(outcome.error == nil)
    }

    @Test func `the file may be named by the platform's variable, the scope by the configuration`() throws {
        cloud.expect(
            assertionQuestion(scope: "https://www.googleapis.com/auth/generative-language").answering(tokenAnswer))
        let outcome = try cloud.obtain(
            google(.serviceAccount(file: nil), scope: "https://www.googleapis.com/auth/generative-language"),
            variables: ["GOOGLE_APPLICATION_CREDENTIALS": try accountFile()])
        #expect(outcome.headerLines == "Authorization: Bearer ya29.google")
    }

    @Test func `a refused assertion says what to look at`() throws {
        var question = Question.form("/token", [:])
        question.inspect = { _ in }
        cloud.expect(
            question.answering(400, #"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#))
        let file = try accountFile()
        let outcome = try cloud.obtain(google(.serviceAccount(file: file)))
        #expect(
            outcome.error == "POST \(cloud.url)/token answered 400 invalid_grant: Invalid JWT Signature.; "
                + "is the key of \(file) still active, and this machine's clock right?")
    }

    @Test func `a key that cannot be used is refused with the reason, without a passphrase being asked for`() throws {
        for (pem, reason) in [
            (keys.encryptedPEM, "it is no private key in PEM form, or it is encrypted"),
            (keys.publicPEM, "it is no private key in PEM form, or it is encrypted"),
            (keys.shortPEM, "it has fewer than 2048 bits"), (keys.ellipticPEM, "it is no RSA key"),
        ] {
            let surroundings = Surroundings(
                variables: [:], nowUnixSeconds: 0, read: Surroundings.FileFault.readFile)
            let path = try accountFile(key: pem)
            #expect {
                try CredentialFetch.begin(
                    CredentialSource(identity: google(.serviceAccount(file: path)), secrets: [:]), surroundings)
            } throws: { "\($0)" == "private_key in \(path) cannot be used: \(reason); download the file again" }
        }
    }

    @Test func `a file of another kind is refused`() throws {
        let file = try accountFile { $0[0].1 = .string("external_account") }
        let outcome = try cloud.obtain(google(.serviceAccount(file: file)))
        #expect(outcome.error?.hasPrefix("\(file) is of type external_account, not service_account") == true)
        let federation = try CloudDouble().obtain(google(.federation(file: try accountFile())))
        #expect(federation.error?.hasPrefix("\(file) is of type service_account, not external_account") == true)
    }

    @Test(arguments: [
        ("token_uri", "http://tokens.example/t", "would send secrets to tokens.example unencrypted"),
        ("token_uri", "ftp://h", "does not begin with https:// or http://"),
        ("client_email", "", "has no client_email"),
    ])
    func `a file with a field that cannot be used is refused`(_ field: String, _ value: String, _ reason: String) throws
    {
        let file = try accountFile { members in
            for index in members.indices where members[index].0 == field { members[index].1 = .string(value) }
        }
        let outcome = try cloud.obtain(google(.serviceAccount(file: file)))
        #expect(outcome.error?.contains(reason) == true, "\(outcome.error ?? "")")
    }

    // MARK: Metadata server

    @Test(arguments: [
        (GoogleIdentity.scopeDefault, ""),
        ("https://www.googleapis.com/auth/x", "scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fx"),
    ])
    func `the metadata server is asked for the machine's account`(_ scope: String, _ query: String) throws {
        cloud.expect(
            Question(
                method: "GET", path: "/computeMetadata/v1/instance/service-accounts/default/token", query: query,
                fields: ["metadata-flavor": "Google"]
            ).answering(tokenAnswer))
        let outcome = try cloud.obtain(google(.metadata, scope: scope))
        #expect(outcome.headerLines == "Authorization: Bearer ya29.google")
    }

    @Test func `the metadata server's host may be named by the platform's variable`() throws {
        cloud.expect(
            Question(
                method: "GET", path: "/computeMetadata/v1/instance/service-accounts/default/token",
                fields: ["metadata-flavor": "Google"]
            ).answering(404, "not found"))
        let outcome = try cloud.obtain(
            .google(GoogleIdentity(source: .metadata)), variables: ["GCE_METADATA_HOST": "127.0.0.1:\(cloud.port)"])
        #expect(outcome.error == "the machine has no service account; attach one, or choose another source")
    }

    // MARK: Federation

    private static let audience =
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"

    private func federationFile(_ source: String, _ more: String = "") throws -> String {
        try folder.write(
            "federation.json",
            """
            {"type": "external_account", "audience": "\(Self.audience)",
             "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "\(cloud.url)/v1/token",
             "credential_source": \(source)\(more)}
            """)
    }

    private func exchangeQuestion(_ subject: String, scope: String = GoogleIdentity.scopeDefault) -> Question {
        .form(
            "/v1/token",
            [
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": Self.audience,
                "scope": scope, "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "subject_token": subject, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            ])
    }

    private let exchangeAnswer = """
        {"access_token":"ya29.federated","issued_token_type":"urn:ietf:params:oauth:token-type:access_token",
         "token_type":"Bearer","expires_in":"3600"}
        """

    @Test func `a file's token is exchanged`() throws {
        let token = try folder.write("token", "eyJ.subject\n")
        cloud.expect(exchangeQuestion("eyJ.subject", scope: "s").answering(exchangeAnswer))
        let file = try federationFile(#"{"file": "\#(token)"}"#, #", "quota_project_id": "billed""#)
        let outcome = try cloud.obtain(google(.federation(file: file), scope: "s"))
        #expect(outcome.headerLines == "Authorization: Bearer ya29.federated\r\nx-goog-user-project: billed")
        #expect(outcome.life == 3_600)
    }

    @Test func `a URL's token is fetched with the stated fields, exchanged, and used to be a service account`() throws {
        let format = #""format": {"type": "json", "subject_token_field_name": "value"}"#
        let impersonation = """
            , "service_account_impersonation_url": "\(cloud.url)/v1/projects/-/serviceAccounts/a@p:generateAccessToken"
            """
        let file = try federationFile(
            #"{"url": "\#(cloud.url)/issuer?aud=x", "headers": {"X-Secret": "issuer-key"}, \#(format)}"#, impersonation)
        cloud.expect(
            Question(method: "GET", path: "/issuer", query: "aud=x", fields: ["x-secret": "issuer-key"])
                .answering(#"{"count": 1, "value": "eyJ.subject"}"#),
            exchangeQuestion("eyJ.subject").answering(exchangeAnswer),
            Question(
                method: "POST", path: "/v1/projects/-/serviceAccounts/a@p:generateAccessToken",
                fields: [
                    "content-type": "application/json", "accept": "application/json",
                    "authorization": "Bearer ya29.federated",
                ], body: #"{"scope":["s"],"lifetime":"3600s"}"#
            ).answering(#"{"accessToken":"ya29.account","expireTime":"2015-08-30T13:06:00Z"}"#))
        let outcome = try cloud.obtain(google(.federation(file: file), scope: "s"))
        #expect(outcome.error == nil && outcome.unasked == 0)
        #expect(outcome.headerLines == "Authorization: Bearer ya29.account")
        #expect(outcome.life == 1_800)
    }

    @Test func `a federated principal that may not be the account leaves nothing to use`() throws {
        let token = try folder.write("token", "eyJ")
        let more = """
            , "service_account_impersonation_url": "\(cloud.url)/generate",
            "service_account_impersonation": {"token_lifetime_seconds": 600}
            """
        cloud.expect(
            exchangeQuestion("eyJ").answering(exchangeAnswer),
            Question(
                method: "POST", path: "/generate",
                fields: [
                    "content-type": "application/json", "accept": "application/json",
                    "authorization": "Bearer ya29.federated",
                ], body: #"{"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"600s"}"#
            ).answering(403, #"{"error":{"code":403,"message":"ya29.federated may not","status":"PERMISSION_DENIED"}}"#)
        )
        let outcome = try cloud.obtain(google(.federation(file: try federationFile(#"{"file": "\#(token)"}"#, more))))
        #expect(outcome.credential == nil)
        #expect(
            outcome.error == "POST \(cloud.url)/generate answered 403 PERMISSION_DENIED: <secret> may not; "
                + "grant the federated principal roles/iam.workloadIdentityUser on the service account")
    }

    @Test(arguments: [
        (#"{"environment_id": "aws1"}"#, "is neither a file nor a url"), ("7", "has no credential_source"),
        (#"{"url": "http://issuer.example"}"#, "would send secrets to issuer.example unencrypted"),
        (#"{"url": "https://h", "headers": {"a b": "c"}}"#, "a field that cannot be sent"),
        (#"{"file": "/nowhere"}"#, "cannot read the token file /nowhere"),
        (#"{"file": "/etc/hostname", "format": {"type": "json"}}"#, "holds no subject token"),
    ])
    func `a description that cannot be followed is explained`(_ source: String, _ reason: String) throws {
        let outcome = try cloud.obtain(google(.federation(file: try federationFile(source))))
        #expect(outcome.error?.contains(reason) == true, "\(outcome.error ?? "")")
    }

    @Test func `a quota project that would add a header is refused`() throws {
        let token = try folder.write("token", "eyJ")
        let file = try federationFile(#"{"file": "\#(token)"}"#, #", "quota_project_id": "a\r\nX: y""#)
        #expect(try cloud.obtain(google(.federation(file: file))).error?.contains("cannot stand in a header") == true)
    }
}
