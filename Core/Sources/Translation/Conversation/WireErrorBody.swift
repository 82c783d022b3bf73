// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
public import WireFormats

/// Error bodies in the caller's own form. What a body says of its status is what the HTTP status says: clients decide by
/// either.
public enum WireErrorBody {
    /// Whether an error in a wire's own form says what `status` says, wherever that form says it at all.
    public static func agrees(
        _ facts: ErrorFacts, in body: UnsafeRawBufferPointer, with status: UInt16, wire: ChatWire
    ) -> Bool {
        let code = facts.code.slice(body)
        switch wire {
        // Compatible servers put a number where OpenAI has a word.
        case .chatCompletions, .responses: return number(code).map { $0 == status } ?? true
        case .messages, .converse: return facts.type.slice(body).elementsEqual(anthropicType(status).bytes)
        case .generateContent: return number(code) == status
        }
    }

    private static func number(_ code: UnsafeRawBufferPointer) -> UInt16? {
        guard code.count == 3, code.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return code.reduce(0) { $0 * 10 + UInt16($1 - 48) }
    }

    public static func write(_ error: WireError, in wire: ChatWire, to writer: JSONWriter) {
        switch wire {
        case .chatCompletions, .responses: openAI(error, writer)
        case .messages, .converse: anthropic(error, writer)
        case .generateContent: google(error, writer)
        }
    }

    private static func openAI(_ error: WireError, _ writer: JSONWriter) {
        writer.beginObject()
        writer.name("error")
        writer.beginObject()
        text(writer, "message", error.message)
        text(writer, "type", error.type)
        optional(writer, "param", error.parameter)
        optional(writer, "code", error.code)
        writer.endObject()
        writer.endObject()
    }

    private static func anthropic(_ error: WireError, _ writer: JSONWriter) {
        writer.beginObject()
        writer.member("type", "error")
        writer.name("error")
        writer.beginObject()
        writer.member("type", anthropicType(error.status))
        text(writer, "message", error.message)
        writer.endObject()
        writer.endObject()
    }

    private static func google(_ error: WireError, _ writer: JSONWriter) {
        writer.beginObject()
        writer.name("error")
        writer.beginObject()
        writer.member("code", Int64(error.status))
        text(writer, "message", error.message)
        writer.member("status", googleStatus(error.status))
        writer.endObject()
        writer.endObject()
    }

    private static func text(_ writer: JSONWriter, _ name: JSONString, _ value: String) {
        writer.name(name)
        writer.string(escaping: value)
    }

    private static func optional(_ writer: JSONWriter, _ name: JSONString, _ value: String?) {
        writer.name(name)
        if let value { writer.string(escaping: value) } else { writer.null() }
    }

    /// Anthropic's types by status (its error reference, read 2026-11).
    static func anthropicType(_ status: UInt16) -> JSONString {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503, 529: "overloaded_error"
        case 408, 504: "timeout_error"
        case 400..<500: "invalid_request_error"
        default: "api_error"
        }
    }

    /// Google's canonical codes by status.
    static func googleStatus(_ status: UInt16) -> JSONString {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 429: "RESOURCE_EXHAUSTED"
        case 501: "UNIMPLEMENTED"
        case 503: "UNAVAILABLE"
        case 408, 504: "DEADLINE_EXCEEDED"
        case 400..<500: "INVALID_ARGUMENT"
        default: "INTERNAL"
        }
    }
}
