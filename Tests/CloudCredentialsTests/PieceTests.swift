// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import ResourceTypes
import Testing

@testable import CloudCredentials

@Suite struct ServiceURLTests {
    @Test(arguments: [
        ("https://sts.eu-central-1.amazonaws.com", "sts.eu-central-1.amazonaws.com", 443, "/"),
        ("HTTPS://Login.Example:8443/a/b?c=d", "login.example:8443", 8443, "/a/b?c=d"),
        ("http://127.0.0.1:80/x", "127.0.0.1", 80, "/x"), ("http://[::1]:8080", "[::1]:8080", 8080, "/"),
        ("http://localhost?x", "localhost", 80, "/?x"), ("http://169.254.169.254", "169.254.169.254", 80, "/"),
    ])
    func `an address is taken apart`(_ text: String, _ authority: String, _ port: UInt16, _ target: String) throws {
        let url = try ServiceURL(text, from: "it")
        #expect(url.authority == authority && url.port == port && url.target == target)
    }

    @Test(arguments: [
        "", "sts.example", "ftp://h", "https://", "https://:443", "https://h:0", "https://h:65536", "https://h:+1",
        "https://user:pass@h", "https://h/#f", "https://h /", "https://h\r\nX: y", "https://[::1", "https://h_é",
        "http://h", "http://10.0.0.1", "http://127.0.0.1.evil.example", "http://127.evil.example", "http://169.254.1",
    ])
    func `an address that cannot or must not be used is refused`(_ text: String) {
        #expect(throws: CredentialError.self) { try ServiceURL(text, from: "it") }
    }

    @Test func `a path goes below the base's, a query does not get into messages`() throws {
        let base = try ServiceURL("https://h/base/", from: "it")
        let url = base.appending(path: "/a", query: "secret=x")
        #expect(url.target == "/base/a?secret=x" && url.description == "https://h/base/a")
    }
}

@Suite struct XMLTextsTests {
    private static let document = """
        <?xml version="1.0"?><!-- note --><a x="1>2" y='"'>
          <b>first &amp; &lt;&#233;&#x1F600;&gt;</b><b>second</b><c/><d><e>x<!-- in -->y</e></d></a>
        """

    @Test func `texts are found by path`() {
        let texts = XMLTexts(parsing: Array(Self.document.utf8))
        #expect(texts?["a/b"] == "first & <é😀>")
        #expect(texts?["a/c"] == "" && texts?["a/d/e"] == "xy")
        #expect(texts?["a/f"] == nil && texts?["b"] == nil)
    }

    @Test func `no part of a document is a document`() {
        let bytes = Array(Self.document.utf8)
        for count in 0..<bytes.count { #expect(XMLTexts(parsing: Array(bytes[..<count])) == nil, "\(count)") }
    }

    @Test func `no byte of a document can be changed into a trap`() {
        let bytes = Array(Self.document.utf8)
        for index in bytes.indices {
            for byte in "<>&;/!?\"'= \0\u{7F}".utf8 {
                var changed = bytes
                changed[index] = byte
                _ = XMLTexts(parsing: changed)
            }
        }
    }

    @Test(arguments: [
        "<a></b>", "<a>", "</a>", "<a/><b/>", "text", "<a/>text", "<a>&nbsp;</a>", "<a>&</a>", "<a>&#xD800;</a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a><![CDATA[x]]></a>", "<a x=\"></a>", "< a></a>",
    ])
    func `what is malformed or not understood is refused`(_ text: String) {
        #expect(XMLTexts(parsing: Array(text.utf8)) == nil)
    }

    @Test func `depth and number of elements are limited`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(XMLTexts(parsing: Array(nested(16).utf8)) != nil)
        #expect(XMLTexts(parsing: Array(nested(17).utf8)) == nil)
        func wide(_ count: Int) -> String { "<a>" + String(repeating: "<b/>", count: count - 1) + "</a>" }
        #expect(XMLTexts(parsing: Array(wide(512).utf8)) != nil)
        #expect(XMLTexts(parsing: Array(wide(513).utf8)) == nil)
    }
}

@Suite struct TokenAnswerTests {
    private func refusal(_ status: Int, _ body: String, fields: HTTPFields = [:]) throws -> CredentialError {
        let answer = TokenAnswer(
            request: TokenRequest(method: "GET", url: try ServiceURL("https://h/t", from: "it")), status: status,
            fields: fields, body: Array(body.utf8), receivedAtUnixSeconds: exampleTime)
        return try #require(
            throws: CredentialError.self
        ) { _ = try answer.accepted(hints: [("E2", "mend it")]) }
    }

    @Test(arguments: [
        ("", ""), ("<html>sorry</html>", ""), (#"{"error":"E1","error_description":"d"}"#, " E1: d"),
        (#"{"error":{"code":400,"message":"m","status":"S"}}"#, " S: m"), (#"{"Code":"C","Message":"m"}"#, " C: m"),
        (#"{"code":"C","message":"m\u0000\n"}"#, " C: m  "), ("[1]", ""), (#"{"error":7}"#, ""),
    ])
    func `an error says what the service says, whatever it speaks`(_ body: String, _ words: String) throws {
        #expect(try refusal(400, body).description == "GET https://h/t answered 400\(words)")
    }

    @Test func `a hint is chosen by what the service says`() throws {
        #expect(try refusal(400, #"{"error":"x","error_description":"see E2"}"#).hint == "mend it")
    }

    @Test func `a long text is cut`() throws {
        let long = String(repeating: "x", count: 1_000)
        #expect(try refusal(400, #"{"error":"\#(long)"}"#).message.utf8.count == 329)
    }

    @Test(arguments: [
        (400, true), (401, true), (403, true), (404, true), (302, true), (408, false), (425, false), (429, false),
        (500, false), (503, false),
    ])
    func `what waiting can mend is told from what it cannot`(_ status: Int, _ isLasting: Bool) throws {
        #expect(try refusal(status, "").isLasting == isLasting)
    }

    @Test func `an issuer that AWS could not reach is worth another try`() throws {
        let body = "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>"
        #expect(try !refusal(400, body).isLasting)
    }

    @Test(arguments: [("7", 7), ("0", 0), ("-1", nil), ("soon", nil), ("86401", nil)])
    func `a wait that the service asks for is passed on`(_ text: String, _ seconds: Int64?) throws {
        #expect(try refusal(429, "", fields: ["retry-after": text]).retryAfter == seconds.map { .seconds($0) })
    }
}

@Suite struct EncodingTests {
    @Test func `a form keeps unreserved characters only`() throws {
        let request = TokenRequest.form(
            try ServiceURL("https://h", from: "it"),
            [("a", "b c&d=e+~-._/"), ("s", .secret(Secret(Array("ü%".utf8))))])
        #expect(String(decoding: request.body, as: UTF8.self) == "a=b%20c%26d%3De%2B~-._%2F&s=%C3%BC%25")
        #expect(request.confidential.map(\.text) == ["ü%"])
    }
}
