// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a request for Bedrock's Converse and ConverseStream, whose bodies are the same: model and streaming are in the
/// path.
///
/// Source of the wire: botocore 1.44.5 `bedrock-runtime`, read 2026-11.
struct ConverseRequestWriter: BodyWriting {
    typealias Body = ConverseBody
}

/// A Converse request body on its way out: envelope here, the rest in extensions.
struct ConverseBody: AlternatingBody {
    static var wire: ChatWire { .converse }

    let conversation: Conversation
    let target: EndpointTarget
    let writer: JSONWriter
    var losses = Losses()
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
        let thinking = planThinking(bound: conversation.outputTokensMax)
        let sampling = takenSampling(isThinking: thinking != nil)
        writer.beginObject()
        writeInference(sampling)
        try writeTools()
        writeSystem()
        try writeMessages()
        writeOutput(thinking)
        writeModelFields(thinking, topK: sampling.topK)
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
        let thinking = planThinking(bound: nil)
        writer.beginObject()
        try writeTools()
        writeSystem()
        try writeMessages()
        writeModelFields(thinking, topK: nil)
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

    /// Marks of parts that will be written. Every part is asked here, so that every loss is reported.
    mutating func countPartMarks() -> Int {
        var count = 0
        for turn in conversation.turns {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if takes(part, turn.role), mark(at: position) != .none { count += 1 }
                position += 1 + part.childCount
            }
        }
        return count
    }

    /// A mark is a block of its own here, behind the block that bears it. Five minutes is what a mark means alone.
    mutating func write(_ mark: CacheMark) {
        guard takes(mark) else { return }
        writer.beginObject()
        writer.member("cachePoint", raw: mark == .oneHour ? #"{"type":"default","ttl":"1h"}"# : #"{"type":"default"}"#)
        writer.endObject()
    }
}
