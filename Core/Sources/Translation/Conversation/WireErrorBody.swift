// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
public import WireFormats

/// Error bodies in the caller's own form.
public enum WireErrorBody {
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
        writer.member("type", anthropicType(error))
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
    static func anthropicType(_ error: WireError) -> JSONString {
        if error.type == "insufficient_quota" { return "billing_error" }
        switch error.status {
        case 401: return "authentication_error"
        case 402: return "billing_error"
        case 403, 451: return "permission_error"
        case 404: return "not_found_error"
        case 413: return "request_too_large"
        case 429: return "rate_limit_error"
        case 503, 529: return "overloaded_error"
        case 408, 504: return "timeout_error"
        case 400..<500: return "invalid_request_error"
        default: return "api_error"
        }
    }

    /// Google's canonical codes by status.
    static func googleStatus(_ status: UInt16) -> JSONString {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 403, 451: "PERMISSION_DENIED"
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
