// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import ResourceTypes
import Testing

@testable import CloudCredentials

// What AWS's services are asked and answer in tests of sources.

let stsAnswer = """
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

func stsError(_ code: String, _ message: String) -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>"
}

/// The answer of container agents and the instance's service.
let agentAnswer = """
    {"Code": "Success", "AccessKeyId": "ASIAAGENTKEYEXAMPLE0", "SecretAccessKey": "agent/Secret", "Token": "agentToken==",
     "Expiration": "2015-08-30T18:36:00Z", "RoleArn": "r"}
    """

let exampleRole = "arn:aws:iam::123456789012:role/r"
let keyVariables = [
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE00000", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
]

/// The key of `keyVariables`.
let plainKey = AWSCredential(
    accessKeyID: "AKIDEXAMPLE00000", secretAccessKey: Secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)),
    sessionToken: nil)

/// A question that is signed with a key, checked by signing it again.
func assumeRole(signedBy key: AWSCredential, externalID: String? = nil, at time: Int64 = exampleTime)
    -> Question
{
    var question = Question.form(
        "/", ["Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": exampleRole, "RoleSessionName": "isobar"],
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

/// A suite whose sources ask a service in this process that accepts the right questions only.
class AWSSourceSuite {
    let cloud: CloudDouble
    let folder: TemporaryFolder

    init() throws {
        cloud = try CloudDouble()
        folder = try TemporaryFolder()
    }

    func identity(_ source: AWSIdentity.Source, role: AWSIdentity.Role? = nil) -> CloudIdentity {
        .aws(
            AWSIdentity(
                region: "eu-central-1", source: source, role: role, stsURL: cloud.url, metadataURL: cloud.url))
    }

    func expectRoleKey(_ outcome: Outcome) {
        #expect(outcome.error == nil)
        #expect(outcome.key?.accessKeyID == "ASIAROLEKEYEXAMPLE00")
        #expect(outcome.key?.secretAccessKey.text == "role/Secret+Key")
        #expect(outcome.key?.sessionToken?.text == "role//Session+Token==")
        #expect(outcome.life == 3_600)
        #expect(outcome.unasked == 0)
    }

    func expectAgentKey(_ outcome: Outcome) {
        #expect(outcome.error == nil)
        #expect(outcome.key?.accessKeyID == "ASIAAGENTKEYEXAMPLE0")
        #expect(outcome.key?.secretAccessKey.text == "agent/Secret")
        #expect(outcome.key?.sessionToken?.text == "agentToken==")
        #expect(outcome.life == 6 * 3_600)
        #expect(outcome.unasked == 0)
    }
}
