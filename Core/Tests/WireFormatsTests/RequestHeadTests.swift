// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

// Goal: what two HTTP parsers could read differently is refused, and what everybody reads alike is accepted. Each row
// stands beside its opposite (RFC 9110, RFC 9112). The texts are whole heads; `\r\n` is written out because line ends
// are what is tested.

private func head(_ lines: String..., first: String = "POST /v1/chat/completions HTTP/1.1", host: String? = "a")
    -> String
{
    ([first] + (host.map { ["Host: \($0)"] } ?? []) + lines).map { $0 + "\r\n" }.joined() + "\r\n"
}

private func fault(_ text: String) -> HTTPFault? { Parsing.request(text.utf8).fault }

@Suite struct RequestHeadTests {
    @Test func `a typical request is read into its parts`() throws {
        let text = head(
            "Content-Length: 42", "Authorization: Bearer x", first: "POST /v1/chat/completions?api-version=1&x HTTP/1.1"
        )
        let head = try #require(Parsing.request(text.utf8).head)
        #expect(head.method == .post)
        #expect(Parsing.string(head.target, text) == "/v1/chat/completions?api-version=1&x")
        #expect(Parsing.string(head.path, text) == "/v1/chat/completions")
        #expect(Parsing.string(head.query, text) == "api-version=1&x")
        #expect(head.isVersion11 && head.keepsAlive && !head.isChunked && !head.expectsContinue)
        #expect(head.contentLength == 42 && head.fieldCount == 3 && head.headBytes == text.utf8.count)
    }

    @Test func `fields keep their names, values without surrounding space, and whole lines`() {
        let fields = Parsing.fields(head("X-Empty:", "x-two: \t a b \t", "X-Request-ID:1"))
        #expect(fields.map(\.name) == ["Host", "X-Empty", "x-two", "X-Request-ID"])
        #expect(fields.map(\.value) == ["a", "", "a b", "1"])
        #expect(fields.map(\.line) == ["Host: a\r\n", "X-Empty:\r\n", "x-two: \t a b \t\r\n", "X-Request-ID:1\r\n"])
        #expect(fields.map(\.known) == [.host, .other, .other, .requestID])
    }

    @Test func `what follows the head is not looked at`() throws {
        let text = head()
        let parsed = try #require(Parsing.request(Array(text.utf8) + [0, 10, 13, 255]).head)
        #expect(parsed.headBytes == text.utf8.count)
    }

    @Test(arguments: [
        "GET", "PUT", "POST", "HEAD", "PATCH", "DELETE", "OPTIONS", "get", "PURGE", "M-SEARCH",
        String(repeating: "A", count: 32),
    ])
    func `methods are tokens, and case matters`(_ name: String) throws {
        let known: [String: HTTPMethod] = [
            "GET": .get, "PUT": .put, "POST": .post, "HEAD": .head, "PATCH": .patch, "DELETE": .delete,
            "OPTIONS": .options,
        ]
        #expect(
            try #require(Parsing.request(head(first: "\(name) / HTTP/1.1").utf8).head).method == known[name] ?? .other)
    }

    static let badFirstLines: [(String, HTTPFault)] = [
        (" GET / HTTP/1.1", .malformedRequestLine), ("GET  / HTTP/1.1", .malformedRequestLine),
        ("GET\t/ HTTP/1.1", .malformedRequestLine),
        ("GET /  HTTP/1.1", .unsupportedVersion), ("GET / HTTP/1.1 ", .malformedRequestLine),
        ("G\u{0}T / HTTP/1.1", .malformedRequestLine),
        ("G(T / HTTP/1.1", .malformedRequestLine), ("/ HTTP/1.1", .malformedRequestLine), ("GET /", .malformedTarget),
        ("GET", .malformedRequestLine), (String(repeating: "A", count: 33) + " / HTTP/1.1", .methodTooLong),
        ("GET / HTTP/0.9", .unsupportedVersion), ("GET / HTTP/1.2", .unsupportedVersion),
        ("GET / HTTP/2.0", .unsupportedVersion),
        ("GET / http/1.1", .unsupportedVersion), ("GET / HTTP/1.10", .malformedRequestLine),
        ("GET / HTTP/01.1", .unsupportedVersion),
        ("GET / HTTP/1,1", .unsupportedVersion), ("GET / ICE/1.0", .unsupportedVersion),
        ("PRI * HTTP/2.0", .unsupportedVersion),
        ("GET /#a HTTP/1.1", .malformedTarget), ("GET /\u{7F} HTTP/1.1", .malformedTarget),
        ("GET /\u{1} HTTP/1.1", .malformedTarget),
        ("GET /é HTTP/1.1", .malformedTarget), ("GET a HTTP/1.1", .malformedTarget),
        ("GET ftp://a/ HTTP/1.1", .malformedTarget),
        ("GET http:///x HTTP/1.1", .malformedTarget), ("CONNECT a:443 HTTP/1.1", .malformedTarget),
        ("GET * HTTP/1.1", .malformedTarget),
        ("OPTIONS ** HTTP/1.1", .malformedTarget), ("GET /\nHost: b HTTP/1.1", .malformedTarget),
        ("GET / HTTP/1.1\n", .bareLineFeed),
        ("GET / HTTP/1.1\r", .bareCarriageReturn),
    ]

    @Test(arguments: badFirstLines) func `a request line that is not exactly one is refused`(
        _ line: String, _ expected: HTTPFault
    ) {
        #expect(fault(head(first: line)) == expected)
    }

    @Test func `one empty line before a request is skipped, a second is not`() throws {
        #expect(try #require(Parsing.request(("\r\n" + head()).utf8).head).headBytes == head().utf8.count + 2)
        #expect(fault("\r\n\r\n" + head()) == .malformedRequestLine)
        #expect(fault("\n" + head()) == .malformedRequestLine)
        #expect(fault("\rGET / HTTP/1.1\r\n") == .bareCarriageReturn)
    }

    // MARK: Lines and names

    static let badLines: [(String, HTTPFault)] = [
        ("Name : v", .spaceBeforeColon), ("Name\t: v", .spaceBeforeColon), (" Name: v", .foldedLine),
        ("\tName: v", .foldedLine),
        ("A: b\r\n folded", .foldedLine), ("A: b\r\n\tfolded", .foldedLine), (": v", .malformedFieldName),
        ("Name", .malformedFieldName),
        ("Na me: v", .spaceBeforeColon), ("Na(me: v", .malformedFieldName), ("Na\u{0}me: v", .malformedFieldName),
        ("Näme: v", .malformedFieldName),
        ("Na\"me: v", .malformedFieldName), ("A: b\nC: d", .bareLineFeed), ("A: b\rC: d", .bareCarriageReturn),
        ("A: b\r\r", .bareCarriageReturn),
        ("A: b\u{0}c", .malformedFieldValue), ("A: b\u{1}c", .malformedFieldValue),
        ("A: b\u{7F}c", .malformedFieldValue),
        ("A: b\u{B}c", .malformedFieldValue), ("A\nB: c", .bareLineFeed), ("\nA: c", .bareLineFeed),
        ("\rA: c", .bareCarriageReturn),
    ]

    @Test(arguments: badLines) func `a header line with a second reading is refused`(
        _ line: String, _ expected: HTTPFault
    ) {
        #expect(fault(head(line)) == expected)
        #expect(fault(head(line, host: nil)) == expected, "as the first line")
    }

    @Test(arguments: ["A:b", "A: \tb\t ", "!#$%&'*+-.^_`|~09aZ: v", "A: caf\u{E9}", "A: \"q,(;\"", "A: b\tc", "A:"])
    func `a header line with one reading is accepted`(_ line: String) {
        #expect(Parsing.request(head(line).utf8).head != nil)
    }

    // MARK: Framing

    static let badFraming: [(String, HTTPFault)] = [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndTransferEncoding),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", .lengthAndTransferEncoding),
        ("Content-Length: 5\r\nContent-Length: 6", .duplicateContentLength),
        ("Content-Length: 5\r\ncontent-length: 5", .duplicateContentLength),
        ("Content-Length: 5, 5", .malformedContentLength), ("Content-Length: +5", .malformedContentLength),
        ("Content-Length: -5", .malformedContentLength), ("Content-Length: 0x5", .malformedContentLength),
        ("Content-Length: 5_0", .malformedContentLength), ("Content-Length: 5 0", .malformedContentLength),
        ("Content-Length: 5.0", .malformedContentLength), ("Content-Length:", .malformedContentLength),
        ("Content-Length: 9223372036854775808", .malformedContentLength),
        ("Content-Length: 1000000000000000000", .malformedContentLength),
        ("Content-Length: \u{661}", .malformedContentLength),
        ("Transfer-Encoding: identity", .unsupportedTransferEncoding),
        ("Transfer-Encoding: gzip, chunked", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked, identity", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked, chunked", .unsupportedTransferEncoding),
        ("Transfer-Encoding: xchunked", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked;q=1", .unsupportedTransferEncoding),
        ("Transfer-Encoding: \"chunked\"", .unsupportedTransferEncoding),
        ("Transfer-Encoding:", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked,", .unsupportedTransferEncoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .unsupportedTransferEncoding),
        ("Transfer-Encoding: \u{B}chunked", .malformedFieldValue),
    ]

    @Test(arguments: badFraming) func `a body whose end is in doubt is refused`(_ lines: String, _ expected: HTTPFault)
    {
        #expect(fault(head(lines)) == expected)
    }

    @Test(arguments: [("0", Int64(0)), ("5", 5), ("0005", 5), ("999999999999999999", 999_999_999_999_999_999)])
    func `a length of decimal digits is accepted`(_ text: String, _ expected: Int64) throws {
        #expect(try #require(Parsing.request(head("Content-Length: \(text)").utf8).head).contentLength == expected)
    }

    @Test(arguments: ["chunked", "Chunked", " \tCHUNKED\t "]) func `chunked alone is accepted in any case`(
        _ value: String
    ) throws {
        let parsed = try #require(Parsing.request(head("Transfer-Encoding:\(value)").utf8).head)
        #expect(parsed.isChunked && parsed.contentLength == -1)
    }

    @Test func `HTTP/1.0 has no transfer encoding`() {
        #expect(fault(head("Transfer-Encoding: chunked", first: "POST / HTTP/1.0")) == .transferEncodingOnHTTP10)
        #expect(Parsing.request(head("Content-Length: 1", first: "POST / HTTP/1.0").utf8).head != nil)
    }

    // MARK: Host

    static let badHosts = [
        "", "a b", "a/b", "user@a", "a:b", "a:123456", "a,b", "[", "[]", "[::1", "::1", "a]", "http://a", "a?b",
        "\u{E9}",
    ]

    @Test(arguments: badHosts) func `a host that is none is refused`(_ host: String) {
        #expect(fault(head(host: host)) == .malformedHost)
    }

    @Test(arguments: [
        "a", "A.example.com", "a:", "a:80", "a:65535", "127.0.0.1:8080", "[::1]", "[::1]:8080", "a_b",
        String(repeating: "h", count: 261),
    ])
    func `a host with an optional port is accepted`(_ host: String) {
        #expect(Parsing.request(head(host: host).utf8).head != nil)
    }

    @Test func `HTTP/1.1 needs exactly one host, HTTP/1.0 at most one`() {
        #expect(fault(head(host: nil)) == .missingHost)
        #expect(fault(head("Host: a")) == .duplicateHost)
        #expect(fault(head("Host: a", first: "GET / HTTP/1.0")) == .duplicateHost)
        #expect(Parsing.request(head(first: "GET / HTTP/1.0", host: nil).utf8).head != nil)
        #expect(fault(head(host: String(repeating: "h", count: 262))) == .malformedHost)
    }

    @Test func `an absolute target names the host that Host names`() throws {
        let text = head(first: "GET http://a/b?c HTTP/1.1")
        let parsed = try #require(Parsing.request(text.utf8).head)
        #expect(Parsing.string(parsed.path, text) == "/b" && Parsing.string(parsed.query, text) == "c")
        #expect(fault(head(first: "GET http://b/ HTTP/1.1")) == .hostMismatch)
        #expect(fault(head(first: "GET http://a:80/ HTTP/1.1")) == .hostMismatch)
        #expect(fault(head(first: "GET http://u@a/ HTTP/1.1")) == .malformedTarget)
        #expect(fault(head(first: "GET http://u@a/ HTTP/1.0", host: nil)) == .malformedTarget)
        #expect(Parsing.request(head(first: "GET https://a:80?x HTTP/1.1", host: "a:80").utf8).head != nil)
    }

    @Test func `an asterisk is a target of OPTIONS alone`() throws {
        let text = head(first: "OPTIONS * HTTP/1.1")
        #expect(Parsing.string(try #require(Parsing.request(text.utf8).head).path, text) == "*")
        #expect(fault(head(first: "POST * HTTP/1.1")) == .malformedTarget)
    }

    // MARK: Connection

    static let protected = [
        "content-length", "Host", "close, authorization", "x,\tTransfer-Encoding ", "api-key", "X-API-Key", "cookie",
    ]

    @Test(arguments: protected) func `Connection cannot name a field that frames, addresses or authorises`(
        _ value: String
    ) {
        #expect(fault(head("Connection: \(value)")) == .protectedConnectionOption)
    }

    @Test func `whether the connection goes on follows version and options`() {
        let rows: [(String, String, Bool)] = [
            ("1.1", "", true), ("1.1", "close", false), ("1.1", "Close", false), ("1.1", "keep-alive", true),
            ("1.1", "keep-alive, close", false),
            ("1.1", "close, keep-alive", false), ("1.1", "closed", true), ("1.1", "upgrade", true), ("1.0", "", false),
            ("1.0", "keep-alive", true),
            ("1.0", "close, keep-alive", false), ("1.0", "keep-alive,close", false), ("1.1", ",, close ,", false),
        ]
        for (version, value, expected) in rows {
            let text = head("Connection: \(value)", first: "GET / HTTP/\(version)")
            #expect(Parsing.request(text.utf8).head?.keepsAlive == expected, "HTTP/\(version), \(value)")
        }
    }

    @Test func `the only expectation that can be met is 100-continue`() {
        #expect(Parsing.request(head("Expect: 100-Continue").utf8).head?.expectsContinue == true)
        #expect(
            Parsing.request(head("Expect: 100-continue", first: "POST / HTTP/1.0").utf8).head?.expectsContinue == false)
        #expect(fault(head("Expect: 200-ok")) == .unsupportedExpectation)
        #expect(fault(head("Expect:")) == .unsupportedExpectation)
    }

    // MARK: Limits

    @Test func `a target is accepted up to its limit`() {
        let limits = HTTPLimits(targetBytesMax: 16)
        let longest = "/" + String(repeating: "t", count: 15)
        #expect(Parsing.request(head(first: "GET \(longest) HTTP/1.1").utf8, limits: limits).head != nil)
        #expect(Parsing.request(head(first: "GET \(longest)t HTTP/1.1").utf8, limits: limits).fault == .targetTooLong)
        #expect(
            Parsing.request("GET \(longest)t".utf8, limits: limits).fault == .targetTooLong, "before the target ends")
    }

    @Test func `a head is accepted up to its limit, whole or not`() {
        let text = head("X: 1")
        #expect(Parsing.request(text.utf8, limits: HTTPLimits(headBytesMax: text.utf8.count)).head != nil)
        #expect(
            Parsing.request(text.utf8, limits: HTTPLimits(headBytesMax: text.utf8.count - 1)).fault == .headTooLarge)
        let cut = text.utf8.dropLast(3)
        #expect(Parsing.request(cut, limits: HTTPLimits(headBytesMax: cut.count)).isIncomplete)
        #expect(Parsing.request(cut, limits: HTTPLimits(headBytesMax: cut.count - 1)).fault == .headTooLarge)
    }

    @Test func `fields are accepted up to their limit`() {
        let text = head("A: 1", "B: 2")
        #expect(Parsing.request(text.utf8, limits: HTTPLimits(fieldsMax: 3)).head?.fieldCount == 3)
        #expect(Parsing.request(text.utf8, limits: HTTPLimits(fieldsMax: 2)).fault == .tooManyFields)
        let short = Parsing.withFields(capacity: 2) { fields in
            Array(text.utf8).withUnsafeBytes { HTTPParser.requestHead($0, fields: fields, limits: HTTPLimits()) }
        }
        #expect(short.fault == .tooManyFields, "storage smaller than the limit is a limit too")
    }

    @Test func `every beginning of a good head is incomplete`() {
        let text = head(
            "Connection: keep-alive", "Expect: 100-continue", "Transfer-Encoding: chunked",
            first: "\r\nPOST http://a/b?c HTTP/1.1")
        for count in 0..<text.utf8.count {
            #expect(Parsing.request(text.utf8.prefix(count)).isIncomplete, "first \(count) bytes")
        }
    }

    @Test(arguments: badFraming.map(\.0) + badLines.map(\.0))
    func `a refused head is refused alike however much of it has come`(_ lines: String) {
        let text = Array(head(lines).utf8)
        let whole = Parsing.request(text).fault
        for count in text.indices {
            let early = Parsing.request(text.prefix(count))
            #expect(early.isIncomplete || early.fault == whole, "first \(count) bytes")
        }
    }

    @Test func `faults say what to answer`() {
        let statuses: [(HTTPFault, UInt16)] = [
            (.malformedRequestLine, 400), (.lengthAndTransferEncoding, 400), (.targetTooLong, 414),
            (.unsupportedExpectation, 417),
            (.headTooLarge, 431), (.tooManyFields, 431), (.unsupportedTransferEncoding, 501),
            (.unsupportedVersion, 505),
        ]
        for (fault, status) in statuses { #expect(fault.status == status) }
    }
}
