// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// What Google's `countTokens` takes (API references and google-genai 3.6, read 2026-11).
///
/// On AI Studio: contents alone, or a whole request as `generateContentRequest`, which names the model once more. On
/// Vertex AI: contents, system instruction, tools and generation config, side by side.
enum GenerateContentCount {
    /// The request to count, wherever it stands.
    static func request(in body: JSONElement) -> JSONElement {
        body.either("generateContentRequest", "generate_content_request") ?? body
    }

    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        // Vertex AI does not count what the choice is; AI Studio is told, and may.
        if target.home == .vertex { conversation.toolChoice = nil }
        begin(target, writer)
        try GenerateContentRequestWriter.writeMembers(conversation, for: target, to: writer, losses: &losses)
        end(target, writer)
    }

    /// Hands a caller's own members on as they are, in the place where the endpoint wants them, but for what others
    /// signed.
    static func pass(
        _ body: JSONElement, for target: EndpointTarget, through filter: SignatureFilter, losses: inout Losses
    ) throws(TranslationFault) {
        let writer = filter.writer
        let request = request(in: body)
        guard request.isObject, let contents = request.present("contents"), !contents.isEmpty else {
            throw TranslationFault(.wrongType("a list of messages"), at: "contents")
        }
        begin(target, writer)
        for (name, value) in request.members where !value.isNull && !(name == "model") {
            if name == "contents" {
                filter.filterContents(name, value)
            } else if target.home != .vertex || isCounted(name) {
                writer.member(name, raw: value.raw)
            } else if !isSilent(name) {
                losses.add(name)
            }
        }
        end(target, writer)
    }

    private static func begin(_ target: EndpointTarget, _ writer: JSONWriter) {
        writer.beginObject()
        guard target.home != .vertex else { return }
        writer.name("generateContentRequest")
        writer.beginObject()
        writer.name("model")
        writer.beginString()
        writer.piece("models/")
        writer.piece(target.model)
        writer.endString()
    }

    private static func end(_ target: EndpointTarget, _ writer: JSONWriter) {
        if target.home != .vertex { writer.endObject() }
        writer.endObject()
    }

    private static func isCounted(_ name: JSONString) -> Bool {
        name == "contents" || name == "systemInstruction" || name == "system_instruction" || name == "tools"
            || name == "generationConfig" || name == "generation_config"
    }

    /// What the model does not read.
    private static func isSilent(_ name: JSONString) -> Bool {
        name == "safetySettings" || name == "safety_settings" || name == "toolConfig" || name == "tool_config"
            || name == "labels" || name == "serviceTier" || name == "service_tier"
    }
}
