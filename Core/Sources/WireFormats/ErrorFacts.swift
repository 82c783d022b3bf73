// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What an upstream's error says, whichever of the known shapes it has. Ranges are of the body.
///
/// Shapes: OpenAI `{"error":{message,type,code}}`; `{"error":"text"}`; the array that Google's compatible endpoint
/// wraps around the first; SGLang's flat `{"object":"error","message",…}`; `{"detail":"text"}` of Python frameworks.
public struct ErrorFacts: Equatable, Sendable {
    public var type = ByteRange.empty
    public var code = ByteRange.empty
    public var message = ByteRange.empty
    /// `{"error":{"message":"…"}}`: can be relayed as it is.
    public var isOpenAIShaped = false
    /// Money or a long-term quota is used up: trying the same credential again is useless.
    public var isQuotaExhausted = false
    public var isContextTooLong = false
    public var isContentFilter = false
    public init() {}
}

extension ResponseScan {
    /// - Cost: one pass. A body that is not JSON has no facts.
    public static func errorFacts(_ body: UnsafeRawBufferPointer) -> ErrorFacts {
        guard !body.isEmpty else { return ErrorFacts() }
        var facts = ErrorFacts()
        var isWrapped = false
        var isWhole = true
        var scanner = JSONScanner(body)
        do throws(JSONFault) {
            if try scanner.takeIf(91) { isWrapped = true }
            guard try scanner.kind() == .object else { return ErrorFacts() }
            try scanner.members(depth: 1) { scanner, name throws(JSONFault) in try topLevel(name, &scanner, &facts) }
            if !isWrapped { try scanner.finish() }
        } catch {
            // A cut or malformed body keeps what was found, but nobody can relay it as it is.
            isWhole = false
        }
        if isWrapped || !isWhole { facts.isOpenAIShaped = false }
        classify(body, &facts)
        return facts
    }

    private static func topLevel(
        _ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner, _ facts: inout ErrorFacts
    ) throws(JSONFault) {
        let kind = try scanner.kind()
        if name.equals("error"), kind == .object {
            try scanner.members(depth: 2) { scanner, name throws(JSONFault) in try note(name, &scanner, &facts) }
            facts.isOpenAIShaped = !facts.message.isEmpty
        } else if (name.equals("error") || name.equals("detail")) && kind == .string {
            facts.message = try scanner.string().range
        } else {
            try note(name, &scanner, &facts)
        }
    }

    private static func note(_ name: UnsafeRawBufferPointer, _ scanner: inout JSONScanner, _ facts: inout ErrorFacts)
        throws(JSONFault)
    {
        let kind = try scanner.kind()
        guard kind == .string || kind == .number else { return try scanner.skipValue(depth: 3) }
        let value = kind == .string ? try scanner.string().range : try scanner.number()
        if name.equals("message"), kind == .string {
            facts.message = value
        } else if name.equals("type"), kind == .string {
            facts.type = value
        } else if name.equals("code") {
            facts.code = value
        }
    }

    /// Names: OpenAI's, Azure's and Anthropic's error references, vLLM and llama.cpp messages (read 2026-11).
    private static func classify(_ body: UnsafeRawBufferPointer, _ facts: inout ErrorFacts) {
        let type = facts.type.slice(body)
        let code = facts.code.slice(body)
        let message = facts.message.slice(body)
        let exhausted: [StaticString] = [
            "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded", "billing_hard_limit_reached", "billing_error",
            "enforced_spend_limit_reached",
        ]
        facts.isQuotaExhausted = exhausted.contains { type.equals($0) || code.equals($0) }
        let filtered: [StaticString] = ["content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"]
        facts.isContentFilter = filtered.contains { type.equals($0) || code.equals($0) }
        let tooLong: [StaticString] = [
            "maximum context length", "context size", "prompt is too long", "input is too long", "context window",
            "increase the physical batch size",
        ]
        facts.isContextTooLong =
            code.equals("context_length_exceeded") || type.equals("exceed_context_size_error")
            || tooLong.contains { message.holds($0) }
    }
}

/// Our own errors in OpenAI's shape.
public enum ErrorBody {
    public static func openAI(message: String, type: String, param: String?, code: String?) -> [UInt8] {
        JSONValue.object([
            (
                "error",
                .object([
                    ("message", .string(message)), ("type", .string(type)),
                    ("param", param.map { .string($0) } ?? .null),
                    ("code", code.map { .string($0) } ?? .null),
                ])
            )
        ]).bytes
    }
}
