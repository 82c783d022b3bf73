// SPDX-License-Identifier: Apache-2.0
// Isobar

// What the words of errors mean. Classification goes by type and code, because statuses mislead: AWS throttles with 400,
// OpenAI and Anthropic report used-up money with 400, 403 and 429, and an error inside a stream has no status at all.
//
// Sources: OpenAI's, Azure's, Anthropic's and Google's error references, botocore 1.44.5 (`bedrock-runtime`,
// `_retry.json`), AWS "Troubleshooting Amazon Bedrock API Error Codes", vLLM and llama.cpp messages; read 2026-11.
extension ErrorReader {
    mutating func classify(_ body: UnsafeRawBufferPointer, _ headerType: UnsafeRawBufferPointer) {
        let type = facts.type.slice(body)
        let code = facts.code.slice(body)
        let message = facts.message.slice(body)
        facts.isQuotaExhausted =
            isLongQuota || Self.exhausted.contains { type.equals($0) || code.equals($0) }
            || Self.exhaustedMessages.contains { message.holds($0) }
        facts.isContentFilter = Self.filtered.contains { type.equals($0) || code.equals($0) }
        facts.isContextTooLong =
            code.equals("context_length_exceeded") || type.equals("exceed_context_size_error")
            || Self.tooLongMessages.contains { message.holds($0) }
        facts.kind = kind([headerType, code, type, facts.status.slice(body)], code, message)
        if facts.kind == .quotaExhausted { facts.isQuotaExhausted = true }
        if facts.retryAfterNanoseconds == nil { facts.retryAfterNanoseconds = Self.delay(in: message) }
    }

    /// Gemini's `Please retry in 46.2s.` or `in 10h17m5.7s`, for an error without details: the last resort.
    private static func delay(in message: UnsafeRawBufferPointer) -> Int64? {
        let lead = 9
        for start in message.indices.dropLast(lead) {
            let rest = UnsafeRawBufferPointer(rebasing: message[start...])
            guard rest.begins("retry in ") else { continue }
            let isPart = { (byte: UInt8) in (byte >= 48 && byte <= 57) || byte == 46 || (byte >= 97 && byte <= 122) }
            var span = rest[lead...].prefix(while: isPart)
            if span.last == 46 { span = span.dropLast() }
            return RetryHint.goDuration(UnsafeRawBufferPointer(rebasing: span)).map {
                min($0, RetryHint.nanosecondsMax)
            }
        }
        return nil
    }

    /// - Parameter words: the more particular first.
    private func kind(
        _ words: [UnsafeRawBufferPointer], _ code: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer
    ) -> ErrorFacts.Kind? {
        if facts.isQuotaExhausted { return .quotaExhausted }
        if isKeyInvalid { return .credential }
        let kind = words.lazy.compactMap(Self.kind(ofWord:)).first ?? Self.kind(ofNumber: code)
        if kind == nil || kind == .rateLimited, Self.overloadedMessages.contains(where: { message.holds($0) }) {
            return .overloaded
        }
        return kind
    }

    private static let exhausted: [StaticString] = [
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
        "billing_error", "enforced_spend_limit_reached",
    ]
    /// Anthropic calls these invalid requests, so that only their text tells.
    private static let exhaustedMessages: [StaticString] = [
        "credit balance is too low", "reached your specified api usage limits",
    ]
    private static let filtered: [StaticString] = [
        "content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation",
    ]
    private static let tooLongMessages: [StaticString] = [
        "maximum context length", "context size", "prompt is too long", "input is too long", "context window",
        "increase the physical batch size",
    ]
    /// Azure's and Vertex AI's 429 for capacity that nobody has, whatever one's own limit.
    private static let overloadedMessages: [StaticString] = [
        "experiencing high demand", "resource exhausted, please try again later",
        "resource exhausted. please try again later",
    ]

    // MARK: Words

    /// - Parameter word: a type, code or status; AWS's may have a namespace in front (up to `#`), an address behind (from
    ///   `:` on) and `Exception` at its end.
    private static func kind(ofWord word: UnsafeRawBufferPointer) -> ErrorFacts.Kind? {
        var word = word
        if let colon = word.firstIndex(of: 58) { word = UnsafeRawBufferPointer(rebasing: word[..<colon]) }
        if let hash = word.lastIndex(of: 35) { word = UnsafeRawBufferPointer(rebasing: word[(hash + 1)...]) }
        let suffix = word.suffix(9)
        if word.count > 9, UnsafeRawBufferPointer(rebasing: suffix).matches("exception") {
            word = UnsafeRawBufferPointer(rebasing: word[..<suffix.startIndex])
        }
        guard !word.isEmpty else { return nil }
        return words.first { word.matches($0.word) }?.kind
    }

    /// Without regard to case: Bedrock says `ThrottlingException` over HTTP and `throttlingException` in a stream.
    private static let words: [(word: StaticString, kind: ErrorFacts.Kind)] = [
        // AWS
        ("throttling", .rateLimited), ("throttled", .rateLimited), ("requestthrottled", .rateLimited),
        ("provisionedthroughputexceeded", .rateLimited), ("toomanyrequests", .rateLimited),
        ("servicequotaexceeded", .quotaExhausted), ("modelnotready", .overloaded), ("serviceunavailable", .overloaded),
        ("internalserver", .transient), ("internalfailure", .transient), ("internalerror", .transient),
        ("modeltimeout", .transient), ("modelerror", .transient), ("modelstreamerror", .transient),
        ("validation", .caller), ("conflict", .caller), ("accessdenied", .credential),
        ("unrecognizedclient", .credential), ("invalidclienttokenid", .credential),
        ("incompletesignature", .credential), ("invalidsignature", .credential), ("requestexpired", .credential),
        ("expiredtoken", .credential), ("missingauthenticationtoken", .credential),
        ("mpagreementbeingcreated", .credential), ("resourcenotfound", .notFound), ("invalidaction", .notFound),
        ("ftuformnotfilled", .notFound),
        // Anthropic; OpenAI shares some
        ("invalid_request_error", .caller), ("request_too_large", .caller), ("authentication_error", .credential),
        ("permission_error", .credential), ("not_found_error", .notFound), ("rate_limit_error", .rateLimited),
        ("overloaded_error", .overloaded), ("api_error", .transient), ("timeout_error", .transient),
        // Google
        ("invalid_argument", .caller), ("failed_precondition", .caller), ("out_of_range", .caller),
        ("unauthenticated", .credential), ("permission_denied", .credential), ("not_found", .notFound),
        ("unimplemented", .notFound), ("resource_exhausted", .rateLimited), ("unavailable", .overloaded),
        ("internal", .transient), ("unknown", .transient), ("aborted", .transient), ("deadline_exceeded", .transient),
        // OpenAI, Azure and compatible servers
        ("invalid_api_key", .credential), ("model_not_found", .notFound), ("deploymentnotfound", .notFound),
        ("rate_limit_exceeded", .rateLimited), ("requests", .rateLimited), ("tokens", .rateLimited),
        ("slow_down", .rateLimited), ("server_is_overloaded", .overloaded), ("service_unavailable_error", .overloaded),
        ("server_error", .transient), ("internal_server_error", .transient), ("timeout", .transient),
        ("badrequesterror", .caller), ("notfounderror", .notFound), ("internalservererror", .transient),
    ]

    /// A status where a code is expected: Google's, vLLM's and llama.cpp's.
    private static func kind(ofNumber code: UnsafeRawBufferPointer) -> ErrorFacts.Kind? {
        guard code.count == 3, code.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        switch code.reduce(0, { $0 * 10 + Int($1 - 48) }) {
        case 401, 403: return .credential
        case 402: return .quotaExhausted
        case 404: return .notFound
        case 408, 409, 424, 425: return .transient
        case 429: return .rateLimited
        case 400..<500: return .caller
        case 503, 529: return .overloaded
        case 500..<600: return .transient
        default: return nil
        }
    }
}
