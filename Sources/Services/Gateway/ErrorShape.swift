// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Brings upstream errors into the caller's form; one that has it already stays byte for byte.
enum ErrorShape {
    /// - Parameter isNative: the endpoint speaks the caller's wire, so its errors are in the caller's form.
    static func body(
        _ body: UnsafeRawBufferPointer, _ facts: ErrorFacts, _ kind: FailureKind, status: UInt16, wire: ChatWire,
        isNative: Bool
    ) -> [UInt8] {
        // It is about our key, not the caller's, and some providers repeat the key.
        if kind == .credential { return write(.refusedCredential, in: wire) }
        let isOpenAI = wire == .chatCompletions || wire == .responses
        if isNative, isOpenAI ? facts.isOpenAIShaped : !facts.message.isEmpty { return Array(body) }
        return write(error(body, facts, kind, status: status), in: wire)
    }

    /// The error in words that every wire has.
    static func error(
        _ body: UnsafeRawBufferPointer, _ facts: ErrorFacts, _ kind: FailureKind, status: UInt16
    ) -> WireError {
        if kind == .credential { return .refusedCredential }
        let message = text(facts.message.slice(body))
        let (type, code) = words(kind)
        return WireError(
            status: status,
            message: message.isEmpty ? "The endpoint answered with an error that carries no message." : message,
            type: type, code: code)
    }

    /// OpenAI's type and code of a class of errors; the other wires' words follow from the status.
    private static func words(_ kind: FailureKind) -> (type: String, code: String?) {
        switch kind {
        case .callerError: ("invalid_request_error", nil)
        case .contextTooLong: ("invalid_request_error", "context_length_exceeded")
        case .contentPolicy: ("invalid_request_error", "content_filter")
        case .notFound: ("invalid_request_error", "model_not_found")
        case .rateLimited: ("rate_limit_error", "rate_limit_exceeded")
        case .quotaExhausted: ("insufficient_quota", "insufficient_quota")
        case .overloaded: ("service_unavailable_error", "server_is_overloaded")
        default: ("upstream_error", nil)
        }
    }

    /// The status that says on the caller's wire what `status` said on the endpoint's. Vendors differ: AWS answers 400 to
    /// throttling, Google to a wrong key.
    static func status(_ status: UInt16, _ kind: FailureKind, wire: ChatWire) -> UInt16 {
        switch kind {
        case .callerError, .contextTooLong, .contentPolicy: (400..<500).contains(status) ? status : 400
        case .rateLimited, .quotaExhausted: 429
        case .overloaded: wire == .messages ? 529 : 503
        case .credential: 502
        case .notFound: 404
        default: status >= 500 ? status : 502
        }
    }

    /// The body of a refusal of our own.
    static func write(_ answer: Refusal.Answer, in wire: ChatWire) -> [UInt8] {
        write(
            WireError(
                status: answer.status, message: answer.message, type: answer.type, code: answer.code,
                parameter: answer.parameter), in: wire)
    }

    private static func write(_ error: WireError, in wire: ChatWire) -> [UInt8] {
        let writer = JSONWriter(capacity: 512)
        WireErrorBody.write(error, in: wire, to: writer)
        return Array(writer.bytes)
    }

    /// The text of a JSON string, given what stands between its quotes: without this, escapes would be escaped again.
    private static func text(_ escaped: UnsafeRawBufferPointer) -> String {
        let value = try? JSONValue(parsing: [34] + escaped + [34])
        return value?.stringValue ?? String(decoding: escaped, as: UTF8.self)
    }
}

extension WireError {
    fileprivate static var refusedCredential: WireError {
        WireError(
            status: 502, message: "The endpoint failed: \(FailureKind.credential.explanation).", type: "upstream_error")
    }
}
