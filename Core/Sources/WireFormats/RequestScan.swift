// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// One strict pass over a request's body: validates all of it and notes what we act on. Nothing else is interpreted, so
/// everything else reaches the endpoint byte for byte.
public enum RequestScan {
    /// Whether a body has a member `thoughtSignature`, as Google's clients write it or with a line between the words. A
    /// name with escapes is not seen.
    /// - Cost: 16 bytes a step.
    public static func hasThoughtSignature(_ body: UnsafeRawBufferPointer) -> Bool {
        body.withMemoryRebound(to: UInt8.self) { bytes in
            guard let start = bytes.baseAddress else { return false }
            return isobar_has_thought_signature(start, start + bytes.count) != 0
        }
    }

    /// - Parameters:
    ///   - hashesPrefix: also hash the beginnings of the conversation, for cache affinity.
    ///   - facts: overwritten.
    /// - Returns: `nil` when the body is acceptable.
    public static func facts(
        _ body: UnsafeRawBufferPointer, kind: RequestKind, hashesPrefix: Bool, into facts: inout RequestFacts
    ) -> RequestFault? {
        facts = RequestFacts()
        guard !body.isEmpty else { return .empty }
        var reader = RequestReader(body, kind: kind, hashesPrefix: hashesPrefix)
        do throws(RequestFault) {
            try reader.readObject(&facts)
            try reader.requireMembers()
            facts.mayBeMarked = reader.sawMark
            facts.mayNameLocalFile = reader.sawLocalFile
            return nil
        } catch {
            return error
        }
    }
}

private struct RequestReader {
    private var scanner: JSONScanner
    private let requestKind: RequestKind
    private let hashesPrefix: Bool
    /// Bit per `RequestMember` that was there.
    private var seen: UInt32 = 0

    init(_ body: UnsafeRawBufferPointer, kind: RequestKind, hashesPrefix: Bool) {
        scanner = JSONScanner(body)
        requestKind = kind
        self.hashesPrefix = hashesPrefix
    }

    /// Runs a step of the scanner; a fault gets the position it happened at.
    @inline(__always)
    private mutating func json<Value>(_ step: (inout JSONScanner) throws(JSONFault) -> Value) throws(RequestFault)
        -> Value
    {
        do throws(JSONFault) { return try step(&scanner) } catch { throw .syntax(offset: scanner.position, error) }
    }

    private mutating func kind() throws(RequestFault) -> JSONKind {
        try json { scanner throws(JSONFault) in try scanner.kind() }
    }

    mutating func readObject(_ facts: inout RequestFacts) throws(RequestFault) {
        if scanner.bytes.count >= 3, scanner.bytes[0] == 0xEF, scanner.bytes[1] == 0xBB {
            throw .syntax(offset: 0, .byteOrderMark)
        }
        guard try kind() == .object else {
            try json { scanner throws(JSONFault) in
                try scanner.skipValue(depth: 0)
                try scanner.finish()
            }
            throw .notAnObject
        }
        try json { scanner throws(JSONFault) in try scanner.take(123) }
        facts.objectBody = scanner.position
        if try json({ scanner throws(JSONFault) in try scanner.takeIf(125) }) { return try finish() }
        repeat {
            let name = try readName()
            try readMember(
                name.hasEscapes ? escapedMember(name.range) : .named(name.range.slice(scanner.bytes)), &facts)
        } while try json({ scanner throws(JSONFault) in try scanner.takeIf(44) })
        try json { scanner throws(JSONFault) in try scanner.take(125) }
        try finish()
    }

    private mutating func readName() throws(RequestFault) -> (range: ByteRange, hasEscapes: Bool) {
        try json { scanner throws(JSONFault) in
            let name = try scanner.string()
            try scanner.take(58)
            return name
        }
    }

    /// A name with escapes is the same name to every other reader: passing over it would let a second `model` through.
    private func escapedMember(_ name: ByteRange) -> RequestMember? {
        var text = JSONText.unescaped(name.slice(scanner.bytes))
        return text.withUTF8 { .named(UnsafeRawBufferPointer($0)) }
    }

    private func isIncludeUsage(_ name: ByteRange, hasEscapes: Bool) -> Bool {
        let raw = name.slice(scanner.bytes)
        return hasEscapes ? JSONText.unescaped(raw) == "include_usage" : raw.equals("include_usage")
    }

    private mutating func finish() throws(RequestFault) {
        try json { scanner throws(JSONFault) in try scanner.finish() }
    }

    private mutating func readMember(_ member: RequestMember?, _ facts: inout RequestFacts) throws(RequestFault) {
        guard let member, member.belongs(to: requestKind) else { return try skip() }
        try mark(member)
        switch member {
        case .model: try readModel(&facts)
        case .stream: facts.isStream = try optionalBool(.stream) ?? false
        case .streamOptions: try readStreamOptions(&facts)
        case .maxCompletionTokens, .maxOutputTokens:
            if let tokens = try optionalInteger(member, 0...(.max)) { facts.outputTokensMax = tokens }
        case .maxTokens:
            if let tokens = try optionalInteger(member, 0...(.max)), facts.outputTokensMax < 0 {
                facts.outputTokensMax = tokens
            }
        case .choices: facts.choices = try optionalInteger(member, 1...128) ?? 1
        case .messages, .contents: try readMessages(member, &facts)
        case .prompt, .input: try readPrompt(member, &facts)
        case .previousResponse: facts.previousResponse = try optionalText(member)
        case .tools: try readTools(&facts)
        case .safetyIdentifier: try readSubject(&facts)
        case .user: if has(.safetyIdentifier) { try skip() } else { try readSubject(&facts) }
        case .metadata: try readMetadata(&facts)
        case .includeUsage: try skip()
        }
    }

    private mutating func mark(_ member: RequestMember) throws(RequestFault) {
        let bit: UInt32 = 1 << UInt32(member.rawValue)
        guard seen & bit == 0 || member.mayRepeat else { throw .duplicate(member) }
        seen |= bit
    }

    var sawMark: Bool { scanner.sawMark }
    var sawLocalFile: Bool { scanner.sawLocalFile }

    private func has(_ member: RequestMember) -> Bool { seen & (1 << UInt32(member.rawValue)) != 0 }

    func requireMembers() throws(RequestFault) {
        guard has(.model) || requestKind.hasModelInPath else { throw .missing(.model) }
        if let prompt = requestKind.prompt, !has(prompt) { throw .missing(prompt) }
    }

    // MARK: Members

    private mutating func skip() throws(RequestFault) {
        try json { scanner throws(JSONFault) in try scanner.skipValue(depth: 1) }
    }

    private mutating func readModel(_ facts: inout RequestFacts) throws(RequestFault) {
        guard try kind() == .string else { throw .wrongType(.model) }
        let text = try json { scanner throws(JSONFault) in try scanner.string() }
        guard !text.range.isEmpty else { throw .wrongType(.model) }
        facts.model = text.range
        facts.modelHasEscapes = text.hasEscapes
    }

    private mutating func optionalText(_ member: RequestMember) throws(RequestFault) -> ByteRange {
        switch try kind() {
        case .string: return try json { scanner throws(JSONFault) in try scanner.string() }.range
        case .null:
            try skip()
            return .empty
        default: throw .wrongType(member)
        }
    }

    private mutating func optionalBool(_ member: RequestMember) throws(RequestFault) -> Bool? {
        switch try kind() {
        case .bool: return try json { scanner throws(JSONFault) in try scanner.bool() }
        case .null:
            try skip()
            return nil
        default: throw .wrongType(member)
        }
    }

    private mutating func optionalInteger(_ member: RequestMember, _ range: ClosedRange<Int64>) throws(RequestFault)
        -> Int64?
    {
        switch try kind() {
        case .number:
            let text = try json { scanner throws(JSONFault) in try scanner.number() }
            guard let value = Self.integer(text.slice(scanner.bytes)), range.contains(value) else {
                throw .wrongType(member)
            }
            return value
        case .null:
            try skip()
            return nil
        default: throw .wrongType(member)
        }
    }

    /// `nil` for a fraction, an exponent, or more than 18 digits.
    private static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = text[0] == 45
        let digits = isNegative ? UnsafeRawBufferPointer(rebasing: text[1...]) : text
        guard digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return isNegative ? -value : value
    }

    private mutating func readStreamOptions(_ facts: inout RequestFacts) throws(RequestFault) {
        let kind = try kind()
        let start = scanner.position
        switch kind {
        case .null:
            try skip()
            facts.streamOptions = .null(ByteRange(start, scanner.position))
        case .object:
            let (isEmpty, flag, value) = try readIncludeUsage()
            facts.streamOptions = .object(
                ByteRange(start, scanner.position), isEmpty: isEmpty, includeUsage: flag, includeUsageValue: value)
        default: throw .wrongType(.streamOptions)
        }
    }

    private mutating func readIncludeUsage() throws(RequestFault) -> (isEmpty: Bool, flag: Bool?, value: ByteRange) {
        try json { scanner throws(JSONFault) in try scanner.take(123) }
        if try json({ scanner throws(JSONFault) in try scanner.takeIf(125) }) { return (true, nil, .empty) }
        var flag: Bool?
        var value = ByteRange.empty
        repeat {
            let name = try readName()
            guard isIncludeUsage(name.range, hasEscapes: name.hasEscapes) else {
                try json { scanner throws(JSONFault) in try scanner.skipValue(depth: 2) }
                continue
            }
            try mark(.includeUsage)
            _ = try kind()
            let start = scanner.position
            flag = try optionalBool(.includeUsage)
            value = ByteRange(start, scanner.position)
        } while try json({ scanner throws(JSONFault) in try scanner.takeIf(44) })
        try json { scanner throws(JSONFault) in try scanner.take(125) }
        return (false, flag, value)
    }

    /// Whether what is to be spoken is of the right form is the endpoint's business; here it is only counted.
    private mutating func readSpoken(_ facts: inout RequestFacts) throws(RequestFault) {
        guard try kind() == .string else { return try skip() }
        let text = try json { scanner throws(JSONFault) in try scanner.string() }
        facts.characters = Int64(JSONText.scalarCount(text.range.slice(scanner.bytes)))
    }

    private mutating func readPrompt(_ member: RequestMember, _ facts: inout RequestFacts) throws(RequestFault) {
        if requestKind == .speech { return try readSpoken(&facts) }
        let kind = try kind()
        guard kind == .string || kind == .array else { throw .wrongType(member) }
        if kind == .array, requestKind == .responses { return try readMessages(member, &facts) }
        let start = scanner.position
        try skip()
        facts.promptBytes = scanner.position - start
        guard hashesPrefix else { return }
        facts.prefixHashes[0] = PrefixHash.extend(PrefixHash.seed, scanner.bytes, start, scanner.position)
        facts.prefixCount = 1
    }

    /// What is no string is the endpoint's business, and names nobody.
    private mutating func readSubject(_ facts: inout RequestFacts) throws(RequestFault) {
        guard try kind() == .string else { return try skip() }
        let text = try json { scanner throws(JSONFault) in try scanner.string() }
        facts.subject = text.range
        facts.subjectHasEscapes = text.hasEscapes
    }

    private mutating func readMetadata(_ facts: inout RequestFacts) throws(RequestFault) {
        guard try kind() == .object else { return try skip() }
        try json { scanner throws(JSONFault) in try scanner.take(123) }
        if try json({ scanner throws(JSONFault) in try scanner.takeIf(125) }) { return }
        repeat {
            let name = try readName()
            let raw = name.range.slice(scanner.bytes)
            let isUser = name.hasEscapes ? JSONText.unescaped(raw) == "user_id" : raw.equals("user_id")
            if isUser {
                try readSubject(&facts)
            } else {
                try json { scanner throws(JSONFault) in try scanner.skipValue(depth: 2) }
            }
        } while try json({ scanner throws(JSONFault) in try scanner.takeIf(44) })
        try json { scanner throws(JSONFault) in try scanner.take(125) }
    }

    private mutating func readTools(_ facts: inout RequestFacts) throws(RequestFault) {
        let kind = try kind()
        guard kind == .array || kind == .null else { throw .wrongType(.tools) }
        facts.hasTools = kind == .array
        try skip()
    }

    private mutating func readMessages(_ member: RequestMember, _ facts: inout RequestFacts) throws(RequestFault) {
        guard try kind() == .array else { throw .wrongType(member) }
        let first = scanner.position
        try json { scanner throws(JSONFault) in try scanner.take(91) }
        var hash = PrefixHash.seed
        repeat {
            guard try json({ scanner throws(JSONFault) in try scanner.peek() }) == 123 else {
                throw .wrongType(member)
            }
            let start = scanner.position
            try json { scanner throws(JSONFault) in try scanner.skipValue(depth: 2) }
            if hashesPrefix, facts.messageCount < RequestFacts.prefixesMax {
                hash = PrefixHash.extend(hash, scanner.bytes, start, scanner.position)
                facts.prefixHashes[facts.messageCount] = hash
                facts.prefixCount = facts.messageCount + 1
            }
            facts.messageCount += 1
        } while try json({ scanner throws(JSONFault) in try scanner.takeIf(44) })
        try json { scanner throws(JSONFault) in try scanner.take(93) }
        facts.promptBytes = scanner.position - first
    }
}

/// Hashes the beginning of a conversation for cache affinity: it says "probably the same", never "the same".
///
/// A message counts with its length and its first and last 128 bytes, so the cost does not grow with a prompt's length.
/// Two prompts that differ only in the middle of an equally long message collide, and meet on the same endpoint:
/// harmless.
enum PrefixHash {
    static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let edgeBytes = 128

    static func extend(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> UInt64 {
        var mixed = mix(hash, UInt64(end - start))
        mixed = fold(mixed, bytes, start, min(end, start + edgeBytes))
        if end - start > edgeBytes { mixed = fold(mixed, bytes, max(end - edgeBytes, start + edgeBytes), end) }
        return mixed
    }

    /// Sixteen bytes a step, because each step waits for the product of the one before.
    private static func fold(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> UInt64 {
        var hash = hash
        var position = start
        while position + 16 <= end {
            hash = mix(hash ^ word(bytes, position), word(bytes, position + 8))
            position += 16
        }
        if position + 8 <= end {
            hash = mix(hash, word(bytes, position))
            position += 8
        }
        var rest: UInt64 = 0
        while position < end {
            rest = rest << 8 | UInt64(bytes[position])
            position += 1
        }
        return mix(hash, rest)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
    }

    /// 64 × 64 → 128-bit product folded onto itself, as wyhash does.
    @inline(__always)
    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = (a ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: b ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
