// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes a request for Bedrock's Converse and ConverseStream, whose bodies are the same: model and streaming are in the
/// path.
///
/// Source of the wire: botocore 1.44.5 `bedrock-runtime`, read 2026-11.
struct ConverseRequestWriter: RequestWriting {
    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        var body = ConverseBody(conversation, target, writer)
        // Moved rather than copied: a copy would be two owners of the lists, and the next addition an allocation.
        swap(&body.losses, &losses)
        defer { swap(&body.losses, &losses) }
        for member in conversation.foreign { body.losses.add(member) }
        try body.write()
    }
}

/// A Converse request body on its way out: envelope here, the rest in extensions.
struct ConverseBody {
    let conversation: Conversation
    let target: EndpointTarget
    let writer: JSONWriter
    var losses = Losses()
    /// Cache marks to leave out before the first that is written.
    var marksToSkip = 0
    /// Documents so far: their names are their numbers.
    var documentCount: Int64 = 0

    init(_ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter) {
        self.conversation = conversation
        self.target = target
        self.writer = writer
    }

    mutating func write() throws(TranslationFault) {
        limitMarks()
        let thinking = planThinking()
        writer.beginObject()
        writeInference(isThinking: thinking != nil)
        try writeTools()
        writeSystem()
        try writeMessages()
        writeOutput(thinking)
        writeModelFields(thinking)
        if !conversation.stops.isEmpty {
            // Which of them came is told only to those who ask.
            writer.member("additionalModelResponseFieldPaths", raw: #"["/stop_sequence"]"#)
        }
        writeTier()
        writeMetadata()
        writer.endObject()
    }

    /// What CountTokens takes. The form of an answer is not counted, and nobody says for how much it would count.
    mutating func writeCount() throws(TranslationFault) {
        limitMarks()
        let thinking = planThinking()
        writer.beginObject()
        try writeTools()
        writeSystem()
        try writeMessages()
        writeModelFields(thinking)
        writer.endObject()
        switch conversation.format {
        case nil: break
        case .jsonObject: losses.add(.jsonObject)
        case .jsonSchema: losses.add(.jsonSchema)
        }
    }

    // MARK: Envelope

    private mutating func writeSystem() {
        guard conversation.system.contains(where: { !$0.text.isBlank }) else { return }
        writer.name("system")
        writer.beginArray()
        for part in conversation.system where !part.text.isBlank {
            writeText(part.text)
            write(part.cache)
        }
        writer.endArray()
    }

    /// Without the member Bedrock chooses, which is what `auto` means; it refuses the word itself.
    private func writeTier() {
        let tier: JSONString
        switch conversation.serviceTier {
        case nil, .auto: return
        case .standard: tier = "default"
        case .flex: tier = "flex"
        case .priority: tier = "priority"
        }
        writer.name("serviceTier")
        writer.beginObject()
        writer.member("type", tier)
        writer.endObject()
    }

    // MARK: Cache marks

    /// The longest prefixes are worth most, so the last marks stay. Bedrock's cache goes through tools, system and
    /// messages, which is why they are written in this order.
    private mutating func limitMarks() {
        var count = 0
        if writesTools {
            for tool in conversation.tools where tool.cache != .none && allowsCalls(of: tool) { count += 1 }
        }
        for part in conversation.system where part.cache != .none && !part.text.isBlank { count += 1 }
        count += countPartMarks()
        marksToSkip = max(0, count - Self.marksMax)
        if marksToSkip > 0 { losses.add(.cacheMarks) }
    }

    private static let marksMax = 4

    /// A mark is a block of its own here, behind the block that bears it. Five minutes is what a mark means alone.
    mutating func write(_ mark: CacheMark) {
        guard mark != .none else { return }
        if marksToSkip > 0 {
            marksToSkip -= 1
            return
        }
        writer.beginObject()
        writer.member("cachePoint", raw: mark == .oneHour ? #"{"type":"default","ttl":"1h"}"# : #"{"type":"default"}"#)
        writer.endObject()
    }
}
