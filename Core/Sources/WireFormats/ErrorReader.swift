// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Reads an error body into `ErrorFacts`; what the facts mean is told by `classify`.
struct ErrorReader {
    var facts = ErrorFacts()
    /// Google: the quota that is used up is one of days, or there is none at all.
    private(set) var isLongQuota = false
    /// Google answers 400 to a wrong key; only the details say so.
    private(set) var isKeyInvalid = false

    mutating func read(_ body: UnsafeRawBufferPointer) {
        var isWrapped = false
        var isWhole = true
        var scanner = JSONScanner(body)
        do throws(JSONFault) {
            if try scanner.takeIf(91) { isWrapped = true }
            guard try scanner.kind() == .object else { return }
            try scanner.members(depth: 1) { scanner, name throws(JSONFault) in try topLevel(name, &scanner) }
            if !isWrapped { try scanner.finish() }
        } catch {
            // A cut or malformed body keeps what was found, but nobody can relay it as it is.
            isWhole = false
        }
        if isWrapped || !isWhole { facts.isOpenAIShaped = false }
    }

    private mutating func topLevel(
        _ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner
    ) throws(JSONFault) {
        let kind = try scanner.kind()
        if name.equals("error"), kind == .object {
            try scanner.members(depth: 2) { scanner, name throws(JSONFault) in try note(name, &scanner) }
            facts.isOpenAIShaped = !facts.message.isEmpty
        } else if (name.equals("error") || name.equals("detail")) && kind == .string {
            facts.message = try scanner.string().range
        } else if name.equals("type"), !facts.type.isEmpty {
            // Anthropic's outer `"type":"error"`, wherever it stands.
            try scanner.skipValue(depth: 2)
        } else {
            try note(name, &scanner)
        }
    }

    private mutating func note(_ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner) throws(JSONFault) {
        let kind = try scanner.kind()
        if name.equals("details"), kind == .array || kind == .object { return try details(&scanner, kind) }
        guard kind == .string || kind == .number else { return try scanner.skipValue(depth: 3) }
        let value = kind == .string ? try scanner.string().range : try scanner.number()
        if name.equals("code") || name.equals("Code") {
            facts.code = value
        } else if kind == .number {
            return
        } else if name.equals("message") || name.equals("Message") {
            facts.message = value
        } else if name.equals("type") || name.equals("__type") {
            facts.type = value
        } else if name.equals("status") {
            facts.status = value
        }
    }

    // MARK: Details

    /// Anthropic's are an object with a code, Google's an array of typed objects.
    private mutating func details(_ scanner: inout JSONScanner, _ kind: JSONKind) throws(JSONFault) {
        guard kind == .array else {
            return try scanner.members(depth: 3) { scanner, name throws(JSONFault) in
                guard name.equals("error_code"), try scanner.kind() == .string else {
                    return try scanner.skipValue(depth: 4)
                }
                facts.code = try scanner.string().range
            }
        }
        try scanner.elements { scanner throws(JSONFault) in
            guard try scanner.kind() == .object else { return try scanner.skipValue(depth: 4) }
            try scanner.members(depth: 4) { scanner, name throws(JSONFault) in try detail(name, &scanner) }
        }
    }

    private mutating func detail(_ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner) throws(JSONFault) {
        let kind = try scanner.kind()
        if name.equals("violations"), kind == .array {
            try scanner.elements { scanner throws(JSONFault) in
                guard try scanner.kind() == .object else { return try scanner.skipValue(depth: 6) }
                try scanner.members(depth: 6) { scanner, name throws(JSONFault) in try violation(name, &scanner) }
            }
        } else if kind == .string, name.equals("retryDelay") {
            noteDelay(try scanner.string().range.slice(scanner.bytes))
        } else if kind == .string, name.equals("reason") {
            if try scanner.string().range.slice(scanner.bytes).equals("API_KEY_INVALID") { isKeyInvalid = true }
        } else {
            try scanner.skipValue(depth: 5)
        }
    }

    private mutating func violation(_ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.kind() == .string else { return try scanner.skipValue(depth: 7) }
        let value = try scanner.string().range.slice(scanner.bytes)
        if name.equals("quotaId"), value.holds("perday") { isLongQuota = true }
        if name.equals("quotaValue"), value.equals("0") { isLongQuota = true }
    }

    /// A duration of Google's: `12s`, `0.5s`. Longer than a day is not waiting any more.
    private mutating func noteDelay(_ text: UnsafeRawBufferPointer) {
        guard text.last == 115 else { return }
        let seconds = UnsafeRawBufferPointer(rebasing: text[..<(text.count - 1)])
        guard let delay = Decimal.nanoseconds(seconds, unit: 1_000_000_000) else { return }
        if delay > RetryHint.nanosecondsMax { isLongQuota = true }
        facts.retryAfterNanoseconds = min(delay, RetryHint.nanosecondsMax)
    }
}

extension JSONScanner {
    /// Calls `body` at each value of the array that stands here.
    fileprivate mutating func elements(_ body: (inout JSONScanner) throws(JSONFault) -> Void) throws(JSONFault) {
        try take(91)
        if try takeIf(93) { return }
        repeat { try body(&self) } while try takeIf(44)
        try take(93)
    }
}
