// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing
import WireFormats

/// What we make of bytes on one connection.
private enum Verdict: Equatable, CustomStringConvertible {
    /// Nothing is wrong; the last message may be unfinished.
    case accepted
    case refused(HTTPFault)
    /// The last message said that the connection ends, and something follows.
    case bytesAfterClose

    var description: String {
        switch self {
        case .accepted: "accepted"
        case .refused(let fault): "\(fault)"
        case .bytesAfterClose: "bytesAfterClose"
        }
    }
}

/// Reads a connection's bytes message by message, as a server or a client would.
private struct Connection {
    private var rest: [UInt8]
    private let block: MessageBlock

    init(_ block: MessageBlock) {
        self.block = block
        rest = block.bytes
    }

    mutating func verdict() -> Verdict {
        while !rest.isEmpty {
            guard let verdict = block.type.hasPrefix("request") ? request() : response() else { continue }
            return verdict
        }
        return .accepted
    }

    /// - Returns: `nil` when the message is complete and the next may follow.
    private mutating func request() -> Verdict? {
        switch Parsing.request(rest) {
        case .incomplete: return .accepted
        case .fault(.missingHost): return withHost()
        case .fault(let fault): return .refused(fault)
        case .complete(let head):
            rest.removeFirst(head.headBytes)
            return body(
                head.isChunked ? .chunked : head.contentLength > 0 ? .length(head.contentLength) : .none,
                head.keepsAlive)
        }
    }

    /// Most of the suite's requests lack the Host that HTTP/1.1 demands. They get one, so that the rest of them is
    /// judged.
    private mutating func withHost() -> Verdict? {
        let start = rest.starts(with: [13, 10]) ? 2 : 0
        guard let end = rest[start...].firstIndex(of: 10) else { return .refused(.missingHost) }
        rest.insert(contentsOf: Array("Host: h\r\n".utf8), at: end + 1)
        return nil
    }

    private mutating func response() -> Verdict? {
        switch Parsing.response(rest) {
        case .incomplete: return .accepted
        case .fault(let fault): return .refused(fault)
        case .complete(let head):
            rest.removeFirst(head.headBytes)
            return body(head.bodyFraming(requestWasHead: block.skipsBody), head.keepsAlive)
        }
    }

    private mutating func body(_ framing: BodyFraming, _ keepsAlive: Bool) -> Verdict? {
        switch framing {
        case .none: break
        case .untilClose: return .accepted
        case .length(let length):
            guard length <= rest.count else { return .accepted }
            rest.removeFirst(Int(length))
        case .chunked: if let verdict = chunks() { return verdict }
        }
        // An upgrade is a pause to llhttp, not an error; what follows is another protocol.
        if block.errorCode == 22 || block.errorCode == 23 { return .accepted }
        return keepsAlive || rest.isEmpty ? nil : .bytesAfterClose
    }

    private mutating func chunks() -> Verdict? {
        var decoder = ChunkedDecoder()
        var offset = 0
        let verdict: Verdict? = rest.withUnsafeBytes { raw in
            while true {
                switch decoder.next(raw, from: &offset) {
                case .data: continue
                case .needMore: return .accepted
                case .end: return nil
                case .fault(let fault): return .refused(fault)
                }
            }
        }
        rest.removeFirst(offset)
        return verdict
    }
}

/// The suite of llhttp 9.4.2 (nodejs/llhttp, MIT). Blocks that need lenient flags are not compared: we have none.
@Suite(.enabled(if: Vectors.areThere("llhttp"))) struct MessageVectorTests {
    /// Where we differ on purpose: what we say, why, and of which blocks.
    private static let differences: [(verdict: Verdict, reason: String, blocks: [String])] = [
        (
            .refused(.malformedTarget), "a gateway is no proxy: CONNECT's authority form is refused",
            ["request/method.md#2", "request/method.md#3", "request/method.md#4", "request/uri.md#9"]
        ),
        (
            .refused(.malformedTarget), "an asterisk is a target of OPTIONS alone (RFC 9112 section 3.2.4)",
            ["request/method.md#5", "request/method.md#15"]
        ),
        (
            .refused(.malformedTarget), "fragments and user information do not belong in a target",
            [
                "request/transfer-encoding.md#20", "request/transfer-encoding.md#21", "request/uri.md#8",
                "request/uri.md#10",
            ]
        ),
        (.refused(.malformedTarget), "HTTP/0.9 is not spoken", ["request/sample.md#10"]),
        (
            .refused(.unsupportedVersion), "only HTTP/1.1 and HTTP/1.0 are spoken",
            [
                "request/method.md#12", "request/method.md#13", "request/method.md#14", "response/sample.md#2",
                "response/sample.md#3",
                "response/sample.md#18",
            ]
        ),
        (
            .refused(.unsupportedVersion), "a response begins with its status line, not with an empty line",
            [
                "response/connection.md#15", "response/connection.md#17", "response/pipelining.md#1",
                "response/sample.md#20",
            ]
        ),
        (
            .refused(.malformedRequestLine), "one empty line may stand before a request, not two",
            ["request/connection.md#5"]
        ),
        (
            .refused(.malformedHost), "a port follows a colon, not an equals sign",
            ["request/sample.md#3", "request/sample.md#4"]
        ),
        (
            .refused(.hostMismatch),
            "an absolute target must name the host that Host names, here the one that the test puts in",
            ["request/uri.md#3", "request/uri.md#4", "request/uri.md#6"]
        ),
        (
            .refused(.unsupportedTransferEncoding), "chunked is the only coding, once, in responses too",
            ["response/transfer-encoding.md#2", "response/transfer-encoding.md#3", "response/transfer-encoding.md#4"]
        ),
        (
            .accepted,
            "nothing is wrong so far: a field counts when the byte after its line has come, and then it is refused",
            ["request/content-length.md#3", "request/content-length.md#4"]
        ),
        (
            .accepted, "methods are tokens that the endpoint knows, not a list of ours",
            ["request/invalid.md#4", "request/invalid.md#14"]
        ),
        (
            .accepted,
            "chunk extensions are bounded and dropped, their grammar is not read; line ends inside them are refused as anywhere",
            [
                "request/transfer-encoding.md#9", "request/transfer-encoding.md#11", "response/transfer-encoding.md#7",
                "response/transfer-encoding.md#9",
            ]
        ),
    ]

    /// Errors that are none: the bytes end inside a message; pauses for CONNECT and for an upgrade.
    private static let notErrors = [14, 22, 23]

    @Test func `what is accepted and refused agrees with llhttp but for the listed differences`() {
        let blocks = MessageBlock.all()
        #expect(blocks.count == 251, "blocks are missing")
        let listed = Dictionary(
            uniqueKeysWithValues: Self.differences.flatMap { row in row.blocks.map { ($0, row.verdict) } })
        var differing: Set<String> = []
        for block in blocks where !block.type.contains("lenient") {
            var connection = Connection(block)
            let verdict = connection.verdict()
            let isRefused = block.errorCode.map { !Self.notErrors.contains($0) } ?? false
            guard isRefused == (verdict == .accepted) else { continue }
            differing.insert(block.name)
            #expect(listed[block.name] == verdict, "\(block.name), error \(block.errorCode ?? 0)")
        }
        #expect(Set(listed.keys) == differing, "a listed difference is none")
    }

    @Test func `a field that was refused late is refused in the end`() {
        for block in MessageBlock.all()
        where ["request/content-length.md#3", "request/content-length.md#4"].contains(block.name) {
            #expect(Parsing.request(block.bytes + Array("Host: h\r\n\r\n".utf8)).fault != nil)
        }
    }
}
