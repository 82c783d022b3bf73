// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback
internal import Testing

@testable internal import bench_load

private func plan(_ words: String) throws -> Plan {
    try Plan("--port 1 --seconds 1 --chunks 2 \(words)".split(separator: " ").map(String.init)[...])
}

/// What is said of an answer to request 42.
private func verdict(_ plan: Plan, events: [String] = [], content: String = "") -> (failure: Failure?, chunks: Int) {
    var exchange = Exchange(number: 42, intended: 0, hangUp: nil)
    exchange.status = 200
    for event in events { _ = Array(event.utf8).withUnsafeBytes { exchange.take(line: $0, plan) } }
    return (Array(content.utf8).withUnsafeBytes { exchange.verdict(plan, content: $0) }, exchange.chunks)
}

private func text(_ number: Int = 42) -> String {
    let digits = String(repeating: "0", count: 16 - String(number).count) + String(number)
    return #"data: {"choices":[{"delta":{"content":" answer-\#(digits)@000000000000000007"}}]}"#
}

private let role = #"data: {"id":"chatcmpl-bench-0000000000000042","choices":[{"delta":{"role":"assistant"}}]}"#
private let finish = #"data: {"id":"chatcmpl-bench-0000000000000042","choices":[{"finish_reason":"stop"}]}"#
private let usage = #"data: {"id":"chatcmpl-bench-0000000000000042","choices":[],"usage":{"total_tokens":3}}"#
private let done = "data: [DONE]"

@Suite struct ChatStreamTests {
    private let whole = [role, "", text(), "", text(), "", finish, "", done]

    @Test func `a stream with all of its events is good under every check`() throws {
        for check in ["full", "content", "framing"] {
            let result = verdict(try plan("--mode stream --check \(check)"), events: whole)
            #expect(result.failure == nil && result.chunks == 4)
        }
    }

    @Test func `a stream that lacks an event is incomplete`() throws {
        for missing in [0, 2, 4, 6, 8] {
            var events = whole
            events.remove(at: missing)
            #expect(verdict(try plan("--mode stream"), events: events).failure == .incomplete, "\(missing)")
        }
    }

    @Test func `a translation may open with text but lose none, and neither finish nor end`() throws {
        let plan = try plan("--mode stream --check content")
        #expect(verdict(plan, events: [text(), text(), finish, done]).failure == nil)
        #expect(verdict(plan, events: [role, text(), finish, done]).failure == .incomplete)
        #expect(verdict(plan, events: [role, text(), text(), text(), finish, done]).failure == .incomplete)
        #expect(verdict(plan, events: [role, text(), text(), done]).failure == .incomplete)
        #expect(verdict(plan, events: [role, text(), text(), finish]).failure == .incomplete)
        #expect(verdict(plan, events: [role, text(), text(), finish, usage, done]).failure == .incomplete)
    }

    @Test func `a text of another caller's answer is a mismatch`() throws {
        let events = [role, text(), text(43), finish, done]
        #expect(verdict(try plan("--mode stream"), events: events).failure == .mismatch)
        #expect(verdict(try plan("--mode stream --check content"), events: events).failure == .mismatch)
        #expect(verdict(try plan("--mode stream --check framing"), events: events).failure == nil)
    }

    @Test func `the send time is read from the text`() throws {
        var exchange = Exchange(number: 42, intended: 0, hangUp: nil)
        let plan = try plan("--mode stream")
        #expect(Array(text().utf8).withUnsafeBytes { exchange.take(line: $0, plan) } == 7)
        #expect(Array(role.utf8).withUnsafeBytes { exchange.take(line: $0, plan) } == nil)
    }
}

@Suite struct MessagesStreamTests {
    private static func event(_ type: String, _ more: String = "") -> [String] {
        ["event: \(type)", #"data: {"type":"\#(type)"\#(more)}"#, ""]
    }

    private let start = event("message_start", #","message":{"type":"message","id":"msg_1"}"#)
    private let open = event("content_block_start", #","index":0,"content_block":{"type":"text","text":""}"#)
    private let delta = event(
        "content_block_delta", #","delta":{"text":" answer-0000000000000042@000000000000000007"}"#)
    private let close = event("content_block_stop", #","index":0"#)
    private let finish = event("message_delta", #","delta":{"stop_reason":"end_turn"}"#)
    private let stop = event("message_stop")

    @Test func `a good stream counts as many chunks as OpenAI's would`() throws {
        let events = start + open + Self.event("ping") + delta + delta + close + finish + stop
        let result = verdict(try plan("--mode stream --wire messages"), events: events)
        #expect(result.failure == nil && result.chunks == 4)
    }

    @Test func `a stream without a text, its reason or its end is incomplete`() throws {
        let plan = try plan("--mode stream --wire messages")
        #expect(verdict(plan, events: start + open + delta + close + finish + stop).failure == .incomplete)
        #expect(verdict(plan, events: start + open + delta + delta + close + stop).failure == .incomplete)
        #expect(verdict(plan, events: start + open + delta + delta + close + finish).failure == .incomplete)
    }

    @Test func `a stream that begins with anything but its start is a mismatch`() throws {
        let events = open + delta + start + delta + close + finish + stop
        #expect(verdict(try plan("--mode stream --wire messages"), events: events).failure == .mismatch)
    }
}

@Suite struct WholeAnswerTests {
    private let chat = #"{"id":"chatcmpl-1","choices":[{"message":{"content":"It does. answer-0000000000000042"}}],"#
    private let messages = #"{"id":"msg_1","content":[{"type":"text","text":"It does. answer-0000000000000042"}],"#

    @Test func `a translated answer needs its text's number and its usage, not the upstream's id`() throws {
        let content = chat + #""usage":{"total_tokens":3}}"#
        #expect(verdict(try plan("--mode closed --check content"), content: content).failure == nil)
        #expect(verdict(try plan("--mode closed"), content: content).failure == .mismatch)
        #expect(verdict(try plan("--mode closed --check content"), content: chat + #""a":1}"#).failure == .mismatch)
        let other = content.replacing("42\"", with: "43\"")
        #expect(verdict(try plan("--mode closed --check content"), content: other).failure == .mismatch)
    }

    @Test func `an answer on Anthropic's wire is judged by Anthropic's names`() throws {
        let plan = try plan("--mode closed --wire messages")
        #expect(verdict(plan, content: messages + #""usage":{"output_tokens":3}}"#).failure == nil)
        #expect(verdict(plan, content: messages + #""usage":{"total_tokens":3}}"#).failure == .mismatch)
        #expect(verdict(plan, content: messages + #""usage":{"output_tokens":3"#).failure == .mismatch)
    }

    @Test func `a status other than 200 fails whatever the body says`() throws {
        var exchange = Exchange(number: 42, intended: 0, hangUp: nil)
        exchange.status = 502
        let plan = try plan("--mode closed --check framing")
        let failure = Array((chat + #""usage":{"total_tokens":3}}"#).utf8).withUnsafeBytes {
            exchange.verdict(plan, content: $0)
        }
        #expect(failure == .status)
    }
}
