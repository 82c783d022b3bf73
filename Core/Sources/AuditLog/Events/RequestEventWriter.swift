// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The entry of a request's event: OCSF API Activity (class 6003, schema 1.8.0), in canonical form by construction.
///
/// Members stand in the order that RFC 8785 sorts them to; a test holds the text against `CanonicalJSON`.
/// - Cost: about forty copies of short stretches; no allocation once warm.
public struct RequestEventWriter {
    public static let schemaVersion = "1.8.0"
    private let out = JSONWriter(capacity: 2048)

    public init() {}

    /// - Returns: the entry; valid until the next one is written.
    public func write(_ event: RequestEvent, names: AuditNames, marks: EventMarks) -> UnsafeRawBufferPointer {
        out.reset()
        let endpoint = event.endpoint < 0 ? nil : names.endpointTexts[Int(event.endpoint)]
        let key = event.key < 0 ? nil : names.keyTexts[Int(event.key)]
        out.text("{\"activity_id\":1,\"actor\":{")
        appendActor(key, marks)
        if let endpoint { append(endpoint.model) }
        appendAPI(event)
        out.text("\"category_uid\":6,\"class_uid\":6003,")
        if let endpoint { append(endpoint.place) }
        appendTokens(event)
        appendMetadata(event, key, isDispatched: endpoint != nil)
        appendStatus(event, marks)
        out.text("\"unmapped\":{\"isobar\":{\"attempt\":")
        out.append(decimal: Int64(event.attempt))
        appendOurs(event, names, marks, endpoint)
        out.text("}}}")
        return out.bytes
    }

    private func appendActor(_ key: AuditNames.KeyText?, _ marks: EventMarks) {
        if let key { append(key.actor) } else { out.text("\"app_uid\":\"unknown\"") }
        if !marks.subject.isEmpty {
            out.text(",\"user\":{\"uid\":\"")
            append(marks.subject)
            out.text("\"}")
        }
        out.text("},")
    }

    private func appendAPI(_ event: RequestEvent) {
        out.text("\"api\":{\"operation\":\"")
        out.text(event.operation)
        out.text("\",\"request\":{\"uid\":\"")
        appendID(event.requestID)
        out.text("\"}")
        if event.status > 0 {
            out.text(",\"response\":{\"code\":")
            out.append(decimal: Int64(event.status))
            out.byte(125)
        }
        out.text("},")
    }

    private func appendTokens(_ event: RequestEvent) {
        guard event.promptTokens >= 0, event.completionTokens >= 0 else { return }
        out.text("\"message_context\":{\"completion_tokens\":")
        out.append(decimal: event.completionTokens)
        out.text(",\"prompt_tokens\":")
        out.append(decimal: event.promptTokens)
        out.text(",\"total_tokens\":")
        out.append(decimal: event.promptTokens + event.completionTokens)
        out.text("},")
    }

    private func appendMetadata(_ event: RequestEvent, _ key: AuditNames.KeyText?, isDispatched: Bool) {
        out.text("\"metadata\":{\"correlation_uid\":\"")
        appendID(event.requestID)
        out.text("\",\"product\":{\"name\":\"Isobar\"},")
        // A profile's fields are legal only when it is named.
        if isDispatched { out.text("\"profiles\":[\"ai_operation\",\"cloud\"],") }
        if let key { append(key.tenant) }
        out.text("\"uid\":\"")
        appendID(event.requestID)
        out.byte(45)
        out.append(decimal: Int64(event.attempt))
        out.text(event.phase.suffix)
        out.text("\",\"version\":\"1.8.0\"},")
    }

    private func appendStatus(_ event: RequestEvent, _ marks: EventMarks) {
        out.text("\"severity_id\":")
        out.append(decimal: Int64(event.severity))
        out.text(",\"src_endpoint\":{\"uid\":\"")
        if marks.client.isEmpty { out.text("unknown") } else { append(marks.client) }
        out.text("\"},")
        if event.phase != .intent {
            if event.reason.utf8CodeUnitCount > 0 {
                out.text("\"status_code\":\"")
                out.text(event.reason)
                out.text("\",")
            }
            let isGood = event.phase == .outcome && event.result == .completed
            out.text(isGood ? "\"status_id\":1," : "\"status_id\":2,")
        }
        out.text("\"time\":")
        out.append(decimal: event.unixMilliseconds)
        out.text(",\"type_uid\":600301,")
    }

    private func appendOurs(
        _ event: RequestEvent, _ names: AuditNames, _ marks: EventMarks, _ endpoint: AuditNames.EndpointText?
    ) {
        if event.costPico >= 0 {
            out.text(",\"cost_pico\":\"")
            out.append(decimal: event.costPico)
            out.byte(34)
        }
        if event.isFinal { out.text(",\"final\":true") }
        if event.phase == .outcome {
            out.text(",\"outcome\":\"")
            out.text(event.result.name)
            out.byte(34)
        }
        out.text(",\"phase\":\"")
        out.text(event.phase.name)
        out.text("\",\"policy_version\":")
        out.append(decimal: Int64(clamping: event.configurationVersion))
        if let mac = marks.promptMAC {
            out.text(",\"prompt_mac\":\"")
            mac.withBytes { bytes in for byte in bytes { appendHexadecimal(byte) } }
            out.byte(34)
        }
        if let endpoint { append(endpoint.region) }
        if event.route >= 0 { append(names.routeTexts[Int(event.route)]) }
        if event.suppressed > 0 {
            out.text(",\"suppressed\":")
            out.append(decimal: Int64(event.suppressed))
        }
    }

    private func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { out.append($0) } }

    private func appendID(_ id: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { appendHexadecimal(UInt8(truncatingIfNeeded: id >> shift)) }
    }

    private func appendHexadecimal(_ byte: UInt8) {
        out.byte(Self.digit(byte >> 4))
        out.byte(Self.digit(byte & 15))
    }

    private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }
}

extension RequestEvent.Phase {
    var name: StaticString {
        switch self {
        case .intent: "intent"
        case .outcome: "outcome"
        case .denial: "denial"
        }
    }

    var suffix: StaticString {
        switch self {
        case .intent: "i"
        case .outcome: "o"
        case .denial: "d"
        }
    }
}
