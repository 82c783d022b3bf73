// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Reads a `usage` object, of chat as of everything else.
///
/// Chat and embeddings count `prompt_tokens`; sound, images and OpenAI's newer APIs `input_tokens`; a ranking may have
/// nothing but `total_tokens`; sound may be counted in `seconds`.
enum UsageReader {
    /// The other names, until it is clear which of them count.
    private struct Other {
        var input: Int64 = 0
        var output: Int64 = 0
        var total: Int64 = 0
    }

    static func read(_ scanner: inout JSONScanner) throws(JSONFault) -> UsageCounts {
        var usage = UsageCounts()
        var other = Other()
        try scanner.members(depth: 1) { scanner, name throws(JSONFault) in
            if name.equals("prompt_tokens") {
                usage.promptTokens = try scanner.count()
            } else if name.equals("completion_tokens") {
                usage.completionTokens = try scanner.count()
            } else if name.equals("total_tokens") {
                other.total = try scanner.count()
            } else if name.equals("prompt_tokens_details") || name.equals("input_tokens_details") {
                try readDetails(&scanner, &usage)
            } else {
                try readOther(name, &scanner, &usage, &other)
            }
        }
        if usage.promptTokens == 0 { usage.promptTokens = other.input }
        if usage.completionTokens == 0 { usage.completionTokens = other.output }
        if usage.promptTokens == 0, usage.completionTokens == 0 { usage.promptTokens = other.total }
        return usage
    }

    private static func readDetails(_ scanner: inout JSONScanner, _ usage: inout UsageCounts) throws(JSONFault) {
        guard try scanner.kind() == .object else { return try scanner.skipValue(depth: 2) }
        try scanner.members(depth: 2) { scanner, name throws(JSONFault) in
            if name.equals("cached_tokens") {
                usage.cachedTokens = try scanner.count()
            } else {
                try scanner.skipValue(depth: 3)
            }
        }
    }

    private static func readOther(
        _ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner, _ usage: inout UsageCounts, _ other: inout Other
    ) throws(JSONFault) {
        if name.equals("input_tokens") {
            other.input = try scanner.count()
        } else if name.equals("output_tokens") {
            other.output = try scanner.count()
        } else if name.equals("seconds") {
            usage.audioMilliseconds = try scanner.thousandths()
        } else if name.equals("search_units") {
            usage.searchUnits = try scanner.count()
        } else {
            try scanner.skipValue(depth: 2)
        }
    }
}

extension JSONScanner {
    /// A count of tokens; anything that is not one becomes 0, because usage must never break an answer.
    mutating func count() throws(JSONFault) -> Int64 {
        guard try kind() == .number else {
            try skipValue(depth: 2)
            return 0
        }
        let text = try number().slice(bytes)
        guard text.count <= 15 else { return 0 }
        var value: Int64 = 0
        for byte in text {
            guard byte >= 48, byte <= 57 else { return 0 }
            value = value * 10 + Int64(byte - 48)
        }
        return value
    }

    /// A decimal number in thousandths, finer digits cut off; anything else, exponents included, becomes 0.
    mutating func thousandths() throws(JSONFault) -> Int64 {
        guard try kind() == .number else {
            try skipValue(depth: 2)
            return 0
        }
        let text = try number().slice(bytes)
        guard text.count <= 32 else { return 0 }
        var value: Int64 = 0
        var fraction = -1
        for byte in text {
            if byte == 46 {
                fraction = 0
            } else if byte >= 48, byte <= 57 {
                if fraction == 3 { continue }
                guard value < 100_000_000_000_000 else { return 0 }
                value = value * 10 + Int64(byte - 48)
                if fraction >= 0 { fraction += 1 }
            } else {
                return 0
            }
        }
        for _ in max(0, fraction)..<3 { value *= 10 }
        return value
    }
}
