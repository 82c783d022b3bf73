// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Testing

@Suite("Credentials of endpoints")
struct CredentialTests {
    private static func endpoint(_ credential: String) -> String {
        surroundings
            + document("Endpoint", "e", "region: r", "url: https://h/v1", "serves: [{model: m}]", credential)
    }

    private func credentials(_ text: String) throws -> [EndpointCredential] {
        try decode(Self.endpoint(text)).resources.endpoints.first?.credentials ?? []
    }

    private static let role = "arn:aws:iam::123456789012:role/gateway"
    private static let cognitive = "https://cognitiveservices.azure.com/.default"

    static let right: [(String, EndpointCredential)] = [
        ("{secret: env:K}", .key(.bearer, .environment("K"))),
        ("{scheme: x-api-key, secret: file:/k}", .key(.xAPIKey, .file("/k"))),
        ("{scheme: x-goog-api-key, secret: env:K}", .key(.xGoogAPIKey, .environment("K"))),
        (
            "{scheme: aws, region: us-east-1, source: environment}",
            .awsSignature(AWSIdentity(region: "us-east-1", source: .environment), service: "bedrock")
        ),
        (
            """
            {scheme: aws, region: eu-central-1, service: bedrock-mantle, source: static, accessKeyID: env:I, \
            secretAccessKey: file:/s, sessionToken: env:T, roleARN: "\(role)", externalID: "a/b:1", \
            stsURL: "http://127.0.0.1:9"}
            """,
            .awsSignature(
                AWSIdentity(
                    region: "eu-central-1",
                    source: .static(
                        accessKeyID: .environment("I"), secretAccessKey: .file("/s"), sessionToken: .environment("T")),
                    role: AWSIdentity.Role(arn: role, externalID: "a/b:1"), stsURL: "http://127.0.0.1:9"),
                service: "bedrock-mantle")
        ),
        (
            "{scheme: aws, region: us-east-1, source: profile, profile: prod}",
            .awsSignature(AWSIdentity(region: "us-east-1", source: .profile("prod")), service: "bedrock")
        ),
        (
            "{scheme: aws, region: us-east-1, source: web-identity}",
            .awsSignature(
                AWSIdentity(region: "us-east-1", source: .webIdentity(roleARN: nil, tokenFile: nil)),
                service: "bedrock")
        ),
        (
            "{scheme: aws, region: us-east-1, source: web-identity, roleARN: \"\(role)\", tokenFile: /var/t}",
            .awsSignature(
                AWSIdentity(region: "us-east-1", source: .webIdentity(roleARN: role, tokenFile: "/var/t")),
                service: "bedrock")
        ),
        (
            "{scheme: aws, region: us-east-1, source: container, metadataURL: \"http://169.254.170.23\"}",
            .awsSignature(
                AWSIdentity(region: "us-east-1", source: .container, metadataURL: "http://169.254.170.23"),
                service: "bedrock")
        ),
        (
            "{scheme: aws, region: us-east-1, source: instance}",
            .awsSignature(AWSIdentity(region: "us-east-1", source: .instance), service: "bedrock")
        ),
        (
            "{scheme: entra, source: client-secret, tenant: contoso.example, client: 1-2, secret: env:S}",
            .entraToken(
                EntraIdentity(
                    source: .clientSecret(tenant: "contoso.example", client: "1-2", secret: .environment("S")),
                    scope: cognitive))
        ),
        (
            """
            {scheme: entra, source: federated, tenant: t, client: c, tokenFile: /t, \
            scope: "https://ai.azure.com/.default", authorityURL: "https://login.example"}
            """,
            .entraToken(
                EntraIdentity(
                    source: .federated(tenant: "t", client: "c", tokenFile: "/t"),
                    scope: "https://ai.azure.com/.default", authorityURL: "https://login.example"))
        ),
        (
            "{scheme: entra, source: managed-identity}",
            .entraToken(EntraIdentity(source: .managedIdentity(client: nil), scope: cognitive))
        ),
        (
            "{scheme: google, source: service-account, file: /key.json, quotaProject: p-1}",
            .googleToken(GoogleIdentity(source: .serviceAccount(file: "/key.json"), quotaProject: "p-1"))
        ),
        (
            "{scheme: google, source: metadata, metadataURL: \"http://metadata.google.internal\", scope: s}",
            .googleToken(
                GoogleIdentity(source: .metadata, scope: "s", metadataURL: "http://metadata.google.internal"))
        ),
        (
            "{scheme: google, source: federation}", .googleToken(GoogleIdentity(source: .federation(file: nil)))
        ),
    ]

    @Test("every scheme and source is read", arguments: right)
    func everyForm(text: String, expected: EndpointCredential) throws {
        #expect(try credentials("credential: \(text)") == [expected])
        #expect(try credentials("credentials: [\(text)]") == [expected])
    }

    @Test("several credentials keep their order, up to eight")
    func several() throws {
        func list(_ count: Int) -> String {
            "credentials: [" + (0..<count).map { "{secret: env:K\($0)}" }.joined(separator: ", ") + "]"
        }
        #expect(try credentials(list(8)) == (0..<8).map { .key(.bearer, .environment("K\($0)")) })
        #expect(problems(Self.endpoint(list(9))).map(\.message) == ["found 9 elements; allowed: 1 to 8"])
        #expect(problems(Self.endpoint("credentials: []")).map(\.message) == ["found 0 elements; allowed: 1 to 8"])
    }

    @Test("a file path in a credential counts from the configuration's directory")
    func relativePath() throws {
        let text = Self.endpoint("credential: {scheme: google, source: federation, file: g.json}")
        let files = [ConfigurationReader.File(path: "/etc/isobar/a.yaml", bytes: Array(text.utf8))]
        let endpoint = try #require(try ConfigurationReader.decode(files).resources.endpoints.first)
        let expected = GoogleIdentity(source: .federation(file: "/etc/isobar/g.json"))
        #expect(endpoint.credentials == [.googleToken(expected)])
    }

    /// What is written, and the words of the one problem: the place first.
    static let wrong: [(String, [String])] = [
        (
            "credential: {scheme: amazon, region: r}",
            ["spec.credential.scheme", "one of bearer, api-key, x-api-key, x-goog-api-key, aws, entra, google"]
        ),
        (
            "credential: {scheme: aws, source: environment}",
            ["spec.credential.region", "missing; allowed: an AWS region"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, service: bedrock}",
            ["spec.credential.source", "one of environment, static, profile, web-identity, container, instance"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: web-identty, roleARN: x}",
            ["spec.credential.source", "did you mean \"web-identity\"?"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: static, accessKeyID: env:A}",
            ["spec.credential.secretAccessKey", "missing; allowed: env:NAME or file:PATH"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: environment, profile: p}",
            ["unknown field \"profile\"", "allowed: scheme, region, service, source, roleARN, externalID, stsURL"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: web-identity, externalID: ab}",
            ["unknown field \"externalID\""]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: environment, externalID: ab}",
            ["spec.credential.externalID", "an external id goes with a role", "add roleARN"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: environment, roleARN: gateway}",
            ["spec.credential.roleARN", "the ARN of a role such as arn:aws:iam"]
        ),
        (
            "credential: {scheme: aws, region: us_east_1, source: environment}",
            ["spec.credential.region", "an AWS region such as eu-central-1"]
        ),
        (
            "credential: {scheme: aws, region: us-east-1, source: environment, stsURL: \"http://sts.example\"}",
            ["spec.credential.stsURL", "http:// would send secrets to sts.example unencrypted"]
        ),
        ("credential: {scheme: entra}", ["spec.credential.source", "client-secret, federated, managed-identity"]),
        (
            "credential: {scheme: entra, source: client-secret, client: c, secret: env:S}",
            ["spec.credential.tenant", "missing"]
        ),
        (
            "credential: {scheme: entra, source: client-secret, tenant: a/b, client: c, secret: env:S}",
            ["spec.credential.tenant", "as Entra shows it"]
        ),
        (
            "credential: {scheme: entra, source: managed-identity, tokenFile: /t}", ["unknown field \"tokenFile\""]
        ),
        ("credential: {scheme: google, source: file}", ["service-account, metadata, federation"]),
        ("credential: {scheme: google, source: metadata, file: /f}", ["unknown field \"file\""]),
        (
            "credential: {scheme: google, source: metadata, quotaProject: \"a b\"}",
            ["spec.credential.quotaProject", "a project id"]
        ),
        (
            "credential: {scheme: google, source: metadata, scope: \"a b\"}",
            ["spec.credential.scope", "a scope without spaces"]
        ),
        (
            "credential: {secret: env:A}\ncredentials: [{secret: env:B}]",
            ["spec.credentials", "both stated", "put all of them into credentials"]
        ),
        ("credentials: {secret: env:A}", ["spec.credentials", "found a mapping; allowed: a list"]),
        ("credentials: [{secret: env:A}, {scheme: api-key}]", ["spec.credentials[1].secret", "missing"]),
    ]

    @Test("what is wrong is pointed at, with what is allowed", arguments: wrong)
    func problem(text: String, words: [String]) throws {
        let found = problems(Self.endpoint(text))
        #expect(found.count == 1, "\(found)")
        let description = try #require(found.first).description
        for word in words { #expect(description.contains(word), "\(description)") }
    }

    @Test(
        "a key written in plain text is in no form of any problem",
        arguments: [
            "credential: {scheme: aws, region: r, source: static, accessKeyID: hunter2, secretAccessKey: env:A}",
            "credential: {scheme: aws, region: r, source: static, accessKeyID: env:I, secretAccessKey: hunter2}",
            "credential: {scheme: aws, region: R_, source: static, accessKeyID: hunter2, secretAccessKey: env:A}",
            "credential: {scheme: aws, region: r, source: environment, sessionToken: hunter2}",
            "credential:\n  scheme: aws\n  region: r\n  source: environment\n  secretAccessKey: hunter2",
            "credential: {scheme: entra, source: managed-identity, clientSecret: hunter2}",
            "credentials: [{scheme: x-goog-api-key, secret: hunter2}]",
        ])
    func plainKey(text: String) throws {
        let found = problems(Self.endpoint(text))
        #expect(!found.isEmpty)
        #expect(!found.map(\.description).joined().contains("hunter2"))
        #expect(!(try found.json()).contains("hunter2"))
    }

    @Test("a line whose secrets are references is shown")
    func reference() {
        let text =
            "credential: {scheme: aws, region: r, source: static, accessKeyID: env:I, secretAccessKey: env:A, x: y}"
        #expect(problems(Self.endpoint(text)).first?.excerpt?.contains("secretAccessKey: env:A") == true)
    }

    @Test("a cloud's credential that would travel unencrypted is warned of, one to this machine is not")
    func exposed() throws {
        func warnings(_ url: String) throws -> [String] {
            let text = document(
                "Endpoint", "e", "region: r", "url: \(url)", "serves: [{model: m}]",
                "credential: {scheme: aws, region: us-east-1, source: instance}")
            return try decode(surroundings + text).warnings.map(\.message)
        }
        #expect(try warnings("http://bedrock.example").contains("the credential travels unencrypted"))
        #expect(try warnings("http://127.0.0.1.example").contains("the credential travels unencrypted"))
        #expect(try !warnings("http://127.0.0.1:8080").contains("the credential travels unencrypted"))
    }
}
