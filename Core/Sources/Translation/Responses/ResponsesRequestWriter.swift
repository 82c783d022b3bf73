// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a Responses request that the provider need not remember.
struct ResponsesRequestWriter: BodyWriting {
    typealias Body = ResponsesBody
}

/// A Responses request body on its way out: envelope here, the rest in extensions.
struct ResponsesBody: EndpointBody {
    let conversation: Conversation
    let target: EndpointTarget
    let writer: JSONWriter
    var losses = Losses()

    init(_ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter) {
        self.conversation = conversation
        self.target = target
        self.writer = writer
    }

    mutating func write() throws(TranslationFault) {
        writer.beginObject()
        writer.member("model", target.model)
        if let max = conversation.outputTokensMax { writer.member("max_output_tokens", max) }
        if conversation.isStream { writer.member("stream", true) }
        writer.member("store", false)
        writeSampling()
        writeReasoning()
        writeFormat()
        writeAccount()
        try writeTools()
        try writeInput()
        writer.endObject()
    }

    /// What `input_tokens` takes.
    mutating func writeCount() throws(TranslationFault) {
        writer.beginObject()
        writer.member("model", target.model)
        _ = writeEffort()
        writeFormat()
        try writeTools()
        try writeInput()
        writer.endObject()
    }

    // MARK: Sampling

    private mutating func writeSampling() {
        let sampling = conversation.sampling
        if let number = sampling.temperature { write("temperature", number, .temperature) }
        if let number = sampling.topP { write("top_p", number, .topP) }
        // Compatible servers say "all" as 0 or -1.
        if let topK = sampling.topK, (SamplingNumber.value(topK) ?? 0) > 0 { losses.add(.topK) }
        if sampling.seed != nil { losses.add(.seed) }
        if let number = sampling.presencePenalty, SamplingNumber.value(number) != 0 { losses.add(.presencePenalty) }
        if let number = sampling.frequencyPenalty, SamplingNumber.value(number) != 0 { losses.add(.frequencyPenalty) }
        if !conversation.stops.isEmpty { losses.add(.stopSequences) }
    }

    /// Reasoning models take neither, and 1 is what both are without being said.
    private mutating func write(_ name: JSONString, _ number: JSONRaw, _ feature: Feature) {
        if target.capabilities.takesSampling {
            writer.member(name, raw: number)
        } else if SamplingNumber.value(number) != 1 {
            losses.add(feature)
        }
    }

    // MARK: Reasoning

    /// With nothing stored, a later turn can only go on from reasoning that came along, sealed. Summaries come only for
    /// the asking, and OpenAI gives them to verified organisations only: whose caller would not see one does not ask.
    private mutating func writeReasoning() {
        if writeEffort() { writer.member("include", raw: #"["reasoning.encrypted_content"]"#) }
    }

    /// - Returns: whether the model is to reason.
    private mutating func writeEffort() -> Bool {
        guard let reasoning = conversation.reasoning else { return false }
        guard target.capabilities.thinking != .none else {
            // A model that cannot think is already what was asked for.
            if reasoning != .off { losses.add(.reasoning) }
            return false
        }
        let effort = effort(reasoning)
        let isSummarised = conversation.showsThoughts && reasoning != .off
        if effort != nil || isSummarised {
            writer.name("reasoning")
            writer.beginObject()
            if let effort { writer.member("effort", JSONString(stringLiteral: effort)) }
            if isSummarised { writer.member("summary", "auto") }
            writer.endObject()
        }
        return reasoning != .off
    }

    /// - Returns: `nil` for as much as the model thinks fit.
    private func effort(_ reasoning: Reasoning) -> StaticString? {
        switch reasoning {
        case .off: "none"
        case .adaptive: nil
        case .effort(let effort): effort.openAIName
        case .budget(let tokens): ThinkingBudget.effort(tokens).openAIName
        }
    }

    // MARK: Format and account

    private mutating func writeFormat() {
        guard let format = conversation.format else { return }
        writer.name("text")
        writer.beginObject()
        writer.name("format")
        writer.beginObject()
        switch format {
        case .jsonObject: writer.member("type", "json_object")
        case .jsonSchema:
            writer.member("type", "json_schema")
            ChatFormat.writeSchema(format, to: writer)
        }
        writer.endObject()
        writer.endObject()
    }

    private func writeAccount() {
        if let user = conversation.user { writer.member("user", user) }
        if let metadata = conversation.metadata { writer.member("metadata", raw: metadata) }
        if let tier = conversation.serviceTier?.openAIName { writer.member("service_tier", tier) }
    }
}
