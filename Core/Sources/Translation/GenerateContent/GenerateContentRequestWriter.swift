// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes Google's generateContent request, for AI Studio (`.own`) and for Vertex AI (`.vertex`).
///
/// Model and stream belong into the path. Thinking of earlier turns is left out: Google signs calls and texts, and other
/// providers' signatures are refused.
struct GenerateContentRequestWriter: RequestWriting {
    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        writer.beginObject()
        try writeMembers(conversation, for: target, to: writer, losses: &losses)
        writer.endObject()
    }

    /// - Invariant: an object is open.
    static func writeMembers(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        noteLosses(conversation, &losses)
        GenerateContentConfigWriter.write(conversation, for: target, to: writer, losses: &losses)
        writeSystem(conversation, to: writer)
        try GenerateContentToolWriter.write(conversation, for: target, to: writer, losses: &losses)
        var turns = GenerateContentTurnWriter(conversation, target, writer)
        try turns.write(losses: &losses)
        writeLabels(conversation, for: target, to: writer, losses: &losses)
        if let tier = conversation.serviceTier.flatMap(name) { writer.member("serviceTier", tier) }
    }

    private static func noteLosses(_ conversation: Conversation, _ losses: inout Losses) {
        for member in conversation.foreign { losses.add(member) }
        if conversation.user != nil { losses.add(.user) }
        let isMarked =
            conversation.parts.contains { $0.cache != .none } || conversation.system.contains { $0.cache != .none }
            || conversation.tools.contains { $0.cache != .none }
        if isMarked { losses.add(.cacheMarks) }
    }

    private static func writeSystem(_ conversation: Conversation, to writer: JSONWriter) {
        guard conversation.system.contains(where: { !$0.text.isBlank }) else { return }
        writer.name("systemInstruction")
        writer.beginObject()
        writer.name("parts")
        writer.beginArray()
        for part in conversation.system where !part.text.isBlank {
            writer.beginObject()
            writer.member("text", part.text)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private static func writeLabels(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) {
        guard let metadata = conversation.metadata else { return }
        guard target.home == .vertex, GenerateContentLabels.areTaken(metadata) else { return losses.add(.metadata) }
        writer.member("labels", raw: metadata)
    }

    private static func name(_ tier: ServiceTier) -> JSONString? {
        switch tier {
        case .auto: nil
        case .standard: "standard"
        case .flex: "flex"
        case .priority: "priority"
        }
    }
}

/// Google Cloud's labels: lower case letters, digits, lines and hyphens, at most 63 of them, and nothing but strings
/// (resource labels' requirements, read 2026-11).
enum GenerateContentLabels {
    static let bytesMax = 63

    static func areTaken(_ object: JSONRaw) -> Bool {
        var isInString = false
        var length = 0
        for byte in object.bytes.dropFirst() {
            if byte == 34 {
                isInString.toggle()
                length = 0
            } else if isInString {
                length += 1
                guard isAllowed(byte), length <= bytesMax else { return false }
            } else if ![32, 10, 13, 9, 44, 58, 125].contains(byte) {
                return false
            }
        }
        return object.bytes.first == 123
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122, 48...57, 45, 95: true
        default: false
        }
    }
}
