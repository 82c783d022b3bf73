// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import WireFormats

/// Stage 1: what is asked for, and which headers matter.
enum Accept {
    static func examine(_ exchange: Exchange, _ fields: UnsafeBufferPointer<HeaderField>) -> Refusal? {
        let head = exchange.client.head
        let bytes = exchange.client.headBytes
        exchange.target = target(of: head, bytes)
        exchange.sendsChunks = head.isVersion11
        for field in fields { note(field, bytes, in: &exchange.headers) }
        if case .unknown = exchange.target { return .unknownPath }
        let isInference = if case .inference = exchange.target { true } else { false }
        guard head.method == (isInference ? .post : .get) else { return .methodNotAllowed }
        if isInference {
            UpstreamRequestHead.collect(
                fields, of: bytes, into: &exchange.forwardedLines, pool: exchange.worker.loop.buffers)
        }
        return nil
    }

    private static func target(of head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> RequestTarget {
        let path = head.path.slice(bytes)
        if path == "/v1/chat/completions" { return .inference(.chatCompletions) }
        if path == "/v1/completions" { return .inference(.completions) }
        if path == "/v1/embeddings" { return .inference(.embeddings) }
        if path == "/v1/models" { return .models }
        let prefix = "/v1/models/" as StaticString
        guard path.count > prefix.utf8CodeUnitCount, path.hasPrefix(prefix) else { return .unknown }
        let skipped = Int32(prefix.utf8CodeUnitCount)
        return .model(ByteRange(start: head.path.start + skipped, count: head.path.count - skipped))
    }

    private static func note(_ field: HeaderField, _ bytes: UnsafeRawBufferPointer, in headers: inout RequestHeaders) {
        switch field.known {
        case .authorization:
            let value = field.value.slice(bytes)
            if value.hasPrefix("bearer ") {
                headers.key = ByteRange(start: field.value.start + 7, count: field.value.count - 7)
            }
        case .apiKey, .xAPIKey:
            if headers.key.isEmpty { headers.key = field.value }
        case .isobarRegion: headers.region = field.value
        case .isobarExplain: headers.wantsExplanation = field.value.slice(bytes) == "1"
        case .traceparent: headers.traceparent = field.value
        case .stainlessRetryCount: headers.isRetry = !(field.value.slice(bytes) == "0")
        default: break
        }
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    static func == (bytes: Self, text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for i in 0..<bytes.count where bytes[i] != text.utf8Start[i] { return false }
        return true
    }
}
