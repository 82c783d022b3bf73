// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// When a client leaves before its answer is complete.
enum HangUp {
    /// With half of the request sent.
    case midRequest
    /// With the request sent, at once.
    case afterRequest
    /// With the request sent, one turn of the event loop later: the proxy is busy with it then.
    case nextTurn
    /// After so many chunks of the stream.
    case afterChunks(Int)
}

/// One connection and the request that is under way on it.
final class Client {
    let slot: Int
    /// `nil`: not connected.
    var fd: Int32?
    var exchange: Exchange?
    /// The answer's bytes that are not used yet: a partial head, or decoded content.
    var carry = Carry()

    init(slot: Int) { self.slot = slot }
}

/// One request and what its answer has shown so far.
struct Exchange {
    let number: Int
    /// When it should have been sent; latency counts from here.
    let intended: MonotonicTime
    let hangUp: HangUp?
    /// Bytes of the request the kernel has taken.
    var sent = 0
    var status = 0
    var keepsAlive = true
    /// `nil` until the answer's head is complete.
    var body: BodyDecoder?
    /// Events with a JSON payload.
    var chunks = 0
    var isMismatched = false
    var sawFinish = false
    var sawUsage = false
    var sawDone = false

    init(number: Int, intended: MonotonicTime, hangUp: HangUp?) {
        self.number = number
        self.intended = intended
        self.hangUp = hangUp
    }

    /// What is wrong with the complete answer, or `nil`. `content` is the body of an answer that is not a stream.
    func verdict(_ plan: Plan, content: UnsafeRawBufferPointer) -> Failure? {
        if status != 200 { return .status }
        if isMismatched { return .mismatch }
        if plan.mode == .stream {
            guard sawDone else { return .incomplete }
            guard plan.check == .full else { return nil }
            // The role chunk, the content chunks, the finish chunk and the usage chunk when asked for.
            let expected = plan.chunks + 2 + (plan.asksUsage ? 1 : 0)
            return chunks == expected && sawFinish && sawUsage == plan.asksUsage ? nil : .incomplete
        }
        let tail = UnsafeRawBufferPointer(rebasing: content.suffix(512))
        guard content.last == UInt8(ascii: "}"), tail.offset(of: "\"total_tokens\"") != nil else { return .mismatch }
        return plan.check == .framing || bears(number, content) ? nil : .mismatch
    }

    /// Takes note of one line of the stream, without its line feed.
    /// - Returns: the send time it carries, if any.
    mutating func take(line event: UnsafeRawBufferPointer, _ plan: Plan) -> MonotonicTime? {
        guard event.starts(with: "data: ") else { return nil }
        if event.starts(with: "data: [DONE]") {
            sawDone = true
            return nil
        }
        chunks += 1
        if plan.check == .full, !bears(number, event) { isMismatched = true }
        // The finish and usage chunks come last; only there is the search worth its time.
        if chunks > plan.chunks {
            sawFinish = sawFinish || event.offset(of: "\"stop\"") != nil
            sawUsage = sawUsage || event.offset(of: "\"total_tokens\"") != nil
        }
        return sendTime(event)
    }

    /// Whether the answer's id has this request's number.
    private func bears(_ number: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let mark = bytes.offset(of: "chatcmpl-bench-") else { return false }
        let start = mark + 15
        guard start + RequestTemplate.numberCount <= bytes.count else { return false }
        return decimal(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + RequestTemplate.numberCount)])) == number
    }

    private func sendTime(_ event: UnsafeRawBufferPointer) -> MonotonicTime? {
        // `"sent_ns":"` and 18 digits and `"}` end the event unless a proxy wrote it anew.
        let tail = UnsafeRawBufferPointer(rebasing: event[max(0, event.count - 31)...])
        if tail.starts(with: "\"sent_ns\":\"") {
            return decimal(UnsafeRawBufferPointer(rebasing: tail[11..<29])).map(Int64.init)
        }
        guard let mark = event.offset(of: "\"sent_ns\":") else { return nil }
        let digits = event[(mark + 10)...].drop { $0 &- 48 > 9 }.prefix { $0 &- 48 < 10 }
        return decimal(UnsafeRawBufferPointer(rebasing: digits)).map(Int64.init)
    }
}
