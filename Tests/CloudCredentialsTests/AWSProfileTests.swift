// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import CloudCredentials

// Profiles of AWS's tools: what is read of their files, and where a key comes from by them.

@Suite final class AWSProfileTests: AWSSourceSuite {
    private func profiles(credentials: String = "", configuration: String = "") throws -> [String: String] {
        [
            "AWS_SHARED_CREDENTIALS_FILE": try folder.write("credentials", credentials),
            "AWS_CONFIG_FILE": try folder.write("config", configuration),
        ]
    }

    private static let ownKey = """
        [base]
        aws_access_key_id = AKIDEXAMPLE00000
        aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY

        """

    @Test func `a profile's own key is used`() throws {
        let outcome = try cloud.obtain(
            identity(.profile(nil)),
            variables: profiles(credentials: Self.ownKey).merging(["AWS_PROFILE": "base"]) { $1 })
        #expect(outcome.key?.accessKeyID == "AKIDEXAMPLE00000")
    }

    @Test func `a profile's role is taken on with its source profile's key`() throws {
        cloud.expect(assumeRole(signedBy: plainKey, externalID: "e").answering(stsAnswer))
        expectRoleKey(
            try cloud.obtain(
                identity(.profile("prod")),
                variables: profiles(
                    credentials: Self.ownKey,
                    configuration: "[profile prod]\nrole_arn = \(exampleRole)\nexternal_id = e\nsource_profile = base\n"
                )))
    }

    @Test func `a profile that is its own source means its own key`() throws {
        cloud.expect(assumeRole(signedBy: plainKey).answering(stsAnswer))
        let text = Self.ownKey + "role_arn = \(exampleRole)\nsource_profile = base\n"
        expectRoleKey(try cloud.obtain(identity(.profile("base")), variables: profiles(credentials: text)))
    }

    @Test func `a profile's role may come from the container`() throws {
        let key = AWSCredential(
            accessKeyID: "ASIAAGENTKEYEXAMPLE0", secretAccessKey: Secret(Array("agent/Secret".utf8)),
            sessionToken: Secret(Array("agentToken==".utf8)))
        cloud.expect(
            Question(method: "GET", path: "/c", fields: ["accept": "application/json"]).answering(agentAnswer),
            assumeRole(signedBy: key).answering(stsAnswer))
        let files = try profiles(
            configuration: "[profile prod]\nrole_arn = \(exampleRole)\ncredential_source = EcsContainer\n")
        expectRoleKey(
            try cloud.obtain(
                identity(.profile("prod")),
                variables: files.merging(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]) { $1 }))
    }

    @Test(arguments: [
        ("", "", "no profile p in"),
        (
            "", "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nrole_arn = r\nsource_profile = p\n",
            "circles"
        ),
        ("", "[profile p]\nrole_arn = r\n", "no key to take it on with; add source_profile"),
        ("", "[profile p]\ncredential_process = /bin/true\n", "uses credential_process, which needs a program"),
        ("", "[profile p]\nsso_session = s\n", "uses sso_session, which needs"),
        ("[p]\naws_access_key_id = AKIDEXAMPLE00000\n", "", "the secret access key of profile p is missing"),
        (
            "",
            (0..<7).map { "[profile \($0 == 0 ? "p" : "p\($0)")]\nrole_arn = r\nsource_profile = p\($0 + 1)\n" }
                .joined(), "lead too far"
        ),
    ])
    func `a profile that leads nowhere is explained`(
        _ credentials: String, _ configuration: String, _ reason: String
    ) throws {
        let outcome = try cloud.obtain(
            identity(.profile("p")),
            variables: profiles(credentials: credentials, configuration: configuration))
        #expect(outcome.error?.contains(reason) == true, "\(outcome.error ?? "")")
    }
}

@Suite final class AWSProfileFileTests {
    @Test func `sections, comments, nested settings and repeated keys are read as AWS's tools read them`() {
        let text = """
            # comment
            [default]
            region=us-east-1
            [profile prod]
            Role_ARN = a = b  ; why
            s3 =
              max_concurrent_requests = 20
            role_session_name = one # comment
            role_session_name = two
            [services x]
            region = nowhere
            [plain]
            region = nowhere
            [profile broken
            region = nowhere
            """
        let file = AWSProfileFile(Array(text.utf8), isConfiguration: true)
        #expect(
            file.profiles == [
                "default": ["region": "us-east-1"],
                "prod": ["role_arn": "a = b", "s3": "", "role_session_name": "two"],
            ])
        #expect(AWSProfileFile(Array(text.utf8), isConfiguration: false).profiles["plain"] == ["region": "nowhere"])
    }

    @Test(arguments: [
        ("us-east-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn"), ("eusc-de-east-1", "amazonaws.eu"),
        ("eu-central-1", "amazonaws.com"), ("us-gov-west-1", "amazonaws.com"),
    ])
    func `a region's services have their partition's domain`(_ region: String, _ domain: String) {
        #expect(AWSPartition.domain(ofRegion: region) == domain)
    }
}
