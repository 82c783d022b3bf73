// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// How a response ended, which this wire says with a status and, for an incomplete one, a reason.
enum ResponsesFinish {
    /// - Returns: never a finish for a response that failed or still runs: those are broken answers.
    static func read(_ response: JSONElement, hasCalls: Bool) throws(TranslationFault) -> Finish {
        guard let status = response["status"]?.string else {
            throw TranslationFault(.incompleteAnswer, at: "status")
        }
        if status == "completed" { return Finish(hasCalls ? .toolCalls : .stop) }
        guard status == "incomplete" else {
            let code = response["error"]?["code"]?.string.map { " (\($0.text))" } ?? ""
            throw TranslationFault(.brokenAnswer("status \(status.text)\(code)"))
        }
        guard let reason = response["incomplete_details"]?["reason"]?.string else {
            throw TranslationFault(.incompleteAnswer, at: "incomplete_details.reason")
        }
        if reason == "max_output_tokens" { return Finish(.length) }
        if reason == "content_filter" { return Finish(.filtered) }
        throw TranslationFault(.brokenAnswer("incomplete_details.reason \(reason.text)"))
    }

    static func status(_ reason: Finish.Reason) -> ResponsesEnvelope.Status {
        switch reason {
        case .stop, .stopSequence, .toolCalls, .paused: .completed
        case .length, .contextFull: .incomplete("max_output_tokens")
        case .filtered: .incomplete("content_filter")
        }
    }
}

/// `usage` of the Responses wire.
enum ResponsesUsage {
    static func read(_ usage: JSONElement) -> UsageCounts {
        let input = usage["input_tokens_details"]
        var counts = UsageCounts(
            promptTokens: count(usage["input_tokens"]), cachedTokens: count(input?["cached_tokens"]),
            completionTokens: count(usage["output_tokens"]))
        counts.cacheWriteTokens = count(input?["cache_write_tokens"])
        counts.reasoningTokens = count(usage["output_tokens_details"]?["reasoning_tokens"])
        return counts
    }

    private static func count(_ value: JSONElement?) -> Int64 { max(0, value?.integer ?? 0) }

    static func write(_ counts: UsageCounts?, _ writer: JSONWriter) {
        writer.name("usage")
        guard let counts else { return writer.null() }
        let writes = counts.cacheWriteTokens + counts.cacheWriteHourTokens
        writer.beginObject()
        writer.member("input_tokens", counts.promptTokens)
        writer.name("input_tokens_details")
        writer.beginObject()
        writer.member("cached_tokens", counts.cachedTokens)
        if writes > 0 { writer.member("cache_write_tokens", writes) }
        writer.endObject()
        writer.member("output_tokens", counts.completionTokens)
        writer.name("output_tokens_details")
        writer.beginObject()
        writer.member("reasoning_tokens", counts.reasoningTokens)
        writer.endObject()
        writer.member("total_tokens", counts.promptTokens + counts.completionTokens)
        writer.endObject()
    }
}
