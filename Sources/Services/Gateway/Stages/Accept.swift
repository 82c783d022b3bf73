// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import WireFormats

/// Stage 1: what is asked for, and which headers matter.
enum Accept {
    static func examine(_ exchange: Exchange, _ fields: UnsafeBufferPointer<HeaderField>) -> Refusal? {
        let head = exchange.client.head
        let bytes = exchange.client.headBytes
        exchange.target = target(of: head, bytes, &exchange.headers)
        exchange.sendsChunks = head.isVersion11
        for field in fields { note(field, bytes, in: &exchange.headers) }
        if case .unknown = exchange.target { return .unknownPath }
        if exchange.headers.streamsByPath {
            exchange.headers.wantsArray = !(QueryValue.range(of: "alt", in: head.query, bytes).slice(bytes) == "sse")
        }
        let isInference = if case .inference = exchange.target { true } else { false }
        guard head.method == (isInference ? .post : .get) else { return .methodNotAllowed }
        if isInference {
            UpstreamRequestHead.collect(
                fields, of: bytes, into: &exchange.forwardedLines, pool: exchange.worker.loop.buffers)
        }
        return nil
    }

    private static func target(
        of head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ headers: inout RequestHeaders
    ) -> RequestTarget {
        let path = head.path.slice(bytes)
        if let operation = operation(of: path) { return .inference(operation) }
        if let method = generateContent(path, start: head.path.start, &headers) {
            headers.take(key: QueryValue.range(of: "key", in: head.query, bytes), bytes)
            headers.streamsByPath = method == .stream
            return .inference(method == .count ? .countContentTokens : .generateContent)
        }
        return models(path, head, bytes, &headers)
    }

    /// `/v1/models`, which three vendors have, and Google's `/v1beta/models`; also with the name of one behind it.
    private static func models(
        _ path: UnsafeRawBufferPointer, _ head: RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ headers: inout RequestHeaders
    ) -> RequestTarget {
        let isBeta = path.prefix(14).elementsEqual("/v1beta/models".utf8)
        guard isBeta || path.prefix(10).elementsEqual("/v1/models".utf8) else { return .unknown }
        let skipped = isBeta ? 14 : 10
        guard path.count == skipped || path[skipped] == 47 && path.count > skipped + 1 else { return .unknown }
        let key = QueryValue.range(of: "key", in: head.query, bytes)
        headers.take(key: key, bytes)
        headers.isGoogles = isBeta || !key.isEmpty
        if path.count == skipped { return .models }
        return .model(
            ByteRange(start: head.path.start + Int32(skipped + 1), count: head.path.count - Int32(skipped + 1)))
    }

    private static func operation(of path: UnsafeRawBufferPointer) -> Operation? {
        if path == "/v1/chat/completions" { return .chatCompletions }
        if path == "/v1/messages" { return .messages }
        if path == "/v1/responses" { return .responses }
        if path == "/v1/embeddings" { return .embeddings }
        if path == "/v1/completions" { return .completions }
        if path == "/v1/messages/count_tokens" { return .countTokens }
        if path == "/v1/responses/input_tokens" { return .countInputTokens }
        if path == "/v1/audio/transcriptions" { return .transcriptions }
        if path == "/v1/audio/translations" { return .translations }
        if path == "/v1/audio/speech" { return .speech }
        if path == "/v1/images/generations" { return .images }
        return path == "/v1/rerank" ? .rerank : nil
    }

    private enum GenerateMethod { case whole, stream, count }

    /// `/v1beta/models/M:generateContent` as Google's clients say it, and their longer form with publisher and project.
    private static func generateContent(
        _ path: UnsafeRawBufferPointer, start: Int32, _ headers: inout RequestHeaders
    ) -> GenerateMethod? {
        guard path.hasPrefix("/v1"), let colon = path.lastIndex(of: 58) else { return nil }
        let verb = UnsafeRawBufferPointer(rebasing: path[(colon + 1)...])
        guard let method = method(verb),
            let slash = path[..<colon].lastIndex(of: 47), slash + 1 < colon,
            UnsafeRawBufferPointer(rebasing: path[..<(slash + 1)]).hasSuffix("/models/")
        else { return nil }
        headers.pathModel = ByteRange(start: start + Int32(slash + 1), count: Int32(colon - slash - 1))
        return method
    }

    private static func method(_ verb: UnsafeRawBufferPointer) -> GenerateMethod? {
        if verb == "generateContent" { return .whole }
        if verb == "streamGenerateContent" { return .stream }
        return verb == "countTokens" ? .count : nil
    }

    private static func note(_ field: HeaderField, _ bytes: UnsafeRawBufferPointer, in headers: inout RequestHeaders) {
        switch field.known {
        case .authorization:
            let value = field.value.slice(bytes)
            if value.hasPrefix("bearer ") {
                headers.take(key: ByteRange(start: field.value.start + 7, count: field.value.count - 7), bytes)
            }
        case .apiKey, .xAPIKey, .xGoogAPIKey:
            headers.take(key: field.value, bytes)
            if field.known == .xGoogAPIKey { headers.isGoogles = true }
        case .isobarRegion: headers.region = field.value
        case .isobarResidency:
            headers.hasSeveralResidencies = headers.statesResidency
            headers.residency = field.value
            headers.statesResidency = true
        case .isobarLanguage: headers.language = field.value
        case .isobarExplain: headers.wantsExplanation = field.value.slice(bytes) == "1"
        case .traceparent: headers.traceparent = field.value
        case .tracestate: headers.tracestate = field.value
        case .contentType:
            // An empty one counts too.
            headers.hasTwoContentTypes = headers.contentType.start > 0
            headers.contentType = field.value
        case .anthropicVersion: headers.hasAnthropicVersion = true
        case .stainlessRetryCount: headers.isRetry = !(field.value.slice(bytes) == "0")
        default: break
        }
    }
}

/// What Google's clients put into the query: their key as `key=…`, and how they want the answer as `alt=…`, both also
/// with a dollar sign in front.
enum QueryValue {
    /// The value of the first parameter of this name, as it is written.
    static func range(
        of name: StaticString, in query: ByteRange, _ bytes: UnsafeRawBufferPointer
    ) -> ByteRange {
        let text = query.slice(bytes)
        let length = name.utf8CodeUnitCount
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: 38) ?? text.count
            let first = text[start] == 36 ? start + 1 : start
            let mark = first + length
            if mark < end, text[mark] == 61, UnsafeRawBufferPointer(rebasing: text[first..<mark]) == name {
                return ByteRange(start: query.start + Int32(mark + 1), count: Int32(end - mark - 1))
            }
            start = end + 1
        }
        return .empty
    }
}

extension UnsafeRawBufferPointer {
    func hasSuffix(_ suffix: StaticString) -> Bool {
        count >= suffix.utf8CodeUnitCount
            && UnsafeRawBufferPointer(rebasing: self[(count - suffix.utf8CodeUnitCount)...]) == suffix
    }

    @inline(__always)
    static func == (bytes: Self, text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for i in 0..<bytes.count where bytes[i] != text.utf8Start[i] { return false }
        return true
    }
}
