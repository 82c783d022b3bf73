// SPDX-License-Identifier: Apache-2.0
// Isobar

// What the upstream says, rendered once. Answering is then a copy into the kernel after two fields of fixed width have
// been overwritten: the request's number, which proves that an answer reached its own caller, and the time it was sent.

internal import Loopback

/// Bytes of one message with the places that change.
struct Template {
    let bytes: UnsafeMutableRawBufferPointer
    private let numberOffsets: [Int]
    private let timeOffsets: [Int]

    /// Digits of a request number.
    static let numberCount = 16
    /// Digits of a send time.
    private static let timeCount = 18

    /// - Parameter text: `NNNNNNNNNNNNNNNN` marks the number, `TTTTTTTTTTTTTTTTTT` the time.
    init(_ text: String) {
        bytes = .allocate(byteCount: text.utf8.count, alignment: 16)
        bytes.copyBytes(from: text.utf8)
        numberOffsets = Self.offsets(of: "NNNNNNNNNNNNNNNN", in: UnsafeRawBufferPointer(bytes))
        timeOffsets = Self.offsets(of: "TTTTTTTTTTTTTTTTTT", in: UnsafeRawBufferPointer(bytes))
    }

    /// - Parameter number: exactly `numberCount` bytes.
    func stamp(number: UnsafeRawBufferPointer, at time: MonotonicTime) -> UnsafeRawBufferPointer {
        for offset in numberOffsets {
            UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: number)
        }
        for offset in timeOffsets { write(time, at: offset) }
        return UnsafeRawBufferPointer(bytes)
    }

    private static func offsets(of mark: StaticString, in bytes: UnsafeRawBufferPointer) -> [Int] {
        var offsets: [Int] = []
        var rest = bytes
        while let offset = rest.offset(of: mark) {
            offsets.append(bytes.count - rest.count + offset)
            rest = UnsafeRawBufferPointer(rebasing: rest[(offset + mark.utf8CodeUnitCount)...])
        }
        return offsets
    }

    private func write(_ time: MonotonicTime, at offset: Int) {
        var rest = time
        for index in stride(from: offset + Self.timeCount - 1, through: offset, by: -1) {
            bytes[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
    }
}

/// Every message the upstream sends.
struct Answers {
    let completion: Template
    let models: Template
    let notFound: Template
    /// Head, role chunk and first content chunk: they leave together so that time to first token is the proxy's doing
    /// alone.
    let streamStart: Template
    let contentChunk: Template
    let finish: Template
    let finishWithUsage: Template

    /// - Parameter model: the name answers carry, whatever was asked for.
    init(model: String) {
        let chunks = ChunkText(model: model)
        completion = Template(Self.message(status: "200 OK", json: Self.completionJSON(model: model)))
        models = Template(Self.message(status: "200 OK", json: Self.modelsJSON(model: model)))
        notFound = Template(
            Self.message(
                status: "404 Not Found", json: #"{"error":{"message":"no such path","type":"invalid_request_error"}}"#))
        streamStart = Template(Self.streamHead + chunks.role + chunks.content)
        contentChunk = Template(chunks.content)
        finish = Template(chunks.finish + ChunkText.end)
        finishWithUsage = Template(chunks.finish + chunks.usage + ChunkText.end)
    }

    private static let commonFields =
        "x-request-id: req_5d41402abc4b2a76b9719d911017c592\r\nopenai-processing-ms: 181\r\nopenai-version: 2020-10-01\r\n"
        + "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n"

    private static let streamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
        + "\(commonFields)Transfer-Encoding: chunked\r\n\r\n"

    private static func message(status: String, json: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(commonFields)Content-Length: \(json.utf8.count)\r\n\r\n\(json)"
    }

    /// About 1 050 bytes, the size of a short real answer.
    private static func completionJSON(model: String) -> String {
        let sentence =
            #"Pressure falls with height because less air lies above; \"isobars\" join the points where it is equal.\n"#
        return
            #"{"id":"chatcmpl-bench-NNNNNNNNNNNNNNNN","object":"chat.completion","created":1795000000,"model":"\#(model)","#
            + #""choices":[{"index":0,"message":{"role":"assistant","content":"\#(String(repeating: sentence, count: 5))","#
            + #""refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":214,"completion_tokens":118,"total_tokens":332,"#
            + #""prompt_tokens_details":{"cached_tokens":128,"audio_tokens":0},"#
            + #""completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"system_fingerprint":"fp_44709d6fcb"}"#
    }

    private static func modelsJSON(model: String) -> String {
        #"{"object":"list","data":[{"id":"\#(model)","object":"model","created":1795000000,"owned_by":"bench"}]}"#
    }
}

/// The events of a stream, each in its own HTTP chunk of about 260 bytes.
private struct ChunkText {
    let model: String

    static let end = framed("data: [DONE]\n\n") + "0\r\n\r\n"

    var role: String {
        event(choices: Self.choice(#"{"role":"assistant","content":"","refusal":null}"#, finish: "null"))
    }
    var content: String { event(choices: Self.choice(#"{"content":" pressure"}"#, finish: "null")) }
    var finish: String { event(choices: Self.choice("{}", finish: #""stop""#)) }
    var usage: String {
        event(choices: "[]", extra: #","usage":{"prompt_tokens":214,"completion_tokens":118,"total_tokens":332}"#)
    }

    private static func choice(_ delta: String, finish: String) -> String {
        #"[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}]"#
    }

    private func event(choices: String, extra: String = "") -> String {
        Self.framed(
            #"data: {"id":"chatcmpl-bench-NNNNNNNNNNNNNNNN","object":"chat.completion.chunk","created":1795000000,"model":"\#(model)","#
                + #""system_fingerprint":"fp_44709d6fcb","choices":\#(choices)\#(extra),"sent_ns":"TTTTTTTTTTTTTTTTTT"}"#
                + "\n\n")
    }

    private static func framed(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n" }
}
