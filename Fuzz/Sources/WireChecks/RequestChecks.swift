// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CoreTestSupport
internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// Bytes as a request, on their way to every other wire and back.
enum RequestChecks {
    /// Members that say little may be written at length (`{"name":"f"}` as a tool with a schema); a fixed part is added
    /// for what a wire demands always.
    static func bound(_ count: Int) -> Int { 24 * count + 4096 }

    static func check(_ bytes: [UInt8], _ source: ChatWire, _ choices: inout SeededGenerator) {
        var choices = choices
        Fuzz.withCopy(of: bytes) { raw in
            for wire in ChatWire.allCases {
                let target = target(wire, &choices)
                let conversation = Conversation()
                guard read(raw, source, JSONTape(), into: conversation) else { return }
                check(conversation, source, wire, target, bytes)
                checkReuse(raw, source, wire, target, conversation)
            }
        }
    }

    /// The model's abilities and the home, which a configuration states.
    private static func target(_ wire: ChatWire, _ choices: inout SeededGenerator) -> EndpointTarget {
        var capabilities = Capabilities()
        capabilities.thinking = choices.one(Capabilities.Thinking.allCases)
        capabilities.takesSampling = choices.chance(70)
        capabilities.takesSchemas = choices.chance(70)
        let homes: [EndpointTarget.Home] =
            switch wire {
            case .chatCompletions, .responses: [.own, .compatible]
            case .messages: [.own, .bedrock, .vertex]
            case .generateContent: [.own, .vertex]
            case .converse: [.own]
            }
        return EndpointTarget(model: "the-model", home: choices.one(homes), capabilities: capabilities)
    }

    /// - Returns: false for what is refused.
    private static func read(
        _ raw: UnsafeRawBufferPointer, _ wire: ChatWire, _ tape: JSONTape, into conversation: Conversation
    ) -> Bool {
        do {
            let body = try tape.read(raw)
            switch wire {
            case .chatCompletions: try ChatRequestReader.read(body, into: conversation)
            case .responses: try ResponsesRequestReader.read(body, into: conversation)
            case .messages: try MessagesRequestReader.read(body, into: conversation)
            case .generateContent: try GenerateContentRequestReader.read(body, into: conversation)
            case .converse: return false
            }
            return true
        } catch {
            return false
        }
    }

    private static func write(
        _ conversation: Conversation, _ wire: ChatWire, _ target: EndpointTarget, _ writer: JSONWriter,
        _ losses: inout Losses
    ) throws(TranslationFault) {
        switch wire {
        case .chatCompletions: try ChatRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .responses: try ResponsesRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .messages: try MessagesRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .generateContent:
            try GenerateContentRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .converse: try ConverseRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        }
    }

    // MARK: There and back

    private static func check(
        _ conversation: Conversation, _ source: ChatWire, _ wire: ChatWire, _ target: EndpointTarget, _ bytes: [UInt8]
    ) {
        let said = ToldConversation(conversation, as: wire)
        let writer = JSONWriter()
        var losses = Losses()
        do throws(TranslationFault) {
            try write(conversation, wire, target, writer, &losses)
        } catch {
            let isSilent = said.groups.isEmpty || !losses.isEmpty
            return Fuzz.check(
                error.problem != .emptyConversation || isSilent,
                "only a conversation without words is empty for \(wire): \(String(decoding: bytes, as: UTF8.self))")
        }
        let written = Array(writer.bytes)
        let documents = "\(String(decoding: bytes, as: UTF8.self)) → \(String(decoding: written, as: UTF8.self))"
        Fuzz.check(writer.isBalanced, "brackets are balanced for \(wire): \(documents)")
        Fuzz.check(written.count <= bound(bytes.count), "\(written.count) bytes for \(wire): \(documents)")
        let unreported = said.foreign.filter { name in !losses.members.contains { $0.text == name } }
        Fuzz.check(unreported.isEmpty, "\(unreported) is reported as lost for \(wire): \(documents)")
        _ = losses.names(in: source)
        do throws(JSONFault) {
            compare(said, written, try JSONValue(parsing: written), losses, wire, target, documents)
        } catch {
            // Arguments that stand in a string may nest as deeply as a document, and are deeper where they stand as such.
            Fuzz.check(error == .tooDeep, "what is written is JSON, for \(wire): \(documents)")
        }
    }

    private static func compare(
        _ said: ToldConversation, _ written: [UInt8], _ tree: JSONValue, _ losses: Losses, _ wire: ChatWire,
        _ target: EndpointTarget, _ documents: String
    ) {
        let told: ToldConversation?
        if wire == .converse {
            told = said.reading(converse: tree)
        } else {
            told = Fuzz.withCopy(of: written) { raw in
                let conversation = Conversation()
                guard read(raw, wire, JSONTape(), into: conversation) else { return nil }
                return ToldConversation(conversation, as: wire)
            }
        }
        guard let told else { return Fuzz.check(false, "what is written for \(wire) can be read there: \(documents)") }
        RequestComparison(said: said, read: told, losses: losses, wire: wire, target: target, documents: documents)
            .check()
    }

    // MARK: One translator for all

    /// Used for every input, as a loop of the gateway uses its own.
    nonisolated(unsafe) private static let translator = RequestTranslator()

    /// What is left of the last request in memory that is used again changes nothing.
    private static func checkReuse(
        _ raw: UnsafeRawBufferPointer, _ source: ChatWire, _ wire: ChatWire, _ target: EndpointTarget,
        _ conversation: Conversation
    ) {
        let writer = JSONWriter()
        var losses = Losses()
        conversation.settleSignatures(from: source, for: target.origin)
        let fresh = Result { () throws(TranslationFault) in
            try write(conversation, wire, target, writer, &losses)
        }
        let reused = Result { () throws(TranslationFault) in
            try translator.translate(raw, from: source, isStream: false, to: wire, for: target)
        }
        switch (fresh, reused) {
        case (.success, .success):
            Fuzz.check(writer.bytes.elementsEqual(translator.body), "memory that is used again writes the same")
            Fuzz.check(
                losses.names(in: source) == translator.lossNames(in: source), "and loses the same, by the same names")
        case (.failure(let a), .failure(let b)): Fuzz.check(a == b, "\(a) and \(b)")
        default: Fuzz.check(false, "a request is refused once and taken once by \(wire)")
        }
    }
}
