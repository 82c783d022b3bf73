// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Testing

@testable internal import Loopback

private func parse(_ text: String) -> MessageHead.Parse { Array(text.utf8).withUnsafeBytes { MessageHead.parse($0) } }

@Suite struct MessageHeadTests {
    @Test func `a head ends at the empty line and no byte earlier`() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n"
        #expect(
            parse(head + "body")
                == .complete(MessageHead(count: head.utf8.count, framing: .length(12), keepsAlive: true)))
        for count in 0..<head.utf8.count {
            #expect(parse(String(decoding: head.utf8.prefix(count), as: UTF8.self)) == .incomplete, "\(count) bytes")
        }
    }

    @Test(arguments: [
        ("transfer-encoding: chunked", BodyFraming.chunked, true), ("CONTENT-LENGTH:\t7 ", .length(7), true),
        ("Connection: Close", .unstated, false),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3", .chunked, true),
    ])
    func `framing and keep-alive are read in any case and spacing`(
        fields: String, framing: BodyFraming, keepsAlive: Bool
    ) {
        guard case .complete(let head) = parse("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n") else {
            Issue.record("not complete")
            return
        }
        #expect(head.framing == framing && head.keepsAlive == keepsAlive)
    }

    @Test(arguments: ["Content-Length: 1x", "Content-Length: ", "Transfer-Encoding: gzip"])
    func `a framing that cannot be followed is malformed`(field: String) {
        #expect(parse("HTTP/1.1 200 OK\r\n\(field)\r\n\r\n") == .malformed)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK", 200), ("HTTP/1.0 404 X", 404), ("HTTP/2 200", nil), ("HTTP/1.1 20", nil),
        ("HTTP/1.1 abc", nil),
    ])
    func `the status is three digits after the version`(line: String, status: Int?) {
        #expect(Array(line.utf8).withUnsafeBytes { MessageHead.status($0) } == status)
    }
}
