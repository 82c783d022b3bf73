// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Anthropic's token counts as they come in pieces.
///
/// Input, cache reads and cache writes are disjoint here; in a stream `message_start` tells the input and
/// `message_delta` the rest, cumulatively, and some servers repeat only a part: the last count that is there counts.
struct MessagesUsage {
    private var input: Int64 = 0
    private var cacheRead: Int64 = 0
    private var cacheWrite: Int64 = 0
    /// Parts of the writes, where the provider tells them apart.
    private var cacheWriteFiveMinutes: Int64?
    private var cacheWriteHour: Int64 = 0
    private var output: Int64 = 0
    private var thinking: Int64 = 0

    init() {}

    /// Takes over what `usage` says.
    mutating func merge(_ usage: JSONElement) {
        Self.take(usage["input_tokens"], &input)
        Self.take(usage["cache_read_input_tokens"], &cacheRead)
        Self.take(usage["cache_creation_input_tokens"], &cacheWrite)
        Self.take(usage["output_tokens"], &output)
        Self.take(usage["output_tokens_details"]?["thinking_tokens"], &thinking)
        guard let parts = usage.present("cache_creation") else { return }
        if let count = parts["ephemeral_5m_input_tokens"]?.integer { cacheWriteFiveMinutes = max(0, count) }
        Self.take(parts["ephemeral_1h_input_tokens"], &cacheWriteHour)
    }

    private static func take(_ value: JSONElement?, _ count: inout Int64) {
        if let value = value?.integer { count = max(0, value) }
    }

    /// In OpenAI's way: parts inside their whole.
    var counts: UsageCounts {
        // Writes that are in neither part have the ordinary lifetime.
        let writes = max(cacheWrite, (cacheWriteFiveMinutes ?? 0) + cacheWriteHour)
        var counts = UsageCounts(
            promptTokens: input + cacheRead + writes, cachedTokens: cacheRead, completionTokens: output)
        counts.cacheWriteHourTokens = cacheWriteHour
        counts.cacheWriteTokens = writes - cacheWriteHour
        counts.reasoningTokens = thinking
        return counts
    }

    // MARK: Writing

    /// - Parameter counts: `nil` writes zeros: the member is not optional on this wire, and its clients read it without
    ///   asking.
    static func write(_ counts: UsageCounts?, _ writer: JSONWriter) {
        let counts = counts ?? UsageCounts()
        let writes = counts.cacheWriteTokens + counts.cacheWriteHourTokens
        writer.name("usage")
        writer.beginObject()
        writer.member("input_tokens", counts.uncachedPromptTokens)
        writer.member("cache_creation_input_tokens", writes)
        writer.member("cache_read_input_tokens", counts.cachedTokens)
        if writes > 0 {
            writer.name("cache_creation")
            writer.beginObject()
            writer.member("ephemeral_5m_input_tokens", counts.cacheWriteTokens)
            writer.member("ephemeral_1h_input_tokens", counts.cacheWriteHourTokens)
            writer.endObject()
        }
        writer.member("output_tokens", counts.completionTokens)
        if counts.reasoningTokens > 0 {
            writer.name("output_tokens_details")
            writer.beginObject()
            writer.member("thinking_tokens", counts.reasoningTokens)
            writer.endObject()
        }
        writer.endObject()
    }
}
