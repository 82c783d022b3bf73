// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// `usageMetadata` both ways.
///
/// Google counts cached tokens inside the prompt and thoughts beside the candidates; what tools put into the prompt
/// stands beside it too. In a stream the counts are cumulative: the last word for each holds, and a missing one is not
/// zero.
struct GenerateContentUsage {
    private var prompt: Int64 = 0
    private var toolPrompt: Int64 = 0
    private var cached: Int64 = 0
    private var candidates: Int64 = 0
    private var thoughts: Int64 = 0
    private var isKnown = false

    mutating func read(_ metadata: JSONElement?) {
        guard let metadata, metadata.isObject else { return }
        isKnown = true
        Self.replace(&prompt, metadata["promptTokenCount"])
        Self.replace(&toolPrompt, metadata["toolUsePromptTokenCount"])
        Self.replace(&cached, metadata["cachedContentTokenCount"])
        Self.replace(&candidates, metadata["candidatesTokenCount"])
        Self.replace(&thoughts, metadata["thoughtsTokenCount"])
    }

    private static func replace(_ count: inout Int64, _ value: JSONElement?) {
        if let value = value?.integer, value >= 0 { count = value }
    }

    /// `nil` when nothing was said.
    var counts: UsageCounts? {
        guard isKnown else { return nil }
        var counts = UsageCounts(
            promptTokens: prompt + toolPrompt, cachedTokens: cached, completionTokens: candidates + thoughts)
        counts.reasoningTokens = thoughts
        return counts
    }

    static func write(_ usage: UsageCounts, to writer: JSONWriter) {
        writer.name("usageMetadata")
        writer.beginObject()
        writer.member("promptTokenCount", usage.promptTokens)
        if usage.cachedTokens > 0 { writer.member("cachedContentTokenCount", usage.cachedTokens) }
        writer.member("candidatesTokenCount", max(0, usage.completionTokens - usage.reasoningTokens))
        if usage.reasoningTokens > 0 { writer.member("thoughtsTokenCount", usage.reasoningTokens) }
        writer.member("totalTokenCount", usage.promptTokens + usage.completionTokens)
        writer.endObject()
    }
}
