// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import ResourceTypes
import Testing

@testable import CloudCredentials

private let tokenAnswer = #"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ.entra"}"#

@Suite struct EntraSourceTests {
    private let cloud: CloudDouble
    private let folder: TemporaryFolder

    init() throws {
        cloud = try CloudDouble()
        folder = try TemporaryFolder()
    }

    private func identity(_ source: EntraIdentity.Source, scope: String = EntraIdentity.scopeDefault) -> CloudIdentity {
        .entra(EntraIdentity(source: source, scope: scope, authorityURL: cloud.url + "/", metadataURL: cloud.url))
    }

    private static let secret = SecretReference.environment("S")

    private func secretQuestion(scope: String = EntraIdentity.scopeDefault, secret: String = "p~8/Q+ä") -> Question {
        .form(
            "/contoso.example/oauth2/v2.0/token",
            [
                "grant_type": "client_credentials", "client_id": "11111111-2222", "scope": scope,
                "client_secret": secret,
            ])
    }

    private func obtainWithSecret(
        scope: String = EntraIdentity.scopeDefault, secret: String = "p~8/Q+ä"
    ) throws -> Outcome {
        try cloud.obtain(
            identity(
                .clientSecret(tenant: "contoso.example", client: "11111111-2222", secret: Self.secret), scope: scope),
            secrets: [Self.secret: secret])
    }

    @Test func `a client secret brings a token`() throws {
        cloud.expect(secretQuestion().answering(tokenAnswer))
        let outcome = try obtainWithSecret()
        #expect(outcome.headerLines == "Authorization: Bearer eyJ.entra")
        #expect(outcome.life == 3_599)
        #expect(outcome.error == nil)
    }

    @Test func `another scope is asked for`() throws {
        cloud.expect(secretQuestion(scope: "https://ai.azure.com/.default").answering(tokenAnswer))
        #expect(try obtainWithSecret(scope: "https://ai.azure.com/.default").error == nil)
    }

    @Test func `an error says what to change, and does not repeat the secret`() throws {
        let text = #"""
            {"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret p~8/Q+ä, p~8%2FQ%2B%C3%A4.\r\nTrace"}
            """#
        cloud.expect(secretQuestion().answering(401, text))
        #expect(
            try obtainWithSecret().error
                == "POST \(cloud.url)/contoso.example/oauth2/v2.0/token answered 401 invalid_client: AADSTS7000215: "
                + "Invalid client secret <secret>, <secret>.  Trace; "
                + "the client secret is wrong: state its value, not its id")
    }

    @Test func `an error that repeats the better part of the secret does not show it, and a few letters do no harm`()
        throws
    {
        let secret = "Kq3~8zv/Q+wXyP0aLm9"
        let text = #"{"error":"invalid_client","error_description":"'Kq3~8zv/Q+wX...' is wrong, see wXyP0aLm9"}"#
        cloud.expect(secretQuestion(secret: secret).answering(401, text))
        let error = try obtainWithSecret(secret: secret).error
        #expect(error?.contains("invalid_client: <secret> is wrong, see wXyP0aLm9") == true)
    }

    @Test(arguments: [
        ("", "it is not JSON"), ("[]", "it has no access_token"),
        (#"{"access_token":"a b","expires_in":1}"#, "it has no access_token"),
        (#"{"access_token":"a\r\nX: y","expires_in":1}"#, "it has no access_token"),
        (#"{"access_token":"a"}"#, "how long it is valid"), (#"{"access_token":"a","expires_in":1.5}"#, "how long"),
        (#"{"access_token":"a","expires_in":0}"#, "has expired already"),
        (#"{"access_token":"a","expires_in":-5}"#, "has expired already"),
        (#"{"access_token":"a","expires_in":3599,"token_type":"mac"}"#, "not Bearer"),
    ])
    func `an unusable answer gives nothing`(_ answer: String, _ reason: String) throws {
        cloud.expect(secretQuestion().answering(answer))
        let outcome = try obtainWithSecret()
        #expect(outcome.credential == nil)
        #expect(outcome.error?.contains(reason) == true, "\(outcome.error ?? "")")
    }

    @Test func `a redirect is not followed`() throws {
        cloud.expect(secretQuestion().answering(302, "", fields: ["location": "\(cloud.url)/elsewhere"]))
        #expect(
            try obtainWithSecret().error?.hasSuffix("answered 302; redirects are not followed: state the final address")
                == true)
        #expect(cloud.asked == 1)
    }

    @Test func `a federated token is traded, with what the platform's variables say`() throws {
        let file = try folder.write("token", "eyJ.kubernetes\n")
        cloud.expect(
            Question.form(
                "/tenant-id/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": "client-id", "scope": EntraIdentity.scopeDefault,
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    "client_assertion": "eyJ.kubernetes",
                ]
            ).answering(tokenAnswer))
        let outcome = try cloud.obtain(
            .entra(EntraIdentity(source: .federated(tenant: nil, client: nil, tokenFile: nil))),
            variables: [
                "AZURE_AUTHORITY_HOST": cloud.url, "AZURE_TENANT_ID": "tenant-id", "AZURE_CLIENT_ID": "client-id",
                "AZURE_FEDERATED_TOKEN_FILE": file,
            ])
        #expect(outcome.headerLines == "Authorization: Bearer eyJ.entra")
        #expect(outcome.unasked == 0)
    }

    @Test func `a federated token without a tenant says what to set`() throws {
        let outcome = try cloud.obtain(
            identity(.federated(tenant: nil, client: "c", tokenFile: "/f")))
        #expect(outcome.error == "neither tenant nor the variable AZURE_TENANT_ID is set; set one of them")
    }

    @Test(arguments: [(nil, ""), ("11111111-2222", "&client_id=11111111-2222")])
    func `a managed identity is asked for from the machine`(_ client: String?, _ query: String) throws {
        cloud.expect(
            Question(
                method: "GET", path: "/metadata/identity/oauth2/token",
                query: "api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com\(query)",
                fields: ["metadata": "true", "accept": "application/json"]
            ).answering(#"{"access_token":"eyJ.machine","expires_in":"86399","token_type":"Bearer"}"#))
        let outcome = try cloud.obtain(identity(.managedIdentity(client: client)))
        #expect(outcome.headerLines == "Authorization: Bearer eyJ.machine")
        #expect(outcome.life == 86_399)
    }

    @Test func `a machine without an identity says so`() throws {
        cloud.expect(
            Question(
                method: "GET", path: "/metadata/identity/oauth2/token",
                query: "api-version=2018-02-01&resource=r", fields: ["metadata": "true", "accept": "application/json"]
            ).answering(400, #"{"error":"invalid_request","error_description":"Identity not found"}"#))
        let outcome = try cloud.obtain(identity(.managedIdentity(client: nil), scope: "r"))
        #expect(outcome.error?.contains("assign a managed identity to the machine") == true)
    }
}
