// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a Messages request, for Anthropic itself and for its homes on Vertex AI and Bedrock's InvokeModel.
struct MessagesRequestWriter: BodyWriting {
    typealias Body = MessagesBody
}

/// A Messages request body on its way out: envelope here, the rest in extensions.
struct MessagesBody: AlternatingBody {
    static var wire: ChatWire { .messages }

    let conversation: Conversation
    let target: EndpointTarget
    let writer: JSONWriter
    let outputTokensMax: Int64
    var losses = Losses()
    var marksToSkip = 0
    /// The text file that was decoded last, by where its base64 is.
    var decodedText: (source: UnsafeRawPointer?, text: UnsafeRawBufferPointer?)

    init(_ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter) {
        self.conversation = conversation
        self.target = target
        self.writer = writer
        outputTokensMax = conversation.outputTokensMax ?? target.outputTokensDefault
    }

    mutating func write() throws(TranslationFault) {
        limitMarks()
        let thinking = planThinking(bound: outputTokensMax)
        writer.beginObject()
        writeHome()
        writer.member("max_tokens", outputTokensMax)
        if conversation.isStream, target.home != .bedrock { writer.member("stream", true) }
        writeSampling(takenSampling(isThinking: thinking != nil))
        writeStops()
        writeOutput(thinking)
        writeAccount()
        try writeTools()
        writeSystem()
        try writeMessages()
        writer.endObject()
    }

    /// What `count_tokens` takes: no bound, no sampling. On Vertex AI the model stands in the body here.
    mutating func writeCount() throws(TranslationFault) {
        limitMarks()
        let thinking = planThinking(bound: nil)
        writer.beginObject()
        if target.home == .vertex { writeHome() }
        writer.member("model", target.model)
        writeOutput(thinking)
        try writeTools()
        writeSystem()
        try writeMessages()
        writer.endObject()
    }

    // MARK: Envelope

    /// The clouds have the model in the path and want the version in the body (Anthropic's SDKs, read 2026-11).
    private func writeHome() {
        switch target.home {
        case .own, .compatible: writer.member("model", target.model)
        case .bedrock: writer.member("anthropic_version", "bedrock-2023-05-31")
        case .vertex: writer.member("anthropic_version", "vertex-2023-10-16")
        }
    }

    private mutating func writeAccount() {
        if let user = conversation.user {
            writer.name("metadata")
            writer.beginObject()
            writer.member("user_id", user)
            writer.endObject()
        }
        if conversation.metadata != nil { losses.add(.metadata) }
        switch conversation.serviceTier {
        case nil, .auto: break
        case .standard: if target.home == .own { writer.member("service_tier", "standard_only") }
        case .flex, .priority: losses.add(.serviceTier)
        }
    }

    /// Whitespace alone is refused as a stop sequence.
    private mutating func writeStops() {
        guard conversation.stops.contains(where: { !$0.isBlank }) else {
            if !conversation.stops.isEmpty { losses.add(.stopSequences) }
            return
        }
        writer.name("stop_sequences")
        writer.beginArray()
        for stop in conversation.stops {
            if stop.isBlank { losses.add(.stopSequences) } else { writer.string(stop) }
        }
        writer.endArray()
    }

    private mutating func writeSystem() {
        guard conversation.system.contains(where: { !$0.text.isBlank }) else { return }
        writer.name("system")
        writer.beginArray()
        for part in conversation.system where !part.text.isBlank { writeText(part) }
        writer.endArray()
    }

    // MARK: Cache marks

    func countPartMarks() -> Int {
        var count = 0
        for part in conversation.parts where part.cache != .none { count += 1 }
        return count
    }

    mutating func write(_ mark: CacheMark) {
        guard takes(mark) else { return }
        writer.member(
            "cache_control", raw: mark == .oneHour ? #"{"type":"ephemeral","ttl":"1h"}"# : #"{"type":"ephemeral"}"#)
    }
}
