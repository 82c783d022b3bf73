// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

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
    /// Events as OpenAI's API counts them, so that a chunk is the same thing on both wires: the role, the texts, the
    /// finish, usage when asked for. Anthropic's start and delta of the message stand for role and finish; its other
    /// events do not count.
    private(set) var chunks = 0
    /// Chunks with text.
    private(set) var texts = 0
    private(set) var isMismatched = false
    private var sawFinish = false
    private var sawUsage = false
    private var sawEnd = false

    init(number: Int, intended: MonotonicTime, hangUp: HangUp?) {
        self.number = number
        self.intended = intended
        self.hangUp = hangUp
    }

    // MARK: The end

    /// What is wrong with the complete answer, or `nil`. `content` is the body of an answer that is not a stream.
    func verdict(_ plan: Plan, content: UnsafeRawBufferPointer) -> Failure? {
        if status != 200 { return .status }
        if isMismatched { return .mismatch }
        return plan.mode == .stream ? streamVerdict(plan) : wholeVerdict(plan, content)
    }

    private func streamVerdict(_ plan: Plan) -> Failure? {
        guard sawEnd else { return .incomplete }
        if plan.check == .framing { return nil }
        guard texts == plan.chunks, sawFinish, sawUsage == plan.asksUsage else { return .incomplete }
        // A translation may open with role and text in one; a proxy that passes on may not.
        let expected = plan.chunks + 2 + (plan.asksUsage ? 1 : 0)
        return plan.check == .content || chunks == expected ? nil : .incomplete
    }

    private func wholeVerdict(_ plan: Plan, _ content: UnsafeRawBufferPointer) -> Failure? {
        let tail = UnsafeRawBufferPointer(rebasing: content.suffix(512))
        let usage: StaticString = plan.wire == .chat ? "\"total_tokens\"" : "\"output_tokens\""
        guard content.last == UInt8(ascii: "}"), tail.offset(of: usage) != nil else { return .mismatch }
        switch plan.check {
        case .framing: return nil
        case .content: return Stamp.number(in: content, behind: "answer-") == number ? nil : .mismatch
        case .full: return bearsIdentifier(content) ? nil : .mismatch
        }
    }

    // MARK: Events

    /// Takes note of one line of the stream, without its line feed.
    /// - Returns: the send time it carries, if any.
    mutating func take(line event: UnsafeRawBufferPointer, _ plan: Plan) -> MonotonicTime? {
        guard event.starts(with: "data: ") else { return nil }
        guard let stamp = Stamp(event) else {
            if plan.wire == .chat { take(chatEvent: event, plan) } else { take(messagesEvent: event) }
            return nil
        }
        chunks += 1
        texts += 1
        if plan.check != .framing, stamp.number != number { isMismatched = true }
        return stamp.time
    }

    private mutating func take(chatEvent event: UnsafeRawBufferPointer, _ plan: Plan) {
        if event.starts(with: "data: [DONE]") {
            sawEnd = true
            return
        }
        chunks += 1
        if plan.check == .full, !bearsIdentifier(event) { isMismatched = true }
        sawFinish = sawFinish || event.offset(of: "\"stop\"") != nil
        sawUsage = sawUsage || event.offset(of: "\"total_tokens\"") != nil
    }

    private mutating func take(messagesEvent event: UnsafeRawBufferPointer) {
        if event.offset(of: "\"message_stop\"") != nil {
            sawEnd = true
        } else if event.offset(of: "\"message_start\"") != nil {
            // Because: Anthropic's clients take it for the beginning and raise on anything before it.
            if chunks > 0 { isMismatched = true }
            chunks += 1
        } else if event.offset(of: "\"message_delta\"") != nil {
            chunks += 1
            sawFinish = sawFinish || event.offset(of: "\"end_turn\"") != nil
        }
    }

    /// Whether the answer's id has this request's number.
    private func bearsIdentifier(_ bytes: UnsafeRawBufferPointer) -> Bool {
        Stamp.number(in: bytes, behind: "chatcmpl-bench-") == number
    }
}

/// What the upstream writes into each text of a stream: `answer-`, the request's number, `@`, the time it was sent.
struct Stamp {
    let number: Int
    let time: MonotonicTime

    private static let timeCount = 18

    /// `nil`: the event has no stamp, so no text of the upstream's.
    init?(_ event: UnsafeRawBufferPointer) {
        guard let mark = event.offset(of: "answer-") else { return nil }
        let at = mark + 7 + RequestTemplate.numberCount
        guard at + 1 + Self.timeCount <= event.count, event[at] == UInt8(ascii: "@"),
            let number = decimal(UnsafeRawBufferPointer(rebasing: event[(mark + 7)..<at])),
            let time = decimal(UnsafeRawBufferPointer(rebasing: event[(at + 1)..<(at + 1 + Self.timeCount)]))
        else { return nil }
        self.number = number
        self.time = MonotonicTime(time)
    }

    /// The number that follows the first `mark`.
    static func number(in bytes: UnsafeRawBufferPointer, behind mark: StaticString) -> Int? {
        guard let offset = bytes.offset(of: mark) else { return nil }
        let start = offset + mark.utf8CodeUnitCount
        guard start + RequestTemplate.numberCount <= bytes.count else { return nil }
        return decimal(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + RequestTemplate.numberCount)]))
    }
}
