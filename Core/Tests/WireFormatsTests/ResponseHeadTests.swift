// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func head(_ lines: String..., first: String = "HTTP/1.1 200 OK") -> String {
    ([first] + lines).map { $0 + "\r\n" }.joined() + "\r\n"
}

private func fault(_ text: String) -> HTTPFault? { Parsing.response(text.utf8).fault }

@Suite struct ResponseHeadTests {
    @Test func `a typical response is read into its parts`() throws {
        let text = head("Content-Length: 42", "Date: Wed, 21 Oct 2026 07:28:00 GMT")
        let head = try #require(Parsing.response(text.utf8).head)
        #expect(head.status == 200 && head.isVersion11 && head.keepsAlive && !head.isChunked)
        #expect(head.contentLength == 42 && head.fieldCount == 2 && head.headBytes == text.utf8.count)
    }

    @Test(arguments: [
        "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 OK OK", "HTTP/1.1 200 caf\u{E9}\t", "HTTP/1.0 200 OK",
        "HTTP/1.1 100 Continue", "HTTP/1.1 999 ?",
    ]) func `a status line may lack its reason`(_ line: String) {
        #expect(Parsing.response(head(first: line).utf8).head != nil)
    }

    static let badFirstLines: [(String, HTTPFault)] = [
        ("HTTP/1.1 20 OK", .malformedStatusLine), ("HTTP/1.1 2000 OK", .malformedStatusLine),
        ("HTTP/1.1 099 OK", .malformedStatusLine),
        ("HTTP/1.1 2x0 OK", .malformedStatusLine), ("HTTP/1.1 +20 OK", .malformedStatusLine),
        ("HTTP/1.1 200OK", .malformedStatusLine),
        ("HTTP/1.1  200 OK", .malformedStatusLine), ("HTTP/1.1\t200 OK", .malformedStatusLine),
        ("HTTP/1.1", .malformedStatusLine),
        ("HTTP/2 200", .unsupportedVersion), ("HTTP/1.2 200 OK", .unsupportedVersion),
        ("http/1.1 200 OK", .unsupportedVersion),
        ("ICY 200 OK", .unsupportedVersion), ("\r\nHTTP/1.1 200 OK", .unsupportedVersion),
        ("HTTP/1.1 200 O\u{0}K", .malformedStatusLine),
        ("HTTP/1.1 200 OK\n", .bareLineFeed), ("HTTP/1.1 200 OK\r", .bareCarriageReturn),
        ("HTTP/1.1 200\n", .bareLineFeed),
    ]

    @Test(arguments: badFirstLines) func `a status line that is not exactly one is refused`(
        _ line: String, _ expected: HTTPFault
    ) {
        #expect(fault(head(first: line)) == expected)
    }

    @Test(arguments: [
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", HTTPFault.lengthAndTransferEncoding),
        ("Content-Length: 1\r\nContent-Length: 2", .duplicateContentLength),
        ("Content-Length: 1,1", .malformedContentLength),
        ("Transfer-Encoding: gzip", .unsupportedTransferEncoding), ("A: b\r\n c", .foldedLine),
        ("A : b", .spaceBeforeColon),
        ("A: b\nC: d", .bareLineFeed),
    ]) func `an answer whose end is in doubt is refused`(_ lines: String, _ expected: HTTPFault) {
        #expect(fault(head(lines)) == expected)
    }

    @Test func `hosts and expectations mean nothing in a response`() {
        #expect(Parsing.response(head("Expect: anything", "Host: a b", "Host: c").utf8).head != nil)
    }

    @Test func `the body's end follows status, request method and fields`() throws {
        let rows: [(String, String, Bool, BodyFraming)] = [
            ("200", "Content-Length: 7", false, .length(7)), ("200", "Transfer-Encoding: chunked", false, .chunked),
            ("200", "X: y", false, .untilClose), ("200", "Content-Length: 0", false, .length(0)),
            ("200", "Content-Length: 7", true, .none),
            ("204", "Content-Length: 7", false, .none), ("304", "Transfer-Encoding: chunked", false, .none),
            ("103", "X: y", false, .none),
            ("205", "Content-Length: 0", false, .length(0)), ("500", "X: y", false, .untilClose),
            ("500", "X: y", true, .none),
        ]
        for (status, line, wasHead, expected) in rows {
            let head = try #require(Parsing.response(head(line, first: "HTTP/1.1 \(status) x").utf8).head)
            #expect(head.bodyFraming(requestWasHead: wasHead) == expected, "\(status), \(line), HEAD: \(wasHead)")
        }
    }

    @Test func `every beginning of a good head is incomplete`() {
        let text = head("Connection: keep-alive", "Content-Length: 3", "X: ")
        for count in 0..<text.utf8.count {
            #expect(Parsing.response(text.utf8.prefix(count)).isIncomplete, "first \(count) bytes")
        }
    }

    @Test func `a head is accepted up to its limit`() {
        let text = head("X: 1")
        #expect(Parsing.response(text.utf8, limits: HTTPLimits(headBytesMax: text.utf8.count)).head != nil)
        #expect(
            Parsing.response(text.utf8, limits: HTTPLimits(headBytesMax: text.utf8.count - 1)).fault == .headTooLarge)
    }
}
