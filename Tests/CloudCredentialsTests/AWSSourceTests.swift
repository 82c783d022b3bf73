// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import ResourceTypes
import Testing

@testable import CloudCredentials

// Each source against a service in this process that accepts the right questions only.

private let stsAnswer = """
    <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleResult>
        <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/isobar</Arn></AssumedRoleUser>
        <Credentials>
          <AccessKeyId>ASIAROLEKEYEXAMPLE00</AccessKeyId>
          <SecretAccessKey>role/Secret+Key</SecretAccessKey>
          <SessionToken>role//Session+Token==</SessionToken>
          <Expiration>2015-08-30T13:36:00Z</Expiration>
        </Credentials>
      </AssumeRoleResult>
      <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
    </AssumeRoleResponse>
    """

private func stsError(_ code: String, _ message: String) -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>"
}

/// The answer of container agents and the instance's service.
private let agentAnswer = """
    {"Code": "Success", "AccessKeyId": "ASIAAGENTKEYEXAMPLE0", "SecretAccessKey": "agent/Secret", "Token": "agentToken==",
     "Expiration": "2015-08-30T18:36:00Z", "RoleArn": "r"}
    """

private let role = "arn:aws:iam::123456789012:role/r"
private let keyVariables = [
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE00000", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
]

/// A question that is signed with a key, checked by signing it again.
private func assumeRole(signedBy key: AWSCredential, externalID: String? = nil, at time: Int64 = exampleTime)
    -> Question
{
    var question = Question.form(
        "/", ["Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": "isobar"],
        accept: "application/xml")
    if let externalID { question.body += "&ExternalId=\(externalID.percentEncoded)" }
    question.inspected = ["authorization", "x-amz-date", "x-amz-security-token"]
    question.inspect = { request in
        let signer = AWSSigner(credential: key, region: "eu-central-1", service: "sts")
        let lines = signer.lines(
            host: request.fields["host"] ?? "", path: "/", contentType: "application/x-www-form-urlencoded",
            body: String(decoding: request.body, as: UTF8.self), at: time)
        let sent = ["X-Amz-Date", "X-Amz-Security-Token", "Authorization"].compactMap { name in
            request.fields[name].map { "\(name): \($0)\r\n" }
        }
        #expect(sent.joined() == lines)
    }
    return question
}

@Suite struct AWSSourceTests {
    private let cloud: CloudDouble
    private let folder: TemporaryFolder

    init() throws {
        cloud = try CloudDouble()
        folder = try TemporaryFolder()
    }

    private func identity(_ source: AWSIdentity.Source, role: AWSIdentity.Role? = nil) -> CloudIdentity {
        .aws(
            AWSIdentity(
                region: "eu-central-1", source: source, role: role, stsURL: cloud.url, metadataURL: cloud.url))
    }

    private func expectRoleKey(_ outcome: Outcome) {
        #expect(outcome.error == nil)
        #expect(outcome.key?.accessKeyID == "ASIAROLEKEYEXAMPLE00")
        #expect(outcome.key?.secretAccessKey.text == "role/Secret+Key")
        #expect(outcome.key?.sessionToken?.text == "role//Session+Token==")
        #expect(outcome.life == 3_600)
        #expect(outcome.unasked == 0)
    }

    private func expectAgentKey(_ outcome: Outcome) {
        #expect(outcome.error == nil)
        #expect(outcome.key?.accessKeyID == "ASIAAGENTKEYEXAMPLE0")
        #expect(outcome.key?.secretAccessKey.text == "agent/Secret")
        #expect(outcome.key?.sessionToken?.text == "agentToken==")
        #expect(outcome.life == 6 * 3_600)
        #expect(outcome.unasked == 0)
    }

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
        let key = AWSCredential(
            accessKeyID: "AKIDEXAMPLE00000",
            secretAccessKey: Secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)), sessionToken: nil)
        cloud.expect(assumeRole(signedBy: key, externalID: "agreed: 1").answering(stsAnswer))
        expectRoleKey(
            try cloud.obtain(
                identity(.environment, role: AWSIdentity.Role(arn: role, externalID: "agreed: 1")),
                variables: keyVariables))
    }

    @Test func `a role that is refused leaves nothing to use, not the source's own key`() throws {
        let message = "User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole"
        var question = assumeRole(signedBy: .example())
        question.inspect = { _ in }
        cloud.expect(question.answering(403, stsError("AccessDenied", message)))
        let outcome = try cloud.obtain(
            identity(.environment, role: AWSIdentity.Role(arn: role)), variables: keyVariables)
        #expect(outcome.credential == nil)
        #expect(
            outcome.error
                == "POST \(cloud.url) answered 403 AccessDenied: \(message); may this key assume \(role), "
                + "and does the role trust it (and its external id)?")
    }

    @Test func `a clock that is wrong is corrected once`() throws {
        let key = AWSCredential(
            accessKeyID: "AKIDEXAMPLE00000",
            secretAccessKey: Secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)), sessionToken: nil)
        // 2015-08-30T13:16:00Z, forty minutes ahead of us.
        let date: HTTPFields = ["date": "Sun, 30 Aug 2015 13:16:00 GMT"]
        cloud.expect(
            assumeRole(signedBy: key).answering(400, stsError("RequestExpired", "Request has expired."), fields: date),
            assumeRole(signedBy: key, at: exampleTime + 2_400).answering(200, stsAnswer, fields: date))
        let outcome = try cloud.obtain(
            identity(.environment, role: AWSIdentity.Role(arn: role)), variables: keyVariables)
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
            identity(.environment, role: AWSIdentity.Role(arn: role)), variables: keyVariables)
        #expect(outcome.error?.hasSuffix("is the secret access key right?") == true)
        #expect(cloud.asked == 1)
    }

    private func webIdentityQuestion(token: String) -> Question {
        .form(
            "/",
            [
                "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role,
                "RoleSessionName": "isobar", "WebIdentityToken": token,
            ], accept: "application/xml")
    }

    @Test func `a web identity trades its token file, unsigned`() throws {
        let file = try folder.write("token", "eyJ.web.token\n")
        let answer = stsAnswer.replacing("AssumeRoleRes", with: "AssumeRoleWithWebIdentityRes")
        cloud.expect(webIdentityQuestion(token: "eyJ.web.token").answering(answer))
        expectRoleKey(try cloud.obtain(identity(.webIdentity(roleARN: role, tokenFile: file))))
    }

    @Test func `a web identity takes role and file from the platform's variables`() throws {
        let file = try folder.write("token", "eyJ")
        cloud.expect(
            webIdentityQuestion(token: "eyJ").answering(
                400, stsError("ExpiredTokenException", "Token eyJ expired at 1")))
        let outcome = try cloud.obtain(
            identity(.webIdentity(roleARN: nil, tokenFile: nil)),
            variables: ["AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": file])
        #expect(
            outcome.error == "POST \(cloud.url) answered 400 ExpiredTokenException: Token <secret> expired at 1; "
                + "is \(file) still renewed?")
    }

    @Test func `the platform's variable names the token service where the configuration does not`() throws {
        let file = try folder.write("token", "eyJ.web.token")
        let answer = stsAnswer.replacing("AssumeRoleRes", with: "AssumeRoleWithWebIdentityRes")
        cloud.expect(webIdentityQuestion(token: "eyJ.web.token").answering(answer))
        let source = AWSIdentity.Source.webIdentity(roleARN: role, tokenFile: file)
        expectRoleKey(
            try cloud.obtain(
                .aws(AWSIdentity(region: "eu-central-1", source: source)),
                variables: ["AWS_ENDPOINT_URL_STS": cloud.url]))
    }

    @Test func `a variable that names a token service must not send secrets over a network unencrypted`() throws {
        let file = try folder.write("token", "eyJ.web.token")
        let source = AWSIdentity.Source.webIdentity(roleARN: role, tokenFile: file)
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
                identity(.webIdentity(roleARN: role, tokenFile: file)),
                variables: ["AWS_ENDPOINT_URL_STS": "https://sts.invalid"]))
    }

    @Test(arguments: ["", " \n", "two tokens", "line\nbreak"])
    func `a token file without a token is named, not sent`(content: String) throws {
        let file = try folder.write("token", content)
        let outcome = try cloud.obtain(identity(.webIdentity(roleARN: role, tokenFile: file)))
        #expect(outcome.error?.hasPrefix("the token file \(file) holds no token") == true)
    }

    @Test func `a missing token file is named with the system's reason`() throws {
        let outcome = try cloud.obtain(identity(.webIdentity(roleARN: role, tokenFile: "/nowhere/token")))
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

    // MARK: Profiles

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
        let key = AWSCredential(
            accessKeyID: "AKIDEXAMPLE00000",
            secretAccessKey: Secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)), sessionToken: nil)
        cloud.expect(assumeRole(signedBy: key, externalID: "e").answering(stsAnswer))
        expectRoleKey(
            try cloud.obtain(
                identity(.profile("prod")),
                variables: profiles(
                    credentials: Self.ownKey,
                    configuration: "[profile prod]\nrole_arn = \(role)\nexternal_id = e\nsource_profile = base\n")))
    }

    @Test func `a profile that is its own source means its own key`() throws {
        cloud.expect(
            assumeRole(
                signedBy: AWSCredential(
                    accessKeyID: "AKIDEXAMPLE00000",
                    secretAccessKey: Secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)), sessionToken: nil)
            ).answering(stsAnswer))
        let text = Self.ownKey + "role_arn = \(role)\nsource_profile = base\n"
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
            configuration: "[profile prod]\nrole_arn = \(role)\ncredential_source = EcsContainer\n")
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

@Suite struct AWSProfileFileTests {
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
