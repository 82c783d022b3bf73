// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import WireFormats

/// Marks what an endpoint signed in its answer to a caller of its own wire, which otherwise passes as it is. Only where
/// another endpoint might be sent it unseen: two organisations' Responses, two vendors' Messages, Vertex AI's and AI
/// Studio's generateContent. A call on Google's wire is marked without a signature too: Gemini 3 asks for one.
struct NativeSignatures {
    let origin: SignatureOrigin
    let wire: ChatWire

    /// Whether there is anything to mark, in an answer or in an event of one.
    func isSigned(_ value: JSONElement) -> Bool {
        if value.isArray { return value.elements.contains { isSigned($0) } }
        guard value.isObject else { return false }
        if isUnsignedCall(value) { return true }
        let place = place(value)
        return value.members.contains { name, inner in
            isSigned(name, inner, place) || Self.isOurs(name) && isSigned(inner)
        }
    }

    /// Writes the value with its signatures marked, on one line.
    func write(_ value: JSONElement, to writer: JSONWriter, _ arena: ByteArena) {
        switch value.kind {
        case .array:
            writer.beginArray()
            for element in value.elements { write(element, to: writer, arena) }
            writer.endArray()
        case .object:
            writer.beginObject()
            let place = place(value)
            for (name, inner) in value.members {
                writer.name(name)
                if isSigned(name, inner, place), let text = inner.string {
                    writer.string(SignatureMark.written(text, of: origin, for: wire, arena))
                } else if Self.isOurs(name) {
                    write(inner, to: writer, arena)
                } else {
                    writer.compact(inner.raw)
                }
            }
            if isUnsignedCall(value) {
                writer.member("thoughtSignature", SignatureMark.written(.empty, of: origin, for: wire, arena))
            }
            writer.endObject()
        case .string, .number, .yes, .no, .null: writer.raw(value.raw)
        }
    }

    private func isSigned(_ name: JSONString, _ value: JSONElement, _ place: StaticString?) -> Bool {
        place.map { name == $0 } ?? false && value.string.map { !$0.isEmpty } ?? false
    }

    private func isUnsignedCall(_ part: JSONElement) -> Bool {
        wire == .generateContent && part["functionCall"] != nil && part["thoughtSignature"] == nil
    }

    /// The member of an object that is a signature or sealed.
    private func place(_ object: JSONElement) -> StaticString? {
        guard wire != .generateContent else { return "thoughtSignature" }
        guard let type = object["type"]?.string else { return nil }
        if wire == .responses { return type == "reasoning" ? "encrypted_content" : nil }
        if type == "redacted_thinking" { return "data" }
        return type == "thinking" || type == "signature_delta" ? "signature" : nil
    }

    /// The arguments of a call are the model's, whatever their members are called.
    private static func isOurs(_ name: JSONString) -> Bool { !(name == "input" || name == "args") }
}

extension SignatureOrigin {
    /// Whether an endpoint could be sent another's signatures unseen, by passing what a caller sends back as it is or by
    /// what the caller's wire implies; native answers are marked then.
    /// - Parameters:
    ///   - natives: of the endpoints of a route that speak the caller's wire.
    ///   - all: of all endpoints of the route.
    public static func areMistakable(_ natives: [SignatureOrigin], among all: [SignatureOrigin], on wire: ChatWire)
        -> Bool
    {
        // Chat completions pass without anybody reading them, and are not signed but for Google's calls.
        guard wire != .chatCompletions, let first = natives.first else { return false }
        guard let implied = implied(by: wire, .thinking) else { return false }
        if natives.contains(where: { !$0.takesUnmarked(on: wire) }) { return true }
        return natives.contains { $0 != first } || first != implied && all.contains(implied)
    }
}
