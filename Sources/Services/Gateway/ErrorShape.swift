// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Brings upstream errors into the caller's form; one that has it already stays byte for byte. The status and the body
/// say the same.
enum ErrorShape {
    /// What the caller gets.
    /// - Parameters:
    ///   - status: of the endpoint's answer; `nil` for an error inside its stream, which has none of its own.
    ///   - isNative: the endpoint speaks the caller's wire, so its errors are in the caller's form.
    static func answer(
        _ body: UnsafeRawBufferPointer, _ facts: ErrorFacts, _ kind: FailureKind, status: UInt16?, wire: ChatWire,
        isNative: Bool
    ) -> (status: UInt16, body: [UInt8]) {
        var told = Self.status(status ?? 502, kind, wire: wire)
        if isNative, let status, !misleads(status, kind) { told = status }
        // An error about our key is not the caller's, and some providers repeat the key.
        guard isNative, kind != .credential, isShaped(facts, wire),
            told == status || status == nil && WireErrorBody.agrees(facts, in: body, with: told, wire: wire)
        else { return (told, write(error(body, facts, kind, status: told), in: wire)) }
        return (told, Array(body))
    }

    /// A caller that read 500 of a prompt that is too long would send the same again, and one that read 429 of a provider
    /// without room would slow down for nothing; 401 and 403 are about our credential, and a redirect is not followed.
    private static func misleads(_ status: UInt16, _ kind: FailureKind) -> Bool {
        if status == 401 || status == 403 || !(400..<600).contains(status) { return true }
        return switch kind {
        case .credential: true
        case .contextTooLong: status >= 500
        case .overloaded: status < 500
        default: false
        }
    }

    private static func isShaped(_ facts: ErrorFacts, _ wire: ChatWire) -> Bool {
        let isOpenAI = wire == .chatCompletions || wire == .responses
        return isOpenAI ? facts.isOpenAIShaped : !facts.message.isEmpty
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
        case .callerError, .contextTooLong, .contentPolicy:
            // These numbers speak of keys, money, pace and patience instead.
            (400..<500).contains(status) && ![401, 402, 403, 408, 429].contains(status) ? status : 400
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
