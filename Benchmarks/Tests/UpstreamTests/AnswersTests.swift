// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FoundationEssentials
internal import Loopback
internal import Testing

@testable internal import bench_upstream

/// Any JSON; only whether it is JSON matters.
private struct AnyJSON: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: Name.self) {
            for name in members.allKeys { _ = try members.decode(AnyJSON.self, forKey: name) }
        } else if var elements = try? decoder.unkeyedContainer() {
            while !elements.isAtEnd { _ = try elements.decode(AnyJSON.self) }
        }
    }

    static func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
        (try? JSONDecoder().decode(AnyJSON.self, from: Data(bytes))) != nil
    }
}

/// Sent with the number 42 at nanosecond 7.
private func stamped(_ template: Template) -> [UInt8] {
    Array("0000000000000042".utf8).withUnsafeBytes { Array(template.stamp(number: $0, at: 7)) }
}

/// The content of an HTTP answer's chunks, one after the other; `nil` unless head and chunks are all there is.
private func chunks(_ bytes: [UInt8]) -> [[UInt8]]? {
    var rest = bytes[...]
    var chunks: [[UInt8]] = []
    while !rest.isEmpty {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\r")),
            let count = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16),
            end + 4 + count <= rest.endIndex
        else { return nil }
        if count > 0 { chunks.append(Array(rest[(end + 2)..<(end + 2 + count)])) }
        rest = rest[(end + 4 + count)...]
    }
    return chunks
}

@Suite struct AnswersTests {
    private let answers = Answers(model: "bench-model")
    private static let stamp = " answer-0000000000000042@000000000000000007"

    @Test(arguments: [Wire.chat, .messages, .converse, .generateContent])
    func `a whole answer is JSON of the length its head states and ends its text with the number`(wire: Wire) {
        let bytes = stamped(answers[wire].whole)
        guard case .complete(let head) = bytes.withUnsafeBytes({ MessageHead.parse($0) }) else {
            Issue.record("no head")
            return
        }
        let body = bytes[head.count...]
        #expect(head.framing == .length(body.count))
        #expect(AnyJSON.accepts(body))
        #expect(String(decoding: body, as: UTF8.self).contains(#"\nanswer-0000000000000042""#))
    }

    @Test(arguments: [Wire.chat, .messages, .generateContent])
    func `every event of a stream is a chunk of its own with JSON in it`(wire: Wire) throws {
        for bytes in try [opening(wire), stamped(answers[wire].text), stamped(answers[wire].finishWithUsage)] {
            for chunk in try #require(chunks(bytes)) {
                let event = String(decoding: chunk, as: UTF8.self)
                let data = try #require(event.split(whereSeparator: \.isNewline).last { $0.hasPrefix("data: ") })
                #expect(data == "data: [DONE]" || AnyJSON.accepts(data.dropFirst(6).utf8), "\(event)")
                #expect(event.hasSuffix("\n\n") || event.hasSuffix("\r\n\r\n"))
            }
        }
    }

    @Test(arguments: [Wire.chat, .messages, .converse, .generateContent])
    func `a text carries number and send time, and the first leaves with the head`(wire: Wire) throws {
        let text = stamped(answers[wire].text)
        #expect(String(decoding: text, as: UTF8.self).contains(Self.stamp))
        let last = try #require(chunks(opening(wire))?.last)
        #expect([last] == chunks(text))
    }

    @Test func `a stream of Messages has Anthropic's events in Anthropic's order`() throws {
        let answers = answers[.messages]
        let all = try chunks(opening(.messages) + stamped(answers.text) + stamped(answers.finish)) ?? []
        let names = all.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }.dropFirst(7), as: UTF8.self) }
        #expect(
            names == [
                "message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta",
                "content_block_stop", "message_delta", "message_stop",
            ])
    }

    @Test func `a stream of Converse has frames whose checksums hold after stamping`() throws {
        let payload =
            #"{"contentBlockIndex":0,"delta":{"text":" answer-0000000000000042@000000000000000007"},"p":"abcdefghijklm"}"#
        let fresh = EventStreamFrame(event: "contentBlockDelta", payload: payload).bytes
        #expect(chunks(stamped(answers[.converse].text)) == [fresh])
        let all = try #require(chunks(try opening(.converse) + stamped(answers[.converse].finish)))
        for frame in all {
            let sum = frame.dropLast(4).withUnsafeBytes { CRC32.of($0) }
            #expect(frame.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } == sum)
            #expect(frame.prefix(4).reduce(0) { $0 << 8 | Int($1) } == frame.count)
        }
        #expect(all.count == 5)
    }

    /// The chunks that a stream begins with, without the head.
    private func opening(_ wire: Wire) throws -> [UInt8] {
        let bytes = stamped(answers[wire].streamStart)
        guard case .complete(let head) = bytes.withUnsafeBytes({ MessageHead.parse($0) }) else {
            Issue.record("no head")
            return []
        }
        #expect(head.framing == .chunked)
        return Array(bytes[head.count...])
    }
}
