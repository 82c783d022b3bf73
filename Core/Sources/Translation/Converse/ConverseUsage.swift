// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Bedrock's token counts. Input, cache reads and cache writes are disjoint; `totalTokens` is not to be relied on.
enum ConverseUsage {
    /// More tokens than any context, and few enough that sums cannot overflow.
    private static let countMax: Int64 = 1 << 48

    static func read(_ usage: JSONElement) -> UsageCounts {
        let input = count(usage["inputTokens"])
        // InvokeModel's spelling occurs too.
        let read = count(usage["cacheReadInputTokens"] ?? usage["cacheReadInputTokenCount"])
        let written = count(usage["cacheWriteInputTokens"] ?? usage["cacheWriteInputTokenCount"])
        let (minutes, hour) = details(usage["cacheDetails"])
        // Writes that no detail speaks of have the ordinary lifetime.
        let writes = max(written, minutes + hour)
        var counts = UsageCounts(
            promptTokens: input + read + writes, cachedTokens: read, completionTokens: count(usage["outputTokens"]))
        counts.cacheWriteTokens = writes - hour
        counts.cacheWriteHourTokens = hour
        return counts
    }

    /// Writes by lifetime, which differ in price.
    private static func details(_ details: JSONElement?) -> (minutes: Int64, hour: Int64) {
        var minutes: Int64 = 0
        var hour: Int64 = 0
        guard let details else { return (0, 0) }
        for detail in details.elements {
            let tokens = count(detail["inputTokens"])
            if detail["ttl"]?.string.map({ $0 == "1h" }) ?? false {
                hour = min(hour + tokens, countMax)
            } else {
                minutes = min(minutes + tokens, countMax)
            }
        }
        return (minutes, hour)
    }

    private static func count(_ value: JSONElement?) -> Int64 { max(0, min(value?.integer ?? 0, countMax)) }
}
