// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import ResourceTypes
import Testing

@testable import CloudCredentials

// Each source against a service in this process that accepts the right questions only.

@Suite final class AWSSourceTests: AWSSourceSuite {
    // MARK: Keys at hand

    @Test func `the environment's key is used as it is`() throws {
        let outcome = try cloud.obtain(
            identity(.environment), variables: keyVariables.merging(["AWS_SESSION_TOKEN": "t=="]) { $1 })
        #expect(outcome.key?.accessKeyID == "AKIDEXAMPLE00000")
        #expect(outcome.key?.sessionToken?.text == "t==")
        #expect(outcome.life == nil && outcome.error == nil)
    }

    @Test func `a missing variable is named with what to do`() throws {
        let outcome = try cloud.obtain(identity(.environment), variables: ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE00000"])
        #expect(
            outcome.error
                == "the variable AWS_SECRET_ACCESS_KEY is not set; set it, or choose another source")
    }

    @Test(arguments: ["short", "AKIDEXAMPLE 0000", "AKIDEXAMPLE\r\nX: y"])
    func `a malformed key id is refused before it gets into a header`(id: String) throws {
        var variables = keyVariables
        variables["AWS_ACCESS_KEY_ID"] = id
        let outcome = try cloud.obtain(identity(.environment), variables: variables)
        #expect(outcome.error?.contains("the access key id of the environment is missing or malformed") == true)
        #expect(outcome.credential == nil)
    }

    @Test func `a stated key is used as it is`() throws {
        let references = ["I", "S", "T"].map { SecretReference.environment($0) }
        let outcome = try cloud.obtain(
            identity(
                .static(accessKeyID: references[0], secretAccessKey: references[1], sessionToken: references[2])),
            secrets: [references[0]: "AKIDEXAMPLE00000", references[1]: "s/+", references[2]: "t"])
        #expect(outcome.key?.accessKeyID == "AKIDEXAMPLE00000")
        #expect(outcome.key?.secretAccessKey.text == "s/+")
        #expect(outcome.key?.sessionToken?.text == "t")
    }

    // MARK: Roles

    @Test func `a role is taken on with the environment's key, signed`() throws {
        cloud.expect(assumeRole(signedBy: plainKey, externalID: "agreed: 1").answering(stsAnswer))
        expectRoleKey(
            try cloud.obtain(
                identity(.environment, role: AWSIdentity.Role(arn: exampleRole, externalID: "agreed: 1")),
                variables: keyVariables))
    }

    @Test func `a role that is refused leaves nothing to use, not the source's own key`() throws {
        let message = "User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole"
        var question = assumeRole(signedBy: .example())
        question.inspect = { _ in }
        cloud.expect(question.answering(403, stsError("AccessDenied", message)))
        let outcome = try cloud.obtain(
            identity(.environment, role: AWSIdentity.Role(arn: exampleRole)), variables: keyVariables)
        #expect(outcome.credential == nil)
        #expect(
            outcome.error
                == "POST \(cloud.url) answered 403 AccessDenied: \(message); may this key assume \(exampleRole), "
                + "and does the role trust it (and its external id)?")
    }

    @Test func `a clock that is wrong is corrected once`() throws {
        // 2015-08-30T13:16:00Z, forty minutes ahead of us.
        let date: HTTPFields = ["date": "Sun, 30 Aug 2015 13:16:00 GMT"]
        cloud.expect(
            assumeRole(signedBy: plainKey).answering(
                400, stsError("RequestExpired", "Request has expired."), fields: date),
            assumeRole(signedBy: plainKey, at: exampleTime + 2_400).answering(200, stsAnswer, fields: date))
        let outcome = try cloud.obtain(
            identity(.environment, role: AWSIdentity.Role(arn: exampleRole)), variables: keyVariables)
        #expect(outcome.key?.accessKeyID == "ASIAROLEKEYEXAMPLE00")
        // The life is counted on the service's clock.
        #expect(outcome.life == 1_200)
    }

    @Test func `a signature that is wrong with a right clock is not tried again`() throws {
        var question = assumeRole(signedBy: .example())
        question.inspect = { _ in }
        cloud.expect(
            question.answering(
                403, stsError("SignatureDoesNotMatch", "no"), fields: ["date": "Sun, 30 Aug 2015 12:36:01 GMT"]))
        let outcome = try cloud.obtain(
            identity(.environment, role: AWSIdentity.Role(arn: exampleRole)), variables: keyVariables)
        #expect(outcome.error?.hasSuffix("is the secret access key right?") == true)
        #expect(cloud.asked == 1)
    }

    private func webIdentityQuestion(token: String) -> Question {
        .form(
            "/",
            [
                "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": exampleRole,
                "RoleSessionName": "isobar", "WebIdentityToken": token,
            ], accept: "application/xml")
    }

    @Test func `a web identity trades its token file, unsigned`() throws {
        let file = try folder.write("token", "eyJ.web.token\n")
        let answer = stsAnswer.replacing("AssumeRoleRes", with: "AssumeRoleWithWebIdentityRes")
        cloud.expect(webIdentityQuestion(token: "eyJ.web.token").answering(answer))
        expectRoleKey(try cloud.obtain(identity(.webIdentity(roleARN: exampleRole, tokenFile: file))))
    }

    @Test func `a web identity takes role and file from the platform's variables`() throws {
        let file = try folder.write("token", "eyJ")
        cloud.expect(
            webIdentityQuestion(token: "eyJ").answering(
                400, stsError("ExpiredTokenException", "Token eyJ expired at 1")))
        let outcome = try cloud.obtain(
            identity(.webIdentity(roleARN: nil, tokenFile: nil)),
            variables: ["AWS_ROLE_ARN": exampleRole, "AWS_WEB_IDENTITY_TOKEN_FILE": file])
        #expect(
            outcome.error == "POST \(cloud.url) answered 400 ExpiredTokenException: Token <secret> expired at 1; "
                + "is \(file) still renewed?")
    }

    @Test func `the platform's variable names the token service where the configuration does not`() throws {
        let file = try folder.write("token", "eyJ.web.token")
        let answer = stsAnswer.replacing("AssumeRoleRes", with: "AssumeRoleWithWebIdentityRes")
        cloud.expect(webIdentityQuestion(token: "eyJ.web.token").answering(answer))
        let source = AWSIdentity.Source.webIdentity(roleARN: exampleRole, tokenFile: file)
        expectRoleKey(
            try cloud.obtain(
                .aws(AWSIdentity(region: "eu-central-1", source: source)),
                variables: ["AWS_ENDPOINT_URL_STS": cloud.url]))
    }

    @Test func `a variable that names a token service must not send secrets over a network unencrypted`() throws {
        let file = try folder.write("token", "eyJ.web.token")
        let source = AWSIdentity.Source.webIdentity(roleARN: exampleRole, tokenFile: file)
        let outcome = try cloud.obtain(
            .aws(AWSIdentity(region: "eu-central-1", source: source)),
            variables: ["AWS_ENDPOINT_URL_STS": "http://sts.example"])
        #expect(
            outcome.error?.hasPrefix("AWS_ENDPOINT_URL_STS would send secrets to sts.example unencrypted") == true)
    }

    @Test func `the configuration's token service counts more than the platform's variable`() throws {
        let file = try folder.write("token", "eyJ.web.token")
        let answer = stsAnswer.replacing("AssumeRoleRes", with: "AssumeRoleWithWebIdentityRes")
        cloud.expect(webIdentityQuestion(token: "eyJ.web.token").answering(answer))
        expectRoleKey(
            try cloud.obtain(
                identity(.webIdentity(roleARN: exampleRole, tokenFile: file)),
                variables: ["AWS_ENDPOINT_URL_STS": "https://sts.invalid"]))
    }

    @Test(arguments: ["", " \n", "two tokens", "line\nbreak"])
    func `a token file without a token is named, not sent`(content: String) throws {
        let file = try folder.write("token", content)
        let outcome = try cloud.obtain(identity(.webIdentity(roleARN: exampleRole, tokenFile: file)))
        #expect(outcome.error?.hasPrefix("the token file \(file) holds no token") == true)
    }

    @Test func `a missing token file is named with the system's reason`() throws {
        let outcome = try cloud.obtain(identity(.webIdentity(roleARN: exampleRole, tokenFile: "/nowhere/token")))
        #expect(
            outcome.error == "cannot read the token file /nowhere/token: No such file or directory; "
                + "check the path and who may read it")
    }

    // MARK: Container and instance

    @Test func `a container's agent is asked with the token of its file`() throws {
        let file = try folder.write("token", "agent-token\n")
        cloud.expect(
            Question(
                method: "GET", path: "/v1/credentials", query: "a=b",
                fields: ["accept": "application/json", "authorization": "agent-token"]
            ).answering(agentAnswer))
        expectAgentKey(
            try cloud.obtain(
                identity(.container),
                variables: [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(cloud.url)/v1/credentials?a=b",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
                ]))
    }

    @Test func `a task's agent is asked at its own address`() throws {
        cloud.expect(
            Question(method: "GET", path: "/v2/credentials/id", fields: ["accept": "application/json"])
                .answering(agentAnswer))
        expectAgentKey(
            try cloud.obtain(
                identity(.container), variables: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id"]))
    }

    @Test func `a container's token is not sent to another host in the clear`() throws {
        let outcome = try cloud.obtain(
            identity(.container), variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/v1"])
        #expect(
            outcome.error == "AWS_CONTAINER_CREDENTIALS_FULL_URI would send secrets to 192.0.2.1 unencrypted; "
                + "use https://; http:// is for this machine and link-local metadata services only")
    }

    private func instanceQuestions(role: String, answer: String) {
        cloud.expect(
            Question(
                method: "PUT", path: "/latest/api/token", fields: ["x-aws-ec2-metadata-token-ttl-seconds": "21600"]
            ).answering("session=="),
            Question(
                method: "GET", path: "/latest/meta-data/iam/security-credentials/",
                fields: ["x-aws-ec2-metadata-token": "session=="]
            ).answering(role),
            Question(
                method: "GET", path: "/latest/meta-data/iam/security-credentials/gateway%2Brole%401",
                fields: ["x-aws-ec2-metadata-token": "session=="]
            ).answering(answer))
    }

    @Test func `an instance's role is asked for in a session`() throws {
        instanceQuestions(role: "gateway+role@1\nsecond\n", answer: agentAnswer)
        expectAgentKey(try cloud.obtain(identity(.instance)))
    }

    @Test func `an instance without a role says so`() throws {
        cloud.expect(
            Question(
                method: "PUT", path: "/latest/api/token", fields: ["x-aws-ec2-metadata-token-ttl-seconds": "21600"]
            ).answering("session=="),
            Question(
                method: "GET", path: "/latest/meta-data/iam/security-credentials/",
                fields: ["x-aws-ec2-metadata-token": "session=="]
            ).answering(404, ""))
        let outcome = try cloud.obtain(identity(.instance))
        #expect(outcome.error == "the instance has no role; attach an instance profile, or choose another source")
    }

    @Test func `metadata that is switched off is not asked`() throws {
        let outcome = try cloud.obtain(identity(.instance), variables: ["AWS_EC2_METADATA_DISABLED": "true"])
        #expect(outcome.error?.hasPrefix("AWS_EC2_METADATA_DISABLED forbids") == true)
    }

    @Test(arguments: [
        ("{}", "it has no Token"), ("<html>", "it is not JSON"), (#"{"Code": "Failed"}"#, "its Code is Failed"),
        (agentAnswer.replacing("2015-08-30T18:36:00Z", with: "soon"), "no time of expiry"),
        (agentAnswer.replacing("2015-08-30T18:36:00Z", with: "2015-08-30T12:36:00Z"), "has expired already"),
        (agentAnswer.replacing("ASIAAGENTKEYEXAMPLE0", with: "a b"), "missing or malformed"),
        (agentAnswer.replacing("agentToken==", with: #"a\r\nb: c"#), "session token"),
    ])
    func `an unusable answer of an agent gives nothing`(_ answer: String, _ reason: String) throws {
        cloud.expect(
            Question(method: "GET", path: "/c", fields: ["accept": "application/json"]).answering(answer))
        let outcome = try cloud.obtain(
            identity(.container), variables: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"])
        #expect(outcome.credential == nil)
        #expect(outcome.error?.contains(reason) == true, "\(outcome.error ?? "")")
    }
}
