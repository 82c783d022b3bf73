// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads Google's generateContent request.
///
/// Model and stream are in the path and not here. Sources: google-genai 2.19 (`types.py`, `models.py`) and the API
/// reference, read 2026-11. What other wires always get is made where Google's may leave it out: ids of calls and of
/// their results, JSON Schema instead of Google's own, the standard alphabet of base64.
struct GenerateContentRequestReader: RequestReading {
    static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard body.isObject else { throw TranslationFault(.wrongType("an object")) }
        guard let contents = body.present("contents"), !contents.isEmpty else {
            throw TranslationFault(.wrongType("a list of messages"), at: "contents")
        }
        for (name, value) in body.members where !value.isNull {
            try read(name, value, into: conversation)
        }
    }

    private static func read(
        _ name: JSONString, _ value: JSONElement, into conversation: Conversation
    ) throws(TranslationFault) {
        switch Member(name) {
        case .contents: try GenerateContentTurnReader.read(value, into: conversation)
        case .systemInstruction: try readSystem(value, into: conversation)
        case .tools: try GenerateContentToolReader.read(value, into: conversation)
        case .toolConfig: try GenerateContentToolReader.readConfig(value, into: conversation)
        case .generationConfig: try GenerateContentConfigReader.read(value, into: conversation)
        case .labels: conversation.metadata = value.isEmpty ? nil : value.raw
        case .serviceTier: readTier(value, into: conversation)
        case .neutral: break
        case nil: if !value.isEmpty { conversation.addForeign("", name) }
        }
    }

    private static func readSystem(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        let place = GenerateContentPlace(list: "systemInstruction")
        guard let parts = value.present("parts") else { throw place.fault(.wrongType("parts with text"), ".parts") }
        try parts.forEachItem { (part, number) throws(TranslationFault) in
            guard let text = part["text"]?.string else {
                throw GenerateContentPlace(list: "systemInstruction", part: number).fault(.wrongType("text"))
            }
            if !text.isEmpty { conversation.system.append(.text(text)) }
        }
    }

    private static func readTier(_ value: JSONElement, into conversation: Conversation) {
        guard let text = value.string else { return conversation.addForeign("", "serviceTier") }
        if text.matches("flex") {
            conversation.serviceTier = .flex
        } else if text.matches("priority") {
            conversation.serviceTier = .priority
        } else if text.matches("standard") {
            conversation.serviceTier = .standard
        } else if !text.matches("unspecified") {
            conversation.addForeign("", "serviceTier")
        }
    }

    /// Members with a meaning on other wires, or none at all. Safety settings and cached contents are Google's alone.
    private enum Member: WireMember {
        case contents, systemInstruction, tools, toolConfig, generationConfig, labels, serviceTier
        /// The path says it.
        case neutral

        static let table: [(name: StaticString, member: Member)] = [
            ("contents", .contents), ("systemInstruction", .systemInstruction),
            ("system_instruction", .systemInstruction), ("tools", .tools), ("toolConfig", .toolConfig),
            ("tool_config", .toolConfig), ("generationConfig", .generationConfig),
            ("generation_config", .generationConfig), ("labels", .labels), ("serviceTier", .serviceTier),
            ("service_tier", .serviceTier), ("model", .neutral),
        ]
    }
}
