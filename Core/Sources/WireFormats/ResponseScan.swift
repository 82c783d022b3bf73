// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// Tokens of an answer, in the way OpenAI counts them whichever vendor counted: parts are inside their whole.
public struct UsageCounts: Equatable, Sendable, BitwiseCopyable {
    /// All input, whether cached or not.
    public var promptTokens: Int64
    /// Part of `promptTokens` that came from the provider's prompt cache.
    public var cachedTokens: Int64
    /// Part of `promptTokens` that was written to the cache for five minutes, or for as long as the provider chooses.
    public var cacheWriteTokens: Int64 = 0
    /// Part of `promptTokens` that was written to the cache for an hour.
    public var cacheWriteHourTokens: Int64 = 0
    /// All output, reasoning included.
    public var completionTokens: Int64
    /// Part of `completionTokens`.
    public var reasoningTokens: Int64 = 0
    /// Of sound listened to, where that is what the provider counts.
    public var audioMilliseconds: Int64 = 0
    /// Searches billed, as Cohere counts reranking; 0 where nobody said.
    public var searchUnits: Int64 = 0

    public init(promptTokens: Int64 = 0, cachedTokens: Int64 = 0, completionTokens: Int64 = 0) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
    }

    /// Input that is neither read from a cache nor written to one. Never negative, whatever a provider says.
    public var uncachedPromptTokens: Int64 {
        max(0, promptTokens - cachedTokens - cacheWriteTokens - cacheWriteHourTokens)
    }
}

/// What one event of a chat or completions stream carries.
public struct ChunkFacts: Equatable, Sendable {
    public enum Kind: Sendable {
        /// Text, reasoning, refusal, a tool call, audio, or a finish reason: from here on the caller has part of an
        /// answer.
        case content
        /// A role, an empty delta, an annotation.
        case noContent
        /// No choices, only usage.
        case usageOnly
        case done
        case error
        /// Not JSON.
        case malformed
    }
    public var kind: Kind
    public var hasFinishReason = false
    public var usage: UsageCounts?
    public init(kind: Kind, hasFinishReason: Bool = false, usage: UsageCounts? = nil) {
        self.kind = kind
        self.hasFinishReason = hasFinishReason
        self.usage = usage
    }
}

/// Reads from answers what delivery and metering need. Tolerant: what is unknown is ignored.
public enum ResponseScan {
    /// Whether an event inside a stream under way is nothing but more content. A glance, a tenth of the cost of
    /// `chunkFacts`; when it says no, ask `chunkFacts`.
    /// - Parameter data: the value of an event's data line.
    public static func isPlainChunk(_ data: UnsafeRawBufferPointer) -> Bool {
        guard let base = data.baseAddress, data.count > 2, data[0] == 123 else { return false }
        let start = base.assumingMemoryBound(to: UInt8.self)
        return isobar_has_stream_marker(start, start + data.count) == 0
    }

    /// - Parameter data: the value of an event's data line.
    public static func chunkFacts(_ data: UnsafeRawBufferPointer) -> ChunkFacts {
        if data.count >= 6, data[0] == 91, data.begins("[done]") { return ChunkFacts(kind: .done) }
        guard !data.isEmpty else { return ChunkFacts(kind: .noContent) }
        // Google's compatible endpoint wraps its errors, and nothing else, into an array.
        if data[0] == 91 {
            return ChunkFacts(kind: isJSON(data) && !errorFacts(data).message.isEmpty ? .error : .malformed)
        }
        var reader = ChunkReader(scanner: JSONScanner(data))
        do throws(JSONFault) {
            try reader.read()
            return reader.facts
        } catch {
            return ChunkFacts(kind: .malformed)
        }
    }

    private static func isJSON(_ data: UnsafeRawBufferPointer) -> Bool {
        var scanner = JSONScanner(data)
        do throws(JSONFault) {
            try scanner.skipValue(depth: 0)
            try scanner.finish()
            return true
        } catch {
            return false
        }
    }

    /// The last `usage` object of a body. Looks back from the end, where every server puts it.
    public static func usage(inTailOf body: UnsafeRawBufferPointer) -> UsageCounts? {
        guard let base = body.baseAddress else { return nil }
        let start = base.assumingMemoryBound(to: UInt8.self)
        var end = start + body.count
        while let after = isobar_after_last_usage(start, end) {
            // Inside a string the quotes are escaped, and then this is text.
            let name = after - 7
            if name == start || name[-1] != 92, let usage = usageValue(body, after: after - start) { return usage }
            end = after - 1
        }
        return nil
    }

    /// Searches that a ranking is billed for: `search_units` in the last `billed_units` of Cohere's `meta`.
    /// - Returns: `nil` when the answer does not say.
    public static func searchUnits(inTailOf body: UnsafeRawBufferPointer) -> Int64? {
        let name: StaticString = #""billed_units""#
        let length = name.utf8CodeUnitCount
        var at = body.count - length
        while at >= 0 {
            if body[at] == 34, UnsafeRawBufferPointer(rebasing: body[at..<(at + length)]).equals(name) {
                return billedSearches(UnsafeRawBufferPointer(rebasing: body[(at + length)...]))
            }
            at -= 1
        }
        return nil
    }

    private static func billedSearches(_ rest: UnsafeRawBufferPointer) -> Int64? {
        var scanner = JSONScanner(rest)
        var units: Int64?
        do throws(JSONFault) {
            try scanner.take(58)
            guard try scanner.kind() == .object else { return nil }
            try scanner.members(depth: 1) { scanner, name throws(JSONFault) in
                if name.equals("search_units") { units = try scanner.count() } else { try scanner.skipValue(depth: 2) }
            }
            return units
        } catch {
            return nil
        }
    }

    private static func usageValue(_ body: UnsafeRawBufferPointer, after position: Int) -> UsageCounts? {
        guard position < body.count else { return nil }
        var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: body[position...]))
        do throws(JSONFault) {
            try scanner.take(58)
            return try scanner.kind() == .object ? try UsageReader.read(&scanner) : nil
        } catch {
            return nil
        }
    }
}

private struct ChunkReader {
    var scanner: JSONScanner
    private var usage: UsageCounts?
    private var hasChoices = false
    private var hasContent = false
    private var hasFinishReason = false
    private var isError = false

    init(scanner: JSONScanner) { self.scanner = scanner }

    var facts: ChunkFacts {
        let kind: ChunkFacts.Kind =
            if isError { .error } else if hasContent || hasFinishReason { .content } else if !hasChoices && usage != nil
            { .usageOnly } else {
                .noContent
            }
        return ChunkFacts(kind: kind, hasFinishReason: hasFinishReason, usage: usage)
    }

    mutating func read() throws(JSONFault) {
        guard try scanner.kind() == .object else { throw .unexpectedByte }
        try scanner.take(123)
        if try !scanner.takeIf(125) {
            repeat {
                let name = try scanner.string().range.slice(scanner.bytes)
                try scanner.take(58)
                try member(name)
            } while try scanner.takeIf(44)
            try scanner.take(125)
        }
        try scanner.finish()
    }

    private mutating func member(_ name: UnsafeRawBufferPointer) throws(JSONFault) {
        switch name.count {
        case 7 where name.equals("choices"): try choices()
        case 5 where name.equals("usage"):
            if try scanner.kind() == .object {
                usage = try UsageReader.read(&scanner)
            } else {
                try scanner.skipValue(depth: 1)
            }
        case 5 where name.equals("error"):
            if try isSomething(depth: 1) { isError = true }
        case 6 where name.equals("object"):
            if try scanner.kind() == .string {
                if try scanner.string().range.slice(scanner.bytes).equals("error") { isError = true }
            } else {
                try scanner.skipValue(depth: 1)
            }
        default: try scanner.skipValue(depth: 1)
        }
    }

    private mutating func choices() throws(JSONFault) {
        guard try scanner.kind() == .array else { return try scanner.skipValue(depth: 1) }
        try scanner.take(91)
        if try scanner.takeIf(93) { return }
        hasChoices = true
        repeat {
            guard try scanner.kind() == .object else {
                try scanner.skipValue(depth: 2)
                continue
            }
            try choice()
        } while try scanner.takeIf(44)
        try scanner.take(93)
    }

    private mutating func choice() throws(JSONFault) {
        try scanner.take(123)
        if try scanner.takeIf(125) { return }
        repeat {
            let name = try scanner.string().range.slice(scanner.bytes)
            try scanner.take(58)
            if name.equals("delta"), try scanner.kind() == .object {
                try delta()
            } else if name.equals("finish_reason") {
                if try scanner.kind() != .null { hasFinishReason = true }
                try scanner.skipValue(depth: 3)
            } else if name.equals("text") {
                try contentValue()
            } else {
                try scanner.skipValue(depth: 3)
            }
        } while try scanner.takeIf(44)
        try scanner.take(125)
    }

    private mutating func delta() throws(JSONFault) {
        try scanner.take(123)
        if try scanner.takeIf(125) { return }
        repeat {
            let name = try scanner.string().range.slice(scanner.bytes)
            try scanner.take(58)
            if name.equals("role") { try scanner.skipValue(depth: 4) } else { try contentValue() }
        } while try scanner.takeIf(44)
        try scanner.take(125)
    }

    /// A non-empty string, array or object is content; `null` and empty values are not. Unknown members count, so that
    /// a new kind of content is never taken for silence.
    private mutating func contentValue() throws(JSONFault) {
        switch try scanner.kind() {
        case .number, .bool: try scanner.skipValue(depth: 4)
        default: if try isSomething(depth: 4) { hasContent = true }
        }
    }

    /// Moves over a value: false for `null`, `false`, `""`, `[]` and `{}`, which clients that ask for truth take for
    /// nothing.
    private mutating func isSomething(depth: Int) throws(JSONFault) -> Bool {
        switch try scanner.kind() {
        case .string: return try !scanner.string().range.isEmpty
        case .bool: return try scanner.bool()
        case .null:
            try scanner.word("null")
            return false
        case .number:
            _ = try scanner.number()
            return true
        case .array, .object:
            let start = scanner.position
            try scanner.skipValue(depth: depth)
            return scanner.position - start > 2
        }
    }
}

extension JSONScanner {
    /// Calls `body` at the value of each member of the object that stands here.
    mutating func members(
        depth: Int, _ body: (inout JSONScanner, UnsafeRawBufferPointer) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard depth < Self.depthMax else { throw .tooDeep }
        try take(123)
        if try takeIf(125) { return }
        repeat {
            let name = try string().range.slice(bytes)
            try take(58)
            try body(&self, name)
        } while try takeIf(44)
        try take(125)
    }
}
