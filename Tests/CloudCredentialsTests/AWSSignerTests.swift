// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import CloudCredentials

extension AWSSigner {
    /// Signs what is given as text; the lines as text.
    func lines(
        method: String = "POST", host: String, path: String, query: String = "", contentType: String = "",
        body: String = "", headers: [(name: String, value: String)] = [], at unixSeconds: Int64
    ) -> String {
        var lines: [UInt8] = []
        let hash = Array(body.utf8).withUnsafeBytes { SHA256.hash($0) }
        let parts = [path, query, contentType].map { Array($0.utf8) }
        parts[0].withUnsafeBytes { path in
            parts[1].withUnsafeBytes { query in
                parts[2].withUnsafeBytes { contentType in
                    sign(
                        AWSRequest(
                            method: method, host: host, path: path, query: query, contentType: contentType,
                            bodyHash: hash, headers: headers),
                        unixSeconds: unixSeconds, into: &lines)
                }
            }
        }
        return String(decoding: lines, as: UTF8.self)
    }

    var canonicalHash: String {
        var hexadecimal = ByteScratch()
        hexadecimal.append(hexadecimal: SHA256.hash(canonical.bytes))
        return hexadecimal.text
    }
}

extension AWSCredential {
    /// The key of the public examples.
    static func example(token: String? = nil) -> AWSCredential {
        AWSCredential(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)),
            sessionToken: token.map { Secret(Array($0.utf8)) })
    }
}

/// 2015-08-30T12:36:00Z
let exampleTime: Int64 = 1_440_938_160

/// Requests to Bedrock, worked out with another implementation (`provider-wires`, worked SigV4 vectors).
@Suite struct AWSSignerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var host: String
        var path: String
        var service = "bedrock"
        var region = "us-east-1"
        var token: String?
        var canonicalHash: String
        var signature: String
        var testDescription: String { name }
    }

    private static let body = #"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#

    static let cases = [
        Case(
            name: "an escaped colon is escaped again", host: "bedrock-runtime.us-east-1.amazonaws.com",
            path: "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
            canonicalHash: "70063920c38a0ff3e5f2d03983179e180c93a3c260cbe8f3e4d844bf97c892a0",
            signature: "b2d89376425920647b8197be6560da5f53c4d9cc5ac66b56efafa43ba66c9022"),
        Case(
            name: "a plain colon is escaped once", host: "bedrock-runtime.us-east-1.amazonaws.com",
            path: "/model/anthropic.claude-3-haiku-20240307-v1:0/converse",
            canonicalHash: "d8df14c70a6cc79a26e2e02a2de933eb7ac7744a60f08419291b522b7527dfbb",
            signature: "81a602e88508442c4cef48bb53081990c53fb0e804f67717db07fe09990b3b9e"),
        Case(
            name: "a temporary key's token is signed", host: "bedrock-runtime.eu-central-1.amazonaws.com",
            path: "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile"
                + "%2Fabc123def456/converse-stream",
            region: "eu-central-1", token: "FQoGZXIvYXdzEXAMPLETOKEN==",
            canonicalHash: "409add7edb82f5fcad6f7505755e9f1d2a968d14c650f4a19fefb1480da48401",
            signature: "c2dafaa86a86ead20831fda2b1e29529385cb9923b11991cd78dec6184126bb5"),
        Case(
            name: "another service has another key", host: "bedrock-mantle.us-east-1.api.aws",
            path: "/openai/v1/chat/completions", service: "bedrock-mantle",
            canonicalHash: "95f6040575c5d7bb385e23ac01ee854529a8ca000c1f0a6a8d27751a66c8234d",
            signature: "c4df5ec205f2d8050f0af17f4c6f2819f6e27985ffba7e50674f2c1bb4e6d1fb"),
    ]

    private func lines(_ example: Case, _ signer: AWSSigner, at unixSeconds: Int64 = exampleTime) -> String {
        signer.lines(
            host: example.host, path: example.path, contentType: "application/json", body: Self.body, at: unixSeconds)
    }

    private func signer(_ example: Case) -> AWSSigner {
        AWSSigner(credential: .example(token: example.token), region: example.region, service: example.service)
    }

    private func expected(_ example: Case) -> String {
        let token = example.token.map { "X-Amz-Security-Token: \($0)\r\n" } ?? ""
        let tokenName = example.token == nil ? "" : ";x-amz-security-token"
        return "X-Amz-Date: 20150830T123600Z\r\n\(token)Authorization: AWS4-HMAC-SHA256 "
            + "Credential=AKIDEXAMPLE/20150830/\(example.region)/\(example.service)/aws4_request, "
            + "SignedHeaders=content-type;host;x-amz-date\(tokenName), Signature=\(example.signature)\r\n"
    }

    @Test(arguments: cases) func `a worked example comes out`(_ example: Case) {
        let signer = signer(example)
        #expect(lines(example, signer) == expected(example))
        #expect(signer.canonicalHash == example.canonicalHash)
    }

    @Test func `one signer signs request after request, and appends`() {
        let signer = signer(Self.cases[0])
        for example in [Self.cases[0], Self.cases[1], Self.cases[0]] {
            #expect(lines(example, signer) == expected(example))
        }
        var lines = Array("Host: h\r\n".utf8)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        signer.sign(
            AWSRequest(
                method: "GET", host: "h", path: empty, query: empty, contentType: empty, bodyHash: SHA256.hash(empty)),
            unixSeconds: exampleTime, into: &lines)
        #expect(String(decoding: lines, as: UTF8.self).hasPrefix("Host: h\r\nX-Amz-Date: 20150830T123600Z\r\n"))
        #expect(signer.canonical.output.text.hasPrefix("GET\n/\n\nhost:h\n"))
    }

    @Test func `a new day and a new key derive a new signing key, and the old ones come back`() {
        let signer = signer(Self.cases[0])
        let first = lines(Self.cases[0], signer)
        let nextDay = lines(Self.cases[0], signer, at: exampleTime + 86_400)
        #expect(nextDay != first && nextDay.contains("AKIDEXAMPLE/20150831/"))
        let freshNextDay = lines(Self.cases[0], self.signer(Self.cases[0]), at: exampleTime + 86_400)
        #expect(nextDay == freshNextDay)
        signer.credential.secretAccessKey = Secret(Array("another".utf8))
        let other = lines(Self.cases[0], signer)
        #expect(other != first)
        signer.credential = .example()
        #expect(lines(Self.cases[0], signer) == first)
    }

    @Test(arguments: [
        (Int64(0), "19700101T000000Z"), (951_868_799, "20000229T235959Z"), (951_868_800, "20000301T000000Z"),
        (253_402_300_799, "99991231T235959Z"),
    ])
    func `a second is written as AWS writes it`(_ unixSeconds: Int64, _ text: String) {
        var time = AWSTime()
        time.set(unixSeconds)
        #expect(time.text.text == text)
    }

    /// RFC 4231, test cases 1, 2 and 6: keys shorter than a block, short, and longer than a block.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func `HMAC agrees with its standard`(_ key: [UInt8], _ message: String, _ expected: String) {
        var hexadecimal = ByteScratch()
        hexadecimal.append(
            hexadecimal: key.withUnsafeBytes { key in
                Array(message.utf8).withUnsafeBytes { SHA256.authenticate($0, key: key) }
            })
        #expect(hexadecimal.text == expected)
    }

    @Test func `a query is sorted by name, then value, and encoded once`() {
        let signer = signer(Self.cases[0])
        _ = signer.lines(method: "GET", host: "h", path: "/", query: "b=2&a=2&a=1&a-b=&c&%2f=%2F&d=x y&&", at: 0)
        #expect(
            signer.canonical.output.text.split(
                separator: "\n", omittingEmptySubsequences: false)[2] == "%2F=%2F&a=1&a=2&a-b=&b=2&c=&d=x%20y")
    }
}
